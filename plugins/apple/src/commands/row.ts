/** The row of an operation that is one command: its words, and what the answer gives. */
import type {
  ChannelDetail,
  Json,
  JsonObject,
  OperationDescriptor,
  OperationRow,
  Outcome,
  RowExample,
  Secrets,
} from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'
import { on, systemFacts, type When } from './systems.ts'

export interface CommandRowOptions<P> {
  /** Apple's RequestType. */
  type: string
  /** Systems that know it: see `readSystems`. */
  on: string
  and?: readonly When[]
  /** Facts that `and` and `fields` look at, beside those of the system. */
  looks?: readonly string[]
  fields?(params: P, c: ChannelDetail, secrets: Secrets): JsonObject
  result?(reply: JsonObject): Json
  /** What an acknowledged answer says of failure all the same. */
  refused?(reply: JsonObject): string | undefined
  channel?: 'device' | 'user'
  needs?: readonly string[]
  examples: readonly RowExample[]
}
export interface Command {
  readonly descriptor: OperationDescriptor
  readonly row: OperationRow
  /** Where it goes over several kinds of channels: the first that can. */
  readonly rows?: readonly OperationRow[]
}

/** Rows that look at nothing but the reply when they read it. */
const repliesAlone = new WeakSet<OperationRow>()
/** How the answers to it are read, where nothing else has to be known for that. */
export const replyReader = (row: OperationRow): ((reply: Json) => Outcome) | undefined =>
  repliesAlone.has(row) ? (row.from as (reply: Json) => Outcome) : undefined

function commandRow<P, R>(d: OperationDescriptor<P, R>, o: CommandRowOptions<P>): OperationRow {
  const row: OperationRow = {
    channel: o.channel ?? 'device',
    needs: o.needs,
    when: on(o.on, ...(o.and ?? [])),
    looks: [...systemFacts, ...(o.looks ?? [])],
    examples: o.examples,
    to: (params, c, secrets) => ({ RequestType: o.type, ...o.fields?.(d.params.parse(params), c, secrets) }),
    from: (reply) => outcomeOf(reply, o),
  }
  repliesAlone.add(row)
  return row
}

export function command<P, R>(d: OperationDescriptor<P, R>, o: CommandRowOptions<P>): Command {
  return { descriptor: d as OperationDescriptor, row: commandRow(d, o) }
}

function outcomeOf(reply: Json, o: Pick<CommandRowOptions<never>, 'result' | 'refused'>): Outcome {
  const outcome = replyOutcome(reply, (r) => o.result?.(r) ?? {})
  if (outcome.state !== 'completed' || !o.refused) return outcome
  const text = o.refused(reply as JsonObject)
  return text === undefined
    ? outcome
    : { state: 'failed', reason: { code: 'device-refused', text: text.slice(0, 500) } }
}

/** Of an answer, whatever it holds. */
export const objectOf = (value: Json | undefined): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
export const listOf = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.map((v) => objectOf(v)).filter((v) => v !== undefined) : []
export const textIn = (of: JsonObject, key: string, max = 500): string | undefined => {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  return typeof value === 'string' && value !== '' ? value.slice(0, max) : undefined
}
export const numberIn = (of: JsonObject, key: string): number | undefined => {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
export const flagIn = (of: JsonObject, key: string): boolean | undefined => {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  return typeof value === 'boolean' ? value : undefined
}

/** What devices answer when they did it and have nothing to tell, and when they could not. */
const acknowledged: JsonObject = { Status: 'Acknowledged', CommandUUID: 'o1-1', UDID: 'U' }
export const refusedReply: JsonObject = {
  Status: 'Error',
  CommandUUID: 'o1-1',
  UDID: 'U',
  ErrorChain: [{ ErrorCode: 12021, ErrorDomain: 'MCMDMErrorDomain', USEnglishDescription: 'Not a valid request.' }],
}
export const refusedOutcome: JsonObject = {
  state: 'failed',
  reason: { code: 'device-error', text: 'MCMDMErrorDomain 12021: Not a valid request.' },
}
/** The two answers that any command may get. */
export const plainReplies = (result: JsonObject = {}) => [
  { reply: acknowledged, outcome: { state: 'completed', result } },
  { reply: refusedReply, outcome: refusedOutcome },
]
