/** Turns: everything devices said and fetched, grouped into one durable transaction for many devices at once. */
import { type Delivery, Problem, type Said, type Turn } from '@muster/contract'
import { type Db, jsonText, type Log, type Tx } from '../db/index.ts'
import {
  checkFacts,
  type Devices,
  type FactsReport,
  type KnownChannel,
  type KnownDetail,
  readDetails,
  readTime,
  tellWaiting,
  tooDeep,
  writeFacts,
} from '../devices/index.ts'
import type { EventInput, Events } from '../events/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { createDetails, type Details } from './details.ts'
import { writeDeviceEvents } from './device-events.ts'
import { operationWireId } from './ids.ts'
import { type LoggedMessage, writeMessages } from './messages.ts'
import { handBackMissing } from './missing.ts'
import type { TurnPart } from './part.ts'
import type { createSettle, Heard, SettledRow, SettleResult } from './settle.ts'
import type { createTake, Taken } from './take.ts'
import { writeTally } from './tally.ts'
import { isFinal } from './transitions.ts'
import { noteUnmatched } from './unmatched.ts'

export interface TurnItem {
  readonly channels: readonly KnownChannel[]
  readonly turn: Turn
  readonly urgent: boolean
}
export interface TurnDeps {
  db: Db
  events: Events
  secrets: Secrets
  devices: Devices
  log: Log
  registry: Registry
  part: TurnPart
  settle: ReturnType<typeof createSettle>
  take: ReturnType<typeof createTake>
  /** What was settled, once it is durable and before the device is answered. */
  afterSettled(rows: readonly SettledRow[]): Promise<void>
  /** Outbound bytes noted since the last batch. */
  outbound(): LoggedMessage[]
  /** Outbound bytes of a batch that failed, to ride the next. */
  putBack(messages: LoggedMessage[]): void
}

/** A channel whose fetch came back with less than it asked for. */
interface Drained {
  channel: number
  again: boolean
}
interface TakenAll {
  byItem: ReadonlyMap<TurnItem, Delivery[]>
  drained: Drained[]
  settled: SettledRow[]
  sent: Taken['sent']
}
const none: Delivery[] = []
const nothingTaken: TakenAll = { byItem: new Map(), drained: [], settled: [], sent: [] }

/** What was taken first and what came behind it; who was looked at twice is as empty as the second look says. */
function joined(soon: TakenAll, late: TakenAll): TakenAll {
  if (late === nothingTaken) return soon
  const byItem = new Map(soon.byItem)
  for (const [item, more] of late.byItem) byItem.set(item, [...(byItem.get(item) ?? none), ...more])
  const again = new Set([...late.byItem.keys()].flatMap((i) => i.channels.map((c) => c.no)))
  return {
    byItem,
    drained: [...soon.drained.filter((d) => !again.has(d.channel)), ...late.drained],
    settled: [...soon.settled, ...late.settled],
    sent: [...soon.sent, ...late.sent],
  }
}
export interface Written {
  answers: Delivery[][]
  drained: Drained[]
  settled: SettledRow[]
  /** Channels that have something to fetch because of what was said. */
  woken: number[]
}
/** Deliveries of one exchange at most. */
const takeLimit = 1_000
/** Deliveries that a device names as those it has, at most. */
const hasLimit = 1_000

/** What of a turn is refused before it can spoil a batch. */
export function checkTurn(turn: Turn): void {
  const refuse = (path: string, message: string) => {
    throw new Problem('invalid-request', { errors: [{ path, message }] })
  }
  for (const key of ['said', 'verdicts', 'events', 'push', 'state'] as const)
    if (tooDeep(turn[key])) refuse(key, 'nested too deep')
  if (turn.facts) checkFacts(turn.facts)
  if ((turn.has?.length ?? 0) > hasLimit) refuse('has', `more than ${hasLimit}`)
  if (turn.reportedAt !== undefined && !readTime(turn.reportedAt)) refuse('reportedAt', 'is not a time (ISO 8601)')
  for (const [i, e] of (turn.events ?? []).entries())
    if (!readTime(e.at)) refuse(`events.${i}.at`, 'is not a time (ISO 8601)')
  if (turn.state !== undefined && Buffer.byteLength(JSON.stringify(turn.state)) > 16_384) refuse('state', 'over 16 KB')
}

