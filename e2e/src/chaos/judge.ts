/**
 * The judge: compares what the database says with what the fleet lived, what administrators were told and what the watchers heard.
 * Pure: the same evidence gives the same verdict, and every rule can be tried on evidence that was tampered with.
 */
import { type CheckReport, checkRecord, type RecordLine } from '@muster/fleet'
import type { Facts } from './facts.ts'
import type { Journal } from './journal.ts'
import { judgeEvents, judgeWatcher } from './judge-events.ts'
import { judgeOrder } from './judge-order.ts'
import type { HeardEvent } from './watchers.ts'

export interface Violation {
  readonly rule: string
  readonly text: string
}
export interface LivedGroup {
  readonly name: string
  readonly record: readonly RecordLine[]
  readonly devices: ReadonlySet<string>
  readonly stays: boolean
}
export interface Evidence {
  readonly facts: Facts
  readonly journal: Journal
  readonly groups: readonly LivedGroup[]
  readonly stream: readonly HeardEvent[]
  readonly hook: { readonly types: readonly string[]; readonly heard: readonly HeardEvent[] }
  /** What the server's own verifier says of the audit chain. */
  readonly audit: { readonly ok: boolean; readonly text: string }
}
export interface Verdict {
  readonly violations: readonly Violation[]
  readonly commands: number
  readonly executed: number
  readonly acknowledged: number
  /** Ends of which the history says that nobody knows. */
  readonly unknown: number
  readonly late: number
}
type Tell = (rule: string, text: string) => void

export async function judge(e: Evidence): Promise<Verdict> {
  const violations: Violation[] = []
  const tell: Tell = (rule, text) => violations.push({ rule, text })
  const reports = await judgeRecords(e, tell)
  judgeActivities(e, tell)
  judgeAcknowledged(e, tell)
  judgeDevices(e, tell)
  for (const g of e.groups) judgeOrder(g.record, e.journal, tell)
  judgeEvents(e.facts, tell)
  judgeWatcher('stream', e.facts.outbox, e.stream, tell)
  const { types, heard } = e.hook
  const from = e.facts.outbox.findIndex((x) => x.type === 'webhook.changed')
  judgeWatcher(
    'webhook',
    e.facts.outbox.slice(from).filter((x) => types.includes(x.type)),
    heard,
    tell,
  )
  if (!e.audit.ok) tell('audit-broken', e.audit.text)
  const unsealed = e.facts.audit.filter((a) => !a.sealed).length
  if (unsealed > 0) tell('audit-unsealed', `${unsealed} entries of the audit are in no chain.`)
  const sum = (of: (r: CheckReport) => number) => reports.reduce((n, r) => n + of(r), 0)
  return {
    violations,
    commands: e.facts.operations.length,
    executed: sum((r) => r.executed),
    acknowledged: sum((r) => r.acknowledged),
    unknown: sum((r) => r.unknown),
    late: sum((r) => r.late),
  }
}

/** Each group's record against the history of its devices. */
async function judgeRecords(e: Evidence, tell: Tell): Promise<CheckReport[]> {
  const reports: CheckReport[] = []
  const byDevice = Map.groupBy(e.facts.operations, (o) => o.device)
  for (const g of e.groups) {
    const history = [...g.devices].flatMap((d) => byDevice.get(d) ?? [])
    const report = await checkRecord(onOneClock(g.record), history)
    for (const v of report.violations)
      tell(v.rule, `${g.name}, ${v.device}, ${v.id}: ${v.text} ${story(e, g.record, v)}`)
    reports.push(report)
  }
  return reports
}

/** All that is known of one operation: whoever reads of a violation has nothing else to go by, for the run is gone. */
function story({ facts }: Evidence, record: readonly RecordLine[], of: { device: string; id: string }): string {
  const lines = record.filter((l) => l.device === of.device && l.id === of.id)
  const row = facts.operations.find((o) => o.device === of.device && o.id === of.id)
  const unmatched = facts.unmatched.filter((u) => u.ref === of.id)
  return JSON.stringify({ row, unmatched, record: lines })
}

/**
 * The clocks of servers are stepped; the fleet's own is that of the database, for all run on one machine. Here an exchange may take seconds (a node
 * or the database stands still), and what ended an operation meanwhile may have come first: only an end after the answer contradicts it.
 * The checker goes back from the server's time by the length of the exchange, so that much is put on it.
 */
function onOneClock(record: readonly RecordLine[]): RecordLine[] {
  const reported = new Map<string, number>()
  return record.map((line) => {
    const key = `${line.device} ${line.id}`
    if (line.event === 'reported') reported.set(key, line.t)
    if (line.time === undefined) return line
    return { ...line, time: new Date(2 * line.t - (reported.get(key) ?? line.t)).toISOString() }
  })
}

