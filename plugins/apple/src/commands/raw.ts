/** Every other command: an operation of its own for each, with its own permission, whose parameters are Apple's keys, checked by the table. */
import { type Json, type JsonObject, type OperationDescriptor, operation } from '@muster/contract'
import { z } from 'zod'
import { type RawCommand, rawCommands, requiredLists, type Shape } from './raw-table.ts'
import { type Command, type CommandRowOptions, command, refusedOutcome, refusedReply } from './row.ts'

const bounds = { text: 4_000, data: 1 << 20, list: 200 } as const

/** `RefreshCellularPlans` is `apple.command.refreshCellularPlans`, `LOMSetupRequest` is `apple.command.lomSetupRequest`. */
export const rawId = (type: string): string =>
  `apple.command.${type.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]/, (head) => head.toLowerCase())}`

function isRequired(shape: Shape, path: string): boolean {
  return typeof shape === 'string' ? shape.endsWith('*') : requiredLists.has(path)
}

function typeOf(shape: Shape, path: string): z.ZodType {
  if (typeof shape !== 'string') {
    if (isList(shape)) return z.array(typeOf(shape[0], path)).min(1).max(bounds.list)
    return objectType(shape, path)
  }
  const name = shape.replace(/\*$/, '')
  switch (name) {
    case 'string':
      return z.string().max(bounds.text)
    case 'url':
      return z.url({ protocol: /^https?$/ }).max(bounds.text)
    case 'integer':
      return z.number().int()
    case 'boolean':
      return z.boolean()
    case 'data':
      return z.base64().min(4).max(bounds.data).describe('Bytes, base64')
    default:
      return z.enum(name.split('|') as [string, ...string[]])
  }
}
const isList = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape)

function objectType(keys: Readonly<Record<string, Shape>>, path: string): z.ZodType<JsonObject> {
  const entries = Object.entries(keys).map(([key, shape]) => {
    const at = `${path}.${key}`
    const type = typeOf(shape, at)
    return [key, isRequired(shape, at) || (path.includes('.') && isList(shape)) ? type : type.optional()] as const
  })
  return z.strictObject(Object.fromEntries(entries)) as unknown as z.ZodType<JsonObject>
}

/** As it goes out: bytes are marked as such. */
function written(shape: Shape, value: Json): Json {
  if (typeof shape === 'string') return /^data\*?$/.test(shape) ? { $data: value } : value
  if (isList(shape)) return Array.isArray(value) ? value.map((v) => written(shape[0], v)) : value
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? writtenKeys(shape, value) : value
}
function writtenKeys(keys: Readonly<Record<string, Shape>>, values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, written(keys[k] ?? 'string', v)]))
}

/** What is of the protocol and not of the answer. */
const envelope = new Set([
  'Status',
  'CommandUUID',
  'RequestType',
  'UDID',
  'EnrollmentID',
  'EnrollmentUserID',
  'UserID',
  'UserShortName',
  'UserLongName',
  'NotOnConsole',
])
const answerOf = (reply: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(reply).filter(([key]) => !envelope.has(key)))

function sample(shape: Shape): Json {
  if (typeof shape !== 'string') {
    if (isList(shape)) return [sample(shape[0])]
    return Object.fromEntries(Object.entries(shape).map(([k, s]) => [k, sample(s)]))
  }
  const name = shape.replace(/\*$/, '')
  const known: Readonly<Record<string, Json>> = {
    string: 'x',
    url: 'https://example.org/',
    integer: 1,
    boolean: true,
    data: 'AAAA',
  }
  return known[name] ?? name.split('|')[0] ?? ''
}

function rawCommand(type: string, c: RawCommand): Command {
  const keys = c.keys ?? {}
  const all = Object.fromEntries(Object.entries(keys).map(([k, s]) => [k, sample(s)]))
  const descriptor: OperationDescriptor<JsonObject, JsonObject> = operation({
    id: rawId(type),
    title: c.title,
    summary: {
      en: `Apple's command ${type} as it is; its parameters and its answer are Apple's.`,
      de: `Apples Befehl ${type}, wie er ist; seine Parameter und seine Antwort sind die von Apple.`,
    },
    danger: c.danger ?? 'none',
    repeatable: c.repeatable ?? true,
    params: objectType(keys, type),
    result: () => z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>,
    ...(c.secret && { secret: c.secret }),
    expiresS: 7 * 86_400,
    examples: [{ params: all }],
  })
  const options: CommandRowOptions<JsonObject> = {
    type,
    on: c.on,
    channel: c.channel,
    fields: (p) => writtenKeys(keys, p),
    result: answerOf,
    examples: [
      {
        in: all,
        wire: { RequestType: type, ...writtenKeys(keys, all) },
        replies: [
          {
            reply: { Status: 'Acknowledged', CommandUUID: 'o1-1', UDID: 'U', Told: 'this' },
            outcome: { state: 'completed', result: { Told: 'this' } },
          },
          { reply: refusedReply, outcome: refusedOutcome },
        ],
      },
    ],
  }
  const here = command(descriptor, options)
  if (c.users === undefined) return here
  return { ...here, rows: [command(descriptor, { ...options, on: c.users, channel: 'user' }).row, here.row] }
}

export const raw: readonly Command[] = Object.entries(rawCommands).map(([type, c]) => rawCommand(type, c))