export function createTurns(o: TurnDeps) {
  /** One transaction for all items, each device at most once among them; answers each item's deliveries in order. */
  async function run(items: readonly TurnItem[]): Promise<Delivery[][]> {
    const { answers } = await commit(
      (tx, outbound) => batch(tx, items, outbound),
      () => items.filter((i) => i.turn.said?.some(mayPutOff)).flatMap((i) => i.channels.map((c) => c.no)),
    )
    return answers
  }
  /** The frame of every batch: its transaction, and what follows from it once it is durable. `spoke`: channels that said something which may put off. */
  async function commit<W extends Written>(
    work: (tx: Tx, outbound: LoggedMessage[]) => Promise<W>,
    spoke: () => readonly number[],
  ): Promise<W> {
    const moment = o.devices.waiting.moment()
    const outbound = o.outbound()
    try {
      const written = await o.db.batch((tx) => work(tx, outbound), 'operation.turn')
      for (const d of written.drained) o.devices.waiting.drained(d.channel, moment, d.again)
      // This node knows at once what the others hear of in a moment.
      o.devices.waiting.heard(written.woken)
      // Whoever spoke may have put something off: its next connection looks.
      o.devices.waiting.putOff(spoke())
      await follow(written.settled)
      return written
    } catch (error) {
      o.putBack(outbound)
      throw error
    }
  }
  /** The batch is durable by now: what follows from it must not make it look as if it were not. */
  async function follow(settled: readonly SettledRow[]): Promise<void> {
    if (settled.length === 0) return
    try {
      await o.afterSettled(settled)
    } catch (error) {
      o.log.error(
        { err: error, settled: settled.length },
        'what follows from settled operations failed; time does it later',
      )
    }
  }

  /** In the usual case two messages to the database: what is settled and taken, and what is written of it with the commit. */
  async function batch(tx: Tx, items: readonly TurnItem[], outbound: LoggedMessage[]): Promise<Written> {
    const details = createDetails(tx)
    const open = await openOnes(items, details)
    const woken: number[] = await handBackMissing(tx, open, o.part)
    await writeReports(tx, open, details, woken)
    const stirred = new Set(woken)
    const { heard, others } = heardOf(open)
    const said = await o.settle.read(tx, heard, details)
    const rest = [...others, ...said.others]
    // Whoever said more than last words is given what that leaves behind.
    const unsure = new Set(rest.map((h) => h.channels))
    const [last, soon] = await Promise.all([
      o.settle.settle(tx, said.finals),
      takeAll(tx, unsure.size === 0 ? open : open.filter((i) => !unsure.has(i.channels)), details, stirred),
    ])
    const moved = new Set<number>()
    const left = await withoutUnsent(tx, last.left, soon.sent)
    const weighed = await weigh(tx, [...left, ...said.others], others, details, woken, moved)
    for (const no of woken) if (!stirred.has(no)) moved.add(no)
    const behind = open.filter((i) => unsure.has(i.channels) || i.channels.some((c) => moved.has(c.no)))
    const late =
      behind.length > 0
        ? await takeAll(tx, behind, details, new Set([...stirred, ...moved]), (i) => soon.byItem.get(i)?.length ?? 0)
        : nothingTaken
    return conclude(tx, { items, open, outbound, woken, last: last.settled, weighed, taken: joined(soon, late) })
  }

  /** What is issued here goes out with the commit: nothing is waited for between. */
  function conclude(
    tx: Tx,
    b: {
      items: readonly TurnItem[]
      open: readonly TurnItem[]
      outbound: LoggedMessage[]
      woken: readonly number[]
      last: readonly SettledRow[]
      weighed: SettleResult
      taken: TakenAll
    },
  ): Written {
    const { drained, settled: refused, sent } = b.taken
    const empty = new Set(drained.map((d) => d.channel))
    const left = [...new Set(b.woken)].filter((no) => !empty.has(no))
    const messages = b.open.flatMap(inbound)
    const events = eventsOf(b.open, [...b.last, ...b.weighed.changed, ...refused, ...sent])
    const writing = [
      writeMessages(tx, o.secrets, messages.concat(b.outbound)),
      writeTally(tx, refused),
      o.events.emitMany(tx, events, { notify: false }),
      tellWaiting(tx, o.events, left),
    ]
    // The commit hears of what fails.
    for (const w of writing) w.catch(() => undefined)
    return {
      woken: left,
      answers: b.items.map((i) => b.taken.byItem.get(i) ?? none),
      drained,
      settled: [...b.last, ...b.weighed.settled, ...refused],
    }
  }
  /**
   * Whose enrolment has ended says nothing any more. Reports are judged by what the database says now; of those who only answer and fetch,
   * memory tells, and the rows themselves: they ended with the enrolment, and are handed to nobody else.
   */
  async function openOnes(items: readonly TurnItem[], details: Details): Promise<TurnItem[]> {
    const read = await details.of(items.flatMap((i) => (reports(i.turn) ? i.channels : [])))
    return items.filter((i) =>
      i.channels.some((c) => (reports(i.turn) ? (read.get(c.no)?.lifecycle ?? 'removed') : c.lifecycle) !== 'removed'),
    )
  }
  function severityOf(c: KnownDetail, type: string) {
    return o.registry.platforms.get(c.platform)?.descriptors.events.find((e) => e.id === type)?.severity
  }

  /** Facts, verdicts, state and events: of those who bring any. */
  async function writeReports(tx: Tx, open: readonly TurnItem[], details: Details, woken: number[]): Promise<void> {
    const reporting = open.filter((i) => reports(i.turn))
    if (reporting.length === 0) return
    const read = await details.of([])
    const own = reporting.flatMap((item) => {
      const channel = item.channels.flatMap((c) => read.get(c.no) ?? [])[0]
      return channel ? [{ turn: item.turn, channel }] : []
    })
    await writeFactsOf(tx, own, details, woken)
    await writeState(tx, own)
    const told = own.flatMap(({ turn, channel }) =>
      (turn.events ?? []).map((e) => ({ ...e, channel, severity: severityOf(channel, e.type) })),
    )
    await writeDeviceEvents(tx, o.events, told)
  }

  async function writeFactsOf(tx: Tx, own: readonly Reporting[], details: Details, woken: number[]): Promise<void> {
    const reported: FactsReport[] = own.flatMap(({ turn, channel }) => {
      const { facts, partial, reportedAt } = turn
      return facts ? [{ deviceNo: channel.deviceNo, facts, partial, reportedAt }] : []
    })
    if (reported.length === 0 && !own.some(({ turn }) => turn.verdicts)) return
    const taken = new Set(await writeFacts(tx, reported))
    const fresh = own.filter(({ turn, channel }) => turn.facts && taken.has(channel.deviceNo))
    const after = await readDetails(
      tx,
      fresh.map(({ channel }) => channel.no),
    )
    for (const detail of after.values()) details.put(detail)
    const rows = own.flatMap(({ turn, channel }) => {
      const now = after.get(channel.no)
      if (!now && !turn.verdicts) return []
      return [{ channel: now ?? channel, verdicts: turn.verdicts, facts: now && turn.facts, partial: turn.partial }]
    })
    woken.push(...(await o.part.verdicts(tx, rows)))
    if (after.size > 0) woken.push(...(await o.part.variablesChanged(tx, [...after.values()])))
  }

  /** Operations first (`heard`), then what only the other part knows; a reply that is nobody's is noted by the one it falls to. `stirred`: whose work it moved without ending it. */
  async function weigh(
    tx: Tx,
    heard: readonly Heard[],
    others: readonly Heard[],
    details: Details,
    woken: number[],
    stirred: Set<number>,
  ): Promise<SettleResult> {
    const result = await o.settle.weigh(tx, heard, details)
    for (const r of result.changed) if (!isFinal(r.state)) stirred.add(r.channel)
    const rest = [...others, ...result.strange]
    for (const h of rest) for (const c of h.channels) stirred.add(c.no)
    if (rest.length > 0) {
      const read = await details.of(rest.flatMap((h) => h.channels))
      woken.push(
        ...(await o.part.settle(
          tx,
          rest.flatMap((h) => asPartSaid(h, read)),
        )),
      )
    }
    for (const r of result.changed) if (r.ready) woken.push(r.channel)
    return result
  }

  /** What is said, apart from what the other part names as its own. */
  function heardOf(open: readonly TurnItem[]): { heard: Heard[]; others: Heard[] } {
    const heard: Heard[] = []
    const others: Heard[] = []
    for (const { turn, channels } of open)
      for (const said of turn.said ?? [])
        (said.id !== undefined && o.part.owns(said.id) ? others : heard).push({ channels, said })
    return { heard, others }
  }

  /** Who is known to have nothing waiting is not even looked up, unless this very batch stirred them. `had`: what they were given before. */
  async function takeAll(
    tx: Tx,
    open: readonly TurnItem[],
    details: Details,
    stirred: ReadonlySet<number>,
    had: (i: TurnItem) => number = () => 0,
  ): Promise<TakenAll> {
    const wants = open.flatMap((item) => {
      const again = item.turn.deferred === 'again'
      const take = Math.min(Math.ceil(item.turn.take), takeLimit) - had(item)
      const asks = take > 0 && item.channels.some((c) => stirred.has(c.no) || !o.devices.waiting.quiet(c.no, again))
      return asks ? [{ item, channels: item.channels, take, again }] : []
    })
    if (wants.length === 0) return nothingTaken
    const asking = wants.flatMap((w) => w.channels.map((c) => c.no))
    const [operations, having] = await Promise.all([o.take(tx, wants, details), o.part.waiting(tx, asking)])
    const byItem = new Map(wants.map((w, i) => [w.item, operations.deliveries[i] ?? []]))
    const left = (w: (typeof wants)[number]) => w.take - (byItem.get(w.item)?.length ?? 0)
    if (having.length > 0) await takeSettings(tx, wants, new Set(having), details, byItem, left)
    // A channel that is given nothing now (blocked, not yet active) is quiet until word of its change comes.
    const drained = wants
      .filter((w) => left(w) > 0)
      .flatMap((w) => w.channels.map((c): Drained => ({ channel: c.no, again: w.again })))
    return { byItem, drained, settled: operations.settled, sent: operations.sent }
  }

  /** Channels of one exchange one after the other, so that together they never get more than it can take. */
  async function takeSettings<W extends { item: TurnItem; channels: readonly KnownChannel[] }>(
    tx: Tx,
    wants: readonly W[],
    having: ReadonlySet<number>,
    details: Details,
    byItem: ReadonlyMap<TurnItem, Delivery[]>,
    left: (w: W) => number,
  ): Promise<void> {
    const read = await details.of(wants.flatMap((w) => w.channels.filter((c) => having.has(c.no))))
    for (let at = 0; wants.some((w) => w.channels.length > at); at++) {
      const room = wants.flatMap((w) => {
        const no = w.channels[at]?.no ?? 0
        const channel = having.has(no) ? read.get(no) : undefined
        return channel && receives(channel) && left(w) > 0
          ? [{ channel, take: left(w), deferred: w.item.turn.deferred, item: w.item }]
          : []
      })
      if (room.length === 0) continue
      const owner = new Map(room.map((r) => [r.channel.no, r.item]))
      for (const d of await o.part.take(tx, room)) byItem.get(owner.get(d.channel.no) as TurnItem)?.push(d)
    }
  }

  function eventsOf(
    open: readonly TurnItem[],
    changed: readonly { channel: number; activity: number; state: string }[],
  ): EventInput[] {
    const events: EventInput[] = []
    if (changed.length > 0) {
      const devices = new Map(open.flatMap(({ channels }) => channels.map((c) => [c.no, c.device])))
      events.push({
        type: 'operations.changed',
        data: {
          rows: changed.map((r): [number, number, string] => [r.channel, r.activity, r.state]),
          devices: [...new Set(changed.map((r) => devices.get(r.channel) ?? ''))],
        },
      })
    }
    const deferred = changed.flatMap((r) => (r.state === 'deferred' ? [r.channel] : []))
    if (deferred.length > 0) events.push({ type: 'channels.deferred', data: { channels: deferred } })
    const reported = open.flatMap(({ turn, channels }) => (turn.facts ? (channels[0]?.device ?? []) : []))
    if (reported.length > 0) events.push({ type: 'device.reported', data: { devices: [...new Set(reported)] } })
    return events
  }
  return { run, commit, weigh, takeSettings }
}