/** One row per device of an activity, whatever happened; counts that are true; one activity per key. */
function judgeActivities({ facts, journal }: Evidence, tell: Tell): void {
  const rows = Map.groupBy(facts.operations, (o) => o.activity)
  const counts = new Map(facts.tally.map((t) => [`${t.activity} ${t.state}`, t.n]))
  const byKey = Map.groupBy(
    facts.activities.filter((a) => a.idem !== null),
    (a) => a.idem ?? '',
  )
  for (const a of facts.activities) {
    const mine = rows.get(a.no) ?? []
    const channels = new Set(mine.map((o) => o.channel))
    if (channels.size !== mine.length) tell('row-twice', `Activity ${a.no} has two rows for one channel.`)
    if (channels.size !== a.targets)
      tell('rows-differ', `Activity ${a.no} went to ${a.targets} devices and has rows of ${channels.size}.`)
    const settled = Map.groupBy(
      mine.filter((o) => !o.open),
      (o) => o.state,
    )
    for (const [state, some] of settled)
      if (counts.get(`${a.no} ${state}`) !== some.length)
        tell(
          'tally-differs',
          `Activity ${a.no} counts ${counts.get(`${a.no} ${state}`)} ${state}, and has ${some.length}.`,
        )
  }
  for (const s of journal.sent) {
    const made = byKey.get(s.key) ?? []
    if (made.length > 1) tell('key-twice', `The key ${s.key} made ${made.length} activities.`)
    for (const answer of s.answers) {
      const found = made.find((a) => String(a.no) === answer.id)
      if (!found) tell('acknowledged-missing', `Activity ${answer.id} was answered with 201 and is not there.`)
      else if (found.targets !== answer.targets)
        tell(
          'answer-differs',
          `Activity ${answer.id} was answered with ${answer.targets} targets and has ${found.targets}.`,
        )
    }
  }
}

/** What was acknowledged besides is there, with its entry in the audit. */
function judgeAcknowledged({ facts, journal }: Evidence, tell: Tell): void {
  const versions = new Set(facts.versions.map((v) => `${v.policy} ${v.version}`))
  const policies = new Set(facts.audit.filter((a) => a.act === 'policy.created').map((a) => a.subject))
  const cancels = new Set(facts.audit.filter((a) => a.act === 'activity.cancel').map((a) => a.subject))
  const lifecycle = new Map(facts.devices.map((d) => [d.id, d.lifecycle]))
  const cancelled = Map.groupBy(
    facts.operations.filter((o) => o.state === 'cancelled'),
    (o) => o.activity,
  )
  for (const a of journal.acknowledged) {
    if (a.what === 'policy' && !policies.has(`policy:${a.id}`))
      tell('acknowledged-missing', `Policy ${a.id} was made, and the audit does not know it.`)
    if (a.what === 'publish' && !versions.has(`${a.id} ${a.version}`))
      tell('acknowledged-missing', `Version ${a.version} of policy ${a.id} was published and is not there.`)
    if (a.what === 'disenrol' && !/^(disenrolling|removed)$/.test(lifecycle.get(a.id) ?? ''))
      tell('acknowledged-missing', `Device ${a.id} was let go and is ${lifecycle.get(a.id)}.`)
    if (a.what !== 'cancel' || (a.cancelled ?? 0) === 0) continue
    if (!cancels.has(`activity:${a.id}`)) tell('audit-missing', `The cancel of activity ${a.id} is not in the audit.`)
    const there = cancelled.get(Number(a.id))?.length ?? 0
    if (there < (a.cancelled ?? 0))
      tell('acknowledged-missing', `${a.cancelled} rows of activity ${a.id} were cancelled, and ${there} are.`)
  }
  for (const [policy, all] of Map.groupBy(facts.versions, (v) => v.policy)) {
    const numbers = all.map((v) => v.version)
    if (numbers.some((n, i) => n !== i + 1) || all[0]?.current !== numbers.at(-1))
      tell(
        'versions-broken',
        `Policy ${policy} has the versions ${numbers.join(', ')} and stands at ${all[0]?.current}.`,
      )
  }
}

/** Who was told that it is enrolled is enrolled, until it was let go or left. */
function judgeDevices({ facts, journal, groups }: Evidence, tell: Tell): void {
  const lifecycle = new Map(facts.devices.map((d) => [d.id, d.lifecycle]))
  for (const g of groups) {
    const gone = new Set(g.record.filter((l) => l.event === 'gone').map((l) => l.device))
    for (const d of g.devices) {
      if (journal.disenrolled.has(d)) continue
      const now = lifecycle.get(d)
      if (gone.has(d) || now === undefined || (g.stays && now !== 'active'))
        tell(
          'enrolment-lost',
          `Device ${d} (${g.name}) was told that it is enrolled, and is ${gone.has(d) ? 'told otherwise' : now}.`,
        )
    }
  }
}
