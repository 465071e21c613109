/** A toy of the multi-message shape: many commands a message, statuses in the next, and an Add that finds the node there needs one more message, a Replace. */
import { z } from 'zod'
import {
  type Delivery,
  deviceInventory,
  type FeatureRow,
  feature,
  type Json,
  type JsonObject,
  type Message,
  type OperationRow,
  type Outcome,
  operation,
  type Platform,
  type PlatformHost,
  type Reply,
  type RowExample,
  type Said,
} from '../../index.ts'

const node = z.object({ path: z.string().min(1).max(200), value: z.string().max(1000) }).strict()
const set = operation({
  id: 'rounds.set',
  title: 'Set',
  summary: 'Writes a value into the device’s tree.',
  danger: 'none',
  repeatable: false,
  expiresS: 3600,
  params: node,
  result: z.object({}),
  examples: [{ params: { path: './a', value: '1' } }],
})
const exec = operation({
  id: 'rounds.exec',
  title: 'Execute',
  summary: 'Executes a node; the device remembers ids and does none twice.',
  danger: 'none',
  repeatable: false,
  expiresS: 3600,
  params: z.object({ path: z.string().min(1) }).strict(),
  result: z.object({}),
  examples: [{ params: { path: './reboot' } }],
})
const tree = feature({
  id: 'rounds.node',
  title: 'Node',
  summary: 'A value that must stay.',
  settings: node,
  merge: { rule: 'priority' },
  examples: [{ path: './p', value: 'x' }],
})

/** Statuses of OMA DM: 418 is "already exists", 202 "accepted, the result comes later", 404 to an Add "its parent is not there". */
function read(reply: Json): Outcome {
  const status = typeof reply === 'object' && reply !== null && !Array.isArray(reply) ? reply.status : undefined
  if (status === 200) return { state: 'completed', result: {} }
  if (status === 202) return { state: 'acknowledged', progress: 'accepted' }
  if (status === 418) return { state: 'again', kept: 'Replace' }
  if (status === 503)
    return { state: 'returned', reason: { code: 'busy', text: 'The device takes nothing more in this session.' } }
  if (typeof status === 'number') return { state: 'failed', reason: { code: 'status', text: `Status ${status}` } }
  return { state: 'unreadable', reason: { code: 'unreadable', text: 'There is no status in it.' } }
}
const write = (s: { path: string; value: string }, kept?: Json): JsonObject => ({
  verb: kept === 'Replace' ? 'Replace' : 'Add',
  path: s.path,
  value: s.value,
})
const replies: NonNullable<RowExample['replies']> = [
  { reply: { status: 200 }, outcome: { state: 'completed', result: {} } },
  { reply: { status: 418 }, outcome: { state: 'again', kept: 'Replace' } },
  { reply: { status: 202 }, outcome: { state: 'acknowledged', progress: 'accepted' } },
  {
    reply: { status: 503 },
    outcome: { state: 'returned', reason: { code: 'busy', text: 'The device takes nothing more in this session.' } },
  },
  { reply: { status: 405 }, outcome: { state: 'failed', reason: { code: 'status', text: 'Status 405' } } },
]
const a = { path: './a', value: '1' }
const examples: readonly RowExample[] = [
  { in: a, wire: { verb: 'Add', ...a }, replies },
  { in: a, kept: 'Replace', wire: { verb: 'Replace', ...a } },
]
type Node = { path: string; value: string }
const operations: Record<string, OperationRow[]> = {
  'rounds.set': [{ channel: 'device', to: (p: Node, _c, _s, kept) => write(p, kept), from: read, examples }],
  'rounds.exec': [
    {
      channel: 'device',
      remembers: true,
      to: (p: { path: string }) => ({ verb: 'Exec', path: p.path }),
      from: read,
      examples: [{ in: { path: './x' }, wire: { verb: 'Exec', path: './x' }, replies }],
    },
  ],
  [deviceInventory.id]: [
    {
      channel: 'device',
      to: () => ({ verb: 'Get', path: '.' }),
      from: read,
      examples: [{ in: {}, wire: { verb: 'Get', path: '.' }, replies }],
    },
  ],
}
const features: Record<string, FeatureRow[]> = {
  'rounds.node': [{ channel: 'device', to: (s: Node, _c, _secrets, kept) => write(s, kept), from: read, examples }],
}

export const rounds: Platform = {
  id: 'rounds',
  title: 'Rounds',
  settings: 'each',
  migrations: [],
  describe: () => ({
    settings: z.object({}).strict(),
    deviceTypes: [{ id: 'rounds.computer', title: 'Computer', formFactors: ['desktop', 'laptop', 'other'] }],
    enrolments: [{ id: 'rounds.code', title: 'Code', ownerships: ['cope'] }],
    facts: [],
    operations: [set, exec],
    features: [tree],
    events: [],
  }),
  rows: () => ({ operations, features }),
  open: async (host) => ({
    routes: [
      {
        method: 'POST',
        path: '/session',
        maxBytes: 262_144,
        access: { device: true },
        handle: (m) => session(host, m),
      },
    ],
    invite: async ({ code }) => ({ steps: [{ text: 'Type this code.', command: code }] }),
    close: async () => undefined,
  }),
}

/** One message of a session: the statuses of the last in, the next commands out; the session goes on while there are any. */
async function session(host: PlatformHost, m: Message): Promise<Reply> {
  const c = await host.identify({ key: m.headers.authorization ?? '' })
  if ('refused' in c) return { status: 401, body: c.refused }
  const { statuses, room } = JSON.parse(new TextDecoder().decode(m.body)) as {
    statuses?: { id: string; status: number }[]
    room?: number
  }
  const said = (statuses ?? []).map(({ id, status }): Said => ({ id, reply: { status } }))
  const given = await host.turn(c, { ...(said.length > 0 ? { said, raw: m.body } : {}), take: room ?? 10 })
  const commands = given.map((d) => ({ id: d.id, ...(encode(d) as JsonObject) }))
  return { status: 200, body: JSON.stringify({ commands, more: commands.length > 0 }) }
}

function encode(d: Delivery): Json {
  if (d.kind === 'operation') return d.row.to(d.params, d.channel, d.secrets, d.kept)
  if (d.kind === 'setting')
    return d.verb === 'drop'
      ? { verb: 'Delete', path: d.settings.path ?? '' }
      : d.row.to(d.settings, d.channel, d.secrets, d.kept)
  return { verb: 'Exec', path: d.kind === 'errand' ? d.name : '' }
}