/** What is handed over in this very batch was not sent when the device spoke: its word is noted and changes nothing. Answers the others. */
export async function withoutUnsent(tx: Tx, left: readonly Heard[], sent: Taken['sent']): Promise<Heard[]> {
  if (left.length === 0 || sent.length === 0) return [...left]
  const now = new Set(sent.map((s) => operationWireId(s.channel, s.activity)))
  const unsent = left.filter((h) => h.said.id !== undefined && now.has(h.said.id))
  await noteUnmatched(
    tx,
    unsent.map((h) => ({ channel: h.channels[0]?.no ?? 0, ref: h.said.id ?? '', said: h.said, why: 'unsent' })),
  )
  return left.filter((h) => !unsent.includes(h))
}

/** Last words put nothing off. */
function mayPutOff(said: Said): boolean {
  return !('state' in said) || (said.state !== 'completed' && said.state !== 'failed')
}

interface Reporting {
  turn: Turn
  channel: KnownDetail
}

/** Whether it brings more than answers: what is judged by the whole of the channel. */
function reports(t: Turn): boolean {
  return (
    t.facts !== undefined ||
    t.verdicts !== undefined ||
    t.state !== undefined ||
    t.push !== undefined ||
    (t.events?.length ?? 0) > 0
  )
}

/** Channels that are handed work: open, and not blocked. One that is still being set up only reports. */
function receives(c: KnownDetail): boolean {
  return !c.blocked && (c.lifecycle === 'active' || c.lifecycle === 'disenrolling')
}

