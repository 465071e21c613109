/** The row of an operation: the work it is, who can do it, and what the answer gives. */
import type {
  ChannelDetail,
  Json,
  JsonObject,
  OperationDescriptor,
  OperationRow,
  Outcome,
  Reason,
  RowExample,
} from '@muster/contract'
import { isAbsent, isDone, meaningOf } from '../features/index.ts'
import {
  type Answer,
  buildOf,
  cspFact,
  hasCsp,
  type NodeStatus,
  readAnswer,
  versionFact,
  type Work,
  type WorkCommand,
} from '../wire/index.ts'

export interface Operation {
  readonly descriptor: OperationDescriptor
  readonly row: OperationRow
}
export interface OperationOptions<P> {
  /** The configuration service provider that must be there. */
  csp?: string
  /** First build of Windows that knows it. */
  build?: number
  /** What else must be so, by the head of the channel. */
  and?(c: ChannelDetail): true | Reason
  rounds?: true
  /** Everybody can do it, and neither its work nor its answer has anything to do with who does it: nothing of the device is then read. */
  blind?: true
  /** Its work names the device. */
  named?: true
  work(params: P, c: ChannelDetail, kept: JsonObject | undefined): Work
  /** Of an answer without failure. */
  result?(answer: Answer): Json
  /** Of any answer: instead of the usual reading; undefined: as usual. */
  outcome?(answer: Answer, kept: JsonObject | undefined): Outcome | undefined
  /** Commands, by their place, whose failure is none. */
  lenient?: readonly number[]
  examples: readonly RowExample[]
}

export const vendor = './Device/Vendor/MSFT'
export const exec = (uri: string, data?: string, format: WorkCommand['format'] = 'chr'): WorkCommand =>
  data === undefined ? { verb: 'Exec', uri } : { verb: 'Exec', uri, format, data }
export const get = (uri: string): WorkCommand => ({ verb: 'Get', uri })
export const replace = (uri: string, data: string, format: WorkCommand['format'] = 'chr'): WorkCommand => ({
  verb: 'Replace',
  uri,
  format,
  data,
})
export const add = (uri: string, data?: string, format: WorkCommand['format'] = 'chr'): WorkCommand =>
  data === undefined ? { verb: 'Add', uri, format: 'node' } : { verb: 'Add', uri, format, data }
export const remove = (uri: string): WorkCommand => ({ verb: 'Delete', uri })
export const commands = (...list: WorkCommand[]): Work => ({ commands: list })

export function operationOf<P, R>(d: OperationDescriptor<P, R>, o: OperationOptions<P>): Operation {
  const row: OperationRow = {
    channel: 'device',
    ...(o.blind ? { blind: true as const } : { when: (c: ChannelDetail) => able(o, c) }),
    // What takes more than one message is read beside what its row keeps, and that is the long way's.
    ...(o.rounds ? { rounds: true as const } : !o.blind && { looks: looksOf(o) }),
    to: (params, c, _secrets, kept) => o.work(d.params.parse(params), c, objectOf(kept)) as unknown as Json,
    from: (reply, _c, kept) => outcomeOf(reply, o, objectOf(kept)),
    examples: o.examples,
  }
  // Of what is the same for all who can do it, answers tell the same whoever gave them.
  if (!o.rounds && !o.named) readers.set(row, (reply) => outcomeOf(reply, o, undefined))
  return { descriptor: d as OperationDescriptor, row }
}

/** Of rows whose work and whose answers have nothing to do with who does it: how their answers are read. */
const readers = new WeakMap<OperationRow, (reply: Json) => Outcome>()
export const readerOf = (row: OperationRow): ((reply: Json) => Outcome) | undefined => readers.get(row)

/** The facts that `able` looks at. */
const looksOf = (o: Pick<OperationOptions<never>, 'csp' | 'build'>): string[] => [
  ...(o.csp === undefined ? [] : [cspFact]),
  ...(o.build === undefined ? [] : [versionFact]),
]

/** Who has not told yet what it has is believed to have it: the device itself says no otherwise. */
function able(o: Pick<OperationOptions<never>, 'csp' | 'build' | 'and'>, c: ChannelDetail): true | Reason {
  if (o.csp !== undefined && hasCsp(c.facts, o.csp) === false)
    return { code: 'not-supported', text: `This Windows has no ${o.csp} provider.` }
  const build = o.build === undefined ? undefined : buildOf(c.facts)
  if (o.build !== undefined && build !== undefined && build < o.build)
    return { code: 'too-old', text: `Windows ${o.build} or later does it; this is ${build}.` }
  return o.and?.(c) ?? true
}

function outcomeOf<P>(reply: Json, o: OperationOptions<P>, kept: JsonObject | undefined): Outcome {
  const answer = readAnswer(reply)
  if (!answer) return { state: 'unreadable', reason: { code: 'unreadable', text: 'This is no answer of OMA DM.' } }
  const own = o.outcome?.(answer, kept)
  if (own) return own
  const failed = failureOf(answer, o.lenient)
  if (failed) return { state: 'failed', reason: failed }
  return { state: 'completed', result: o.result?.(answer) ?? {} }
}

/** The first command that failed. That what is to be removed is not there is no failure. */
export function failureOf(answer: Answer, lenient: readonly number[] = []): Reason | undefined {
  if (answer.statuses.length === 0) return { code: 'no-answer', text: 'The device said nothing of it.' }
  const bad = answer.statuses.find((s, i) => !lenient.includes(i) && !fine(s))
  if (!bad) return undefined
  const where = bad.uri === '' ? '' : `${bad.uri} `
  return {
    code: bad.code === 0 ? 'no-answer' : 'device-error',
    text: `${bad.verb} ${where}${meaningOf(bad)}`.slice(0, 500),
  }
}
const fine = (s: NodeStatus): boolean => isDone(s) || (s.verb === 'Delete' && isAbsent(s))

export const objectOf = (value: Json | undefined): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
/** The value of a node, by the end of its address: devices may leave `./Device` out. */
export function textOf(answer: Pick<Answer, 'results'>, end: string): string | undefined {
  return answer.results.find((r) => r.uri.endsWith(end))?.data
}
export function numberOf(answer: Pick<Answer, 'results'>, end: string): number | undefined {
  const text = textOf(answer, end)?.trim()
  const n = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(n) ? n : undefined
}

/** The two answers that work gets: all well, and its first command refused. */
function plainReplies(work: Work, result: JsonObject = {}): NonNullable<RowExample['replies']> {
  const statuses = work.commands.map((c) => ({ verb: c.verb, uri: c.uri, code: 200 }))
  const [first, ...others] = statuses as [(typeof statuses)[number]]
  const refused = { ...first, code: 405 }
  return [
    { reply: { statuses, results: [] }, outcome: { state: 'completed', result } },
    {
      reply: { statuses: [refused, ...others], results: [] },
      outcome: {
        state: 'failed',
        reason: { code: 'device-error', text: `${first.verb} ${first.uri} ${meaningOf({ code: 405 })}`.slice(0, 500) },
      },
    },
  ]
}
export const wireOf = (work: Work): Json => work as unknown as Json
/** An example whose answers are the usual ones. */
export function example(params: JsonObject, work: Work, result: JsonObject = {}): RowExample {
  return { in: params, wire: wireOf(work), replies: plainReplies(work, result) }
}
