/**
 * Judges the server's history by the fleet's own record: nothing that the server acknowledged is lost or altered, nothing takes effect twice,
 * nothing is called completed that no device did, and where knowledge was lost the history says so.
 */
import type { RecordLine } from './record.ts'

/** One operation of one device as `GET /api/v1/devices/{id}/operations` shows it. */
export interface HistoryRow {
  readonly device: string
  readonly id: string
  readonly state: string
  readonly reason?: { readonly code: string } | null
  /** ISO 8601, the server's clock: when it came to its state. */
  readonly updatedAt?: string
}
export type Rule =
  | 'acknowledged-lost'
  | 'acknowledged-open'
  | 'outcome-differs'
  | 'effect-twice'
  | 'completed-never-executed'
  | 'completed-otherwise'
  | 'unknown-not-said'
  | 'unknown-to-server'
  | 'resent-after-end'
export interface Violation {
  readonly rule: Rule
  readonly device: string
  readonly id: string
  readonly text: string
}
export interface CheckReport {
  readonly lines: number
  readonly operations: number
  /** Results that the server said it has. */
  readonly acknowledged: number
  readonly executed: number
  /** Acknowledged when the operation had ended without them; legitimate, and worth knowing. */
  readonly late: number
  /** Ends of which the history says that nobody knows. */
  readonly unknown: number
  readonly violations: readonly Violation[]
}
export interface CheckOptions {
  /** The history holds every operation of the record's devices. Default true. */
  readonly complete?: boolean
}

interface Story {
  readonly device: string
  readonly id: string
  readonly surelyOperation: boolean
  received: boolean
  repeatable: boolean
  effects: number
  redos: number
  /** Between two effects the device was restarted, or was given it again (some protocols' devices remember no ids). */
  restartedSince: boolean
  offeredSince: boolean
  concluded?: { readonly outcome: string; readonly code?: string }
  /** t of the last time that its end was sent. */
  reportedAt?: number
  ended?: {
    readonly n: number
    readonly t: number
    readonly outcome: string
    readonly code?: string
    readonly time?: string
  }
  taken?: { readonly n: number }
  lastSaid?: string
  violations: { rule: Rule; text: string }[]
}

const finals = new Set(['completed', 'failed', 'cancelled', 'expired', 'superseded'])
/** What a server may say of an end that it was never told. */
const unheard = new Set(['outcome-unknown', 'no-result', 'epoch-closed'])

/** `record`: in its own order. Both may be streams; only what is known of operations is kept in memory. */
export async function checkRecord(
  record: Iterable<RecordLine> | AsyncIterable<RecordLine>,
  history: Iterable<HistoryRow> | AsyncIterable<HistoryRow>,
  o: CheckOptions = {},
): Promise<CheckReport> {
  const { stories, lines } = await listen(record)
  const violations: Violation[] = []
  const counts = { late: 0, unknown: 0 }
  const told = (s: { device: string; id: string }, rule: Rule, text: string) =>
    violations.push({ rule, device: s.device, id: s.id, text })
  const seen = new Set<string>()
  for await (const row of history) {
    seen.add(keyOf(row))
    if (unheard.has(row.reason?.code ?? '')) counts.unknown += 1
    const story = stories.get(keyOf(row))
    const fault = story ? judge(row, story, counts) : unlived(row)
    if (fault) told(row, ...fault)
  }
  for (const [key, s] of stories) {
    for (const v of s.violations) told(s, v.rule, v.text)
    if (seen.has(key) || !s.surelyOperation) continue
    if (s.ended)
      told(
        s,
        'acknowledged-lost',
        `The server acknowledged ${s.ended.outcome}, and its history does not know the operation.`,
      )
    else if (o.complete !== false)
      told(s, 'unknown-to-server', 'The device was given it, and the history does not know the operation.')
  }
  const all = [...stories.values()]
  return {
    lines,
    operations: all.filter((s) => s.surelyOperation || seen.has(keyOf(s))).length,
    acknowledged: all.filter((s) => s.ended).length,
    executed: all.filter((s) => s.effects > 0).length,
    ...counts,
    violations,
  }
}

const keyOf = (x: { device: string; id?: string }) => `${x.device} ${x.id}`

/** The record's operations, each with what became of it in its device. */
async function listen(
  record: Iterable<RecordLine> | AsyncIterable<RecordLine>,
): Promise<{ stories: Map<string, Story>; lines: number }> {
  const stories = new Map<string, Story>()
  const ofDevice = new Map<string, Story[]>()
  let lines = 0
  for await (const line of record) {
    lines += 1
    if (line.event === 'restarted') for (const s of ofDevice.get(line.device) ?? []) s.restartedSince = true
    if (line.id === undefined) continue
    const known = stories.get(keyOf(line))
    // An errand may be one of the server's own, of which no history tells, or an operation where the protocol does not say which.
    if (!known && line.kind !== 'operation' && line.kind !== 'errand') continue
    const story = known ?? newStory(line.device, line.id, line.kind === 'operation')
    if (!known) {
      stories.set(keyOf(line), story)
      ofDevice.set(line.device, [...(ofDevice.get(line.device) ?? []), story])
    }
    hear(story, line)
  }
  return { stories, lines }
}