function inbound(item: TurnItem): LoggedMessage[] {
  const [channel] = item.channels
  return item.turn.raw && channel ? [{ channel: channel.no, outbound: false, outcome: '', raw: item.turn.raw }] : []
}

/** Said of the channel that an id names when it is one of the speaker's, else of the speaker's first: the part then finds it foreign. */
function asPartSaid({ channels, said }: Heard, read: ReadonlyMap<number, KnownDetail>): PartSaid[] {
  const { id, ref, ...outcome } = said as Said & { id?: string; ref?: string }
  const no = id === undefined ? undefined : Number.parseInt(id.slice(1), 36)
  const channel = read.get((channels.find((c) => c.no === no) ?? channels[0])?.no ?? 0)
  return channel ? [{ channel, id, ref, outcome }] : []
}
type PartSaid = Parameters<TurnPart['settle']>[1][number]

async function writeState(tx: Tx, own: readonly Reporting[]): Promise<void> {
  const rows = own
    .filter(({ turn }) => turn.state !== undefined || turn.push !== undefined)
    .map(({ turn, channel }) => ({ no: channel.no, state: turn.state, push: turn.push }))
  if (rows.length === 0) return
  rows.sort((a, b) => a.no - b.no)
  const text = (v: unknown) => (v === undefined ? null : jsonText(v))
  await tx.query({
    name: 'channel-state',
    text: `update channel c set state = coalesce(x.state, c.state), push = coalesce(x.push, c.push)
      from unnest($1::bigint[], $2::jsonb[], $3::jsonb[]) as x (no, state, push) where c.no = x.no`,
    values: [rows.map((r) => r.no), rows.map((r) => text(r.state)), rows.map((r) => text(r.push))],
  })
}
