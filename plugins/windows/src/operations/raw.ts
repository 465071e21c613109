/** Commands as they are, for whoever knows the tree: checked for what a device or the protocol would not survive, with a permission of their own. */
import { type Json, operation } from '@muster/contract'
import { z } from 'zod'
import { erases, isAbsent, isDone, meaningOf, plainAddress } from '../features/index.ts'
import { type Answer, formats, verbs, type Work, type WorkCommand } from '../wire/index.ts'
import { type Operation, operationOf, wireOf } from './row.ts'

const most = { commands: 100, data: 256 * 1024, results: 64 * 1024 } as const
/** What ends or breaks management has operations of its own. */
const own = /\/(DMAcc|w7|APPLICATION)(\/|$)|\/DMClient\/(Unenroll|Provider\/[^/]*\/?(Unenroll)?$)/i
const hasItsOwn = (uri: string): boolean =>
  erases(uri) || own.test(plainAddress(uri)) || plainAddress(uri).includes('/../')
/** What stands above the account, and where it leads: changed, the PC would come here no more. */
const leadsHere =
  /^\.(\/(Device|User))?(\/Vendor(\/MSFT)?)?$|\/DMClient(\/Provider(\/[^/]+(\/(ManagementServ(iceAddress|erAddressList|erToUpgradeTo)|EntDMID|UPN))?)?)?$/i

const command = z
  .object({
    verb: z.enum(verbs).describe('What is done'),
    uri: z
      .string()
      .max(1_000)
      .regex(/^\.\/[^\s\p{Cc}<>"]+[^\s\p{Cc}<>"/]$/u, 'is no address: it begins with ./ and has no blanks')
      .refine((u) => !hasItsOwn(u), 'has an operation of its own')
      .describe('Address of the node: ./Device/Vendor/MSFT/…'),
    format: z.enum(formats).optional().describe('Format of the data'),
    type: z
      .string()
      .max(100)
      .regex(/^[\w.+/-]+$/, 'is no media type')
      .optional()
      .describe('Type of the data'),
    data: z
      .string()
      .max(most.data)
      .regex(/^[^\p{Cs}\ufffe\uffff]*$/u, 'has letters that XML cannot carry')
      .refine((d) => !/(?![\t\n\r])\p{Cc}/u.test(d), 'has control characters')
      .optional()
      .describe('Data, as it is: it is escaped by the server'),
  })
  .strict()
  .refine((c) => !['Get', 'Delete'].includes(c.verb) || (c.data === undefined && c.format === undefined), {
    message: 'Get and Delete have neither data nor a format',
  })
  .refine((c) => c.verb === 'Get' || !leadsHere.test(plainAddress(c.uri)), {
    path: ['uri'],
    message: 'would cut the PC off from this server',
  })
  .refine((c) => c.verb !== 'Replace' || c.data !== undefined, { path: ['data'], message: 'is needed for Replace' })

const raw = operation({
  id: 'windows.csp',
  title: { en: 'CSP commands', de: 'CSP-Befehle' },
  summary: {
    en: 'Adds, replaces, deletes, reads or executes nodes of the PC’s management tree (configuration service providers), as Microsoft’s reference describes them.',
    de: 'Legt Knoten im Verwaltungsbaum des PCs (Configuration Service Provider) an, ersetzt, löscht, liest oder führt sie aus, wie die Referenz von Microsoft sie beschreibt.',
  },
  danger: 'confirm',
  repeatable: false,
  params: () =>
    z
      .object({
        commands: z.array(command).min(1).max(most.commands).describe('Commands, in their order'),
        atomic: z.boolean().default(false).describe('All or none of them: without Get, and either ./Device or ./User'),
      })
      .strict()
      .refine((p) => !p.atomic || p.commands.every((c) => c.verb !== 'Get'), {
        path: ['commands'],
        message: 'has a Get in what is atomic',
      })
      .refine((p) => !p.atomic || new Set(p.commands.map((c) => /^\.\/user\//i.test(c.uri))).size === 1, {
        path: ['commands'],
        message: 'mixes ./Device and ./User in what is atomic',
      })
      .refine((p) => !p.atomic || new Set(p.commands.map((c) => c.uri)).size === p.commands.length, {
        path: ['commands'],
        message: 'names a node twice in what is atomic',
      }),
  result: () =>
    z.object({
      statuses: z
        .array(z.object({ verb: z.string(), uri: z.string(), code: z.number().int(), original: z.string().optional() }))
        .max(most.commands),
      results: z.array(z.object({ uri: z.string(), format: z.string().optional(), data: z.string() })).max(5_000),
      truncated: z.boolean().describe('There was more than is kept'),
    }),
  expiresS: 7 * 86_400,
  examples: [
    {
      params: { commands: [{ verb: 'Get', uri: './DevDetail/SwV' }], atomic: false },
      result: {
        statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 200 }],
        results: [{ uri: './DevDetail/SwV', data: '10.0.22631.4317' }],
        truncated: false,
      },
    },
  ],
})

const work = (p: { commands: readonly WorkCommand[]; atomic: boolean }): Work => ({
  commands: p.commands.map(({ verb, uri, format, type, data }) => ({
    verb,
    uri,
    ...(format && { format }),
    ...(type && { type }),
    ...(data !== undefined && { data }),
  })),
  ...(p.atomic && { atomic: true as const }),
})

/** All of it is told, also of what failed. */
function resultOf(a: Answer) {
  const results: Answer['results'][number][] = []
  let left: number = most.results
  let truncated = false
  for (const { uri, format, data } of a.results) {
    left -= uri.length
    if (left <= 0) {
      truncated = true
      break
    }
    if (data.length > left) truncated = true
    results.push({ uri, ...(format !== undefined && { format }), data: data.slice(0, left) })
    left -= Math.min(left, data.length)
  }
  return { statuses: a.statuses.map((s) => ({ ...s })), results: results.map((r) => ({ ...r })), truncated }
}

const read = { commands: [{ verb: 'Get' as const, uri: './DevDetail/SwV' }], atomic: false }
const write: { commands: WorkCommand[]; atomic: boolean } = {
  commands: [
    {
      verb: 'Replace' as const,
      uri: './Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera',
      format: 'int' as const,
      data: '0',
    },
    { verb: 'Delete' as const, uri: './Device/Vendor/MSFT/WiFi/Profile/Guest' },
  ],
  atomic: true,
}
export const rawOperation: Operation = operationOf(raw, {
  blind: true,
  work,
  outcome: (a) => {
    if (a.statuses.length === 0) return undefined
    const bad = a.statuses.find((s) => !isDone(s) && !(s.verb === 'Delete' && isAbsent(s)))
    const result = resultOf(a)
    if (!bad) return { state: 'completed', result }
    return {
      state: 'failed',
      reason: { code: 'device-error', text: `${bad.verb} ${bad.uri} ${meaningOf(bad)}`.slice(0, 500) },
      result,
    }
  },
  examples: [
    {
      in: read,
      wire: wireOf(work(read)),
      replies: [
        {
          reply: {
            statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 200 }],
            results: [{ uri: './DevDetail/SwV', data: '10.0' }],
          },
          outcome: {
            state: 'completed',
            result: {
              statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 200 }],
              results: [{ uri: './DevDetail/SwV', data: '10.0' }],
              truncated: false,
            },
          },
        },
      ],
    },
    { in: { ...write, commands: write.commands.map((c) => ({ ...c })) as unknown as Json }, wire: wireOf(work(write)) },
  ],
})