function newStory(device: string, id: string, surelyOperation: boolean): Story {
  const beginnings = {
    received: false,
    repeatable: false,
    effects: 0,
    redos: 0,
    restartedSince: false,
    offeredSince: false,
  }
  return { device, id, surelyOperation, ...beginnings, violations: [] }
}

function hear(s: Story, line: RecordLine): void {
  const final = line.outcome === 'completed' || line.outcome === 'failed'
  switch (line.event) {
    case 'received':
      s.received = true
      s.offeredSince = true
      if (s.taken && (line.asked ?? 0) >= s.taken.n)
        s.violations.push({
          rule: 'resent-after-end',
          text: `Handed over again (line ${line.n}) after the server had acknowledged that the device has it (line ${s.taken.n}).`,
        })
      break
    case 'executed': {
      s.effects += 1
      s.repeatable ||= line.repeatable === true
      const allowed = s.effects === 1 || (s.repeatable && line.redo === true && (s.restartedSince || s.offeredSince))
      if (!allowed)
        s.violations.push({ rule: 'effect-twice', text: `Took effect ${s.effects} times (line ${line.n}).` })
      s.restartedSince = false
      s.offeredSince = false
      break
    }
    case 'concluded':
      s.concluded = { outcome: line.outcome ?? '', code: line.code }
      break
    case 'reported':
      s.lastSaid = line.outcome
      if (final) s.reportedAt = line.t
      break
    case 'acknowledged-by-server':
      if (final) s.ended ??= { n: line.n, t: line.t, outcome: line.outcome ?? '', code: line.code, time: line.time }
      if (final || line.outcome === 'acknowledged') s.taken ??= { n: line.n }
      break
    default:
  }
}

/** What the history says of an operation that the record knows. */
function judge(row: HistoryRow, s: Story, counts: { late: number }): [Rule, string] | undefined {
  const code = row.reason?.code ?? ''
  const said = `${row.state}${code === '' ? '' : ` (${code})`}`
  if (row.state === 'completed') {
    if (s.effects === 0) return ['completed-never-executed', 'The history says completed, and the device never did it.']
    if (s.concluded?.outcome !== 'completed' || s.reportedAt === undefined)
      return [
        'completed-otherwise',
        `The history says completed; the device ${s.concluded ? `ended it as ${s.concluded.outcome}` : 'never ended it'}.`,
      ]
    return undefined
  }
  if (s.ended) return judgeEnded(row, s, s.ended, said, counts)
  if (!finals.has(row.state)) return undefined
  // Told, but no acknowledgement came back: the history may have it or not, yet must not have something else.
  if (
    row.state === 'failed' &&
    s.reportedAt !== undefined &&
    s.concluded?.outcome === 'failed' &&
    s.concluded.code === code
  )
    return undefined
  if (unheard.has(code)) return undefined
  if (s.effects > 0)
    return [
      'unknown-not-said',
      `It took effect in the device, which the server never heard; the history says ${said} instead of that nobody knows.`,
    ]
  if (row.state === 'failed') return ['unknown-not-said', `The device never said so; the history says ${said}.`]
  return undefined
}

function judgeEnded(
  row: HistoryRow,
  s: Story,
  ended: NonNullable<Story['ended']>,
  said: string,
  counts: { late: number },
): [Rule, string] | undefined {
  const code = row.reason?.code ?? ''
  if (!finals.has(row.state))
    return ['acknowledged-open', `The server acknowledged ${ended.outcome}, and the history still says ${said}.`]
  if (row.state === ended.outcome && (row.state === 'completed' || code === (ended.code ?? 'failed'))) return undefined
  if (endedBefore(row, s, ended) && (unheard.has(code) || s.effects === 0)) {
    counts.late += 1
    return undefined
  }
  return [
    'outcome-differs',
    `The server acknowledged ${ended.outcome}${ended.code === undefined ? '' : ` (${ended.code})`}, and the history says ${said}.`,
  ]
}

/** It had ended before the report that was acknowledged went out. By the server's clock, as far back as the exchange can have begun. */
function endedBefore(row: HistoryRow, s: Story, ended: NonNullable<Story['ended']>): boolean {
  if (row.updatedAt === undefined || ended.time === undefined || s.reportedAt === undefined) return false
  return Date.parse(row.updatedAt) <= Date.parse(ended.time) - Math.max(0, ended.t - s.reportedAt)
}

/** What the history says of an operation that no device of the record was given. */
function unlived(row: HistoryRow): [Rule, string] | undefined {
  return row.state === 'completed'
    ? ['completed-never-executed', 'The history says completed, and no device was ever given it.']
    : undefined
}
