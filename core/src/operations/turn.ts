/** Turns: everything devices said and fetched, grouped into one durable transaction for many devices at once. */
import { type ChannelDetail, type Delivery, Problem, type Said, type Turn } from '@muster/contract'
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
import type { Events } from '../events/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { writeDeviceEvents } from './device-events.ts'
import { type LoggedMessage, writeMessages } from './messages.ts'
import type { TurnPart } from './part.ts'
import type { createSettle, Heard, SettledRow } from './settle.ts'
import type { createTake } from './take.ts'
import { writeTally } from './tally.ts'

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
interface Written {
  answers: Delivery[][]
  drained: Drained[]
  settled: SettledRow[]
  /** Channels that have something to fetch because of what was said. */
  woken: number[]
}
/**
 * A batch names its rows by key. Plans of prepared statements are kept, and one that was made while the table of open rows was empty
 * would read all of it for every batch once an activity has filled it (6 CPU-milliseconds an exchange at 100,000 rows).
 */
const byIndex = {
  text: 'set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off',
}
/** Deliveries of one exchange at most. */
const takeLimit = 1_000

/** What of a turn is refused before it can spoil a batch. */
export function checkTurn(turn: Turn): void {
  const refuse = (path: string, message: string) => {
    throw new Problem('invalid-request', { errors: [{ path, message }] })
  }
  for (const key of ['said', 'verdicts', 'events', 'push', 'state'] as const)
    if (tooDeep(turn[key])) refuse(key, 'nested too deep')
  if (turn.facts) checkFacts(turn.facts)
  if (turn.reportedAt !== undefined && !readTime(turn.reportedAt)) refuse('reportedAt', 'is not a time (ISO 8601)')
  for (const [i, e] of (turn.events ?? []).entries())
    if (!readTime(e.at)) refuse(`events.${i}.at`, 'is not a time (ISO 8601)')
  if (turn.state !== undefined && Buffer.byteLength(JSON.stringify(turn.state)) > 16_384) refuse('state', 'over 16 KB')
}

export function createTurns(o: TurnDeps) {
  /** One transaction for all items, each device at most once among them; answers each item's deliveries in order. */
  return async function run(items: readonly TurnItem[]): Promise<Delivery[][]> {
    const moment = o.devices.waiting.moment()
    const outbound = o.outbound()
    try {
      const { answers, drained, settled, woken } = await o.db.tx(async (tx) => {
        await tx.query(byIndex)
        return batch(tx, items, outbound)
      })
      for (const d of drained) o.devices.waiting.drained(d.channel, moment, d.again)
      // This node knows at once what the others hear of in a moment.
      o.devices.waiting.heard(woken)
      // Whoever spoke may have put something off: its next connection looks.
      o.devices.waiting.putOff(items.filter((i) => i.turn.said?.length).flatMap((i) => i.channels.map((c) => c.no)))
      await follow(settled)
      return answers
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

  async function batch(tx: Tx, items: readonly TurnItem[], outbound: LoggedMessage[]): Promise<Written> {
    const details = await readDetails(tx, [...new Set(items.flatMap((i) => i.channels.map((c) => c.no)))])
    const own = items.map((i) => ({ item: i, channels: i.channels.flatMap((c) => details.get(c.no) ?? []) }))
    const open = own.filter(({ channels }) => channels.some((c) => c.lifecycle !== 'removed'))
    const woken: number[] = []

    await writeFactsOf(tx, open, woken)
    await writeState(tx, open)
    await writeDeviceEvents(
      tx,
      o.events,
      open.flatMap(({ item, channels }) =>
        (item.turn.events ?? []).map((e) => ({
          ...e,
          channel: channels[0] as KnownDetail,
          severity: severityOf(channels[0] as KnownDetail, e.type),
        })),
      ),
    )
    const settled = await settleAll(tx, open, woken)
    const taken = await takeAll(tx, open)
    await writeMessages(tx, o.secrets, [...open.flatMap(({ item }) => inbound(item)), ...outbound])
    await announce(tx, open, settled, taken)
    const empty = new Set(taken.drained.map((d) => d.channel))
    const left = [...new Set(woken)].filter((no) => !empty.has(no))
    await tellWaiting(tx, o.events, left)
    return {
      woken: left,
      answers: items.map((i) => taken.byItem.get(i) ?? []),
      drained: taken.drained,
      settled: [...settled.settled, ...taken.settled],
    }
  }
  type Own = { item: TurnItem; channels: KnownDetail[] }
  function severityOf(c: KnownDetail, type: string) {
    return o.registry.platforms.get(c.platform)?.descriptors.events.find((e) => e.id === type)?.severity
  }

  async function writeFactsOf(tx: Tx, open: readonly Own[], woken: number[]): Promise<void> {
    const reports: (FactsReport & { channel: KnownDetail })[] = []
    for (const { item, channels } of open) {
      const [channel] = channels
      if (!item.turn.facts || !channel) continue
      reports.push({
        channel,
        deviceNo: channel.deviceNo,
        facts: item.turn.facts,
        partial: item.turn.partial,
        reportedAt: item.turn.reportedAt,
      })
    }
    const verdicts = open.filter(({ item }) => item.turn.verdicts)
    if (reports.length === 0 && verdicts.length === 0) return
    const taken = new Set(await writeFacts(tx, reports))
    const after =
      taken.size > 0
        ? await readDetails(
            tx,
            reports.map((r) => r.channel.no),
          )
        : new Map<number, KnownDetail>()
    const rows = open.flatMap(({ item, channels }) => {
      const [channel] = channels
      const fresh = channel && item.turn.facts && taken.has(channel.deviceNo)
      if (!channel || !(fresh || item.turn.verdicts)) return []
      return [
        {
          channel: after.get(channel.no) ?? channel,
          verdicts: item.turn.verdicts,
          facts: fresh ? item.turn.facts : undefined,
          partial: item.turn.partial,
        },
      ]
    })
    woken.push(...(await o.part.verdicts(tx, rows)))
    if (after.size > 0) {
      woken.push(...(await o.part.variablesChanged(tx, [...after.values()])))
      for (const { channels } of open) for (const [i, c] of channels.entries()) channels[i] = after.get(c.no) ?? c
    }
  }

  /** Operations first, then what only the other part knows; a reply that is nobody's is noted by the one it falls to. */
  async function settleAll(
    tx: Tx,
    open: readonly Own[],
    woken: number[],
  ): Promise<Awaited<ReturnType<TurnDeps['settle']>>> {
    const heard: Heard[] = []
    const others: Heard[] = []
    for (const { item, channels } of open)
      for (const said of item.turn.said ?? [])
        (said.id !== undefined && o.part.owns(said.id) ? others : heard).push({ channels, said })
    const result = await o.settle(tx, heard)
    const rest = [...others, ...result.strange]
    if (rest.length > 0) woken.push(...(await o.part.settle(tx, rest.map(asPartSaid))))
    const requeued = result.changed.filter((r) => r.ready).map((r) => r.channel)
    woken.push(...requeued)
    return result
  }

  async function takeAll(tx: Tx, open: readonly Own[]) {
    const wants = open.flatMap(({ item, channels }) => {
      const able = channels.filter(receives)
      return able.length > 0 && item.turn.take > 0
        ? [
            {
              item,
              channels: able,
              take: Math.min(Math.ceil(item.turn.take), takeLimit),
              again: item.turn.deferred === 'again',
            },
          ]
        : []
    })
    const operations = await o.take(tx, wants)
    const byItem = new Map(wants.map((w, i) => [w.item, operations.deliveries[i] ?? []]))
    const left = (w: (typeof wants)[number]) => w.take - (byItem.get(w.item)?.length ?? 0)
    // Channels of one exchange one after the other, so that together they never get more than it can take.
    for (let at = 0; wants.some((w) => w.channels.length > at); at++) {
      const room = wants.flatMap((w) => {
        const channel = w.channels[at]
        return channel && left(w) > 0 ? [{ channel, take: left(w), deferred: w.item.turn.deferred, item: w.item }] : []
      })
      if (room.length === 0) continue
      const owner = new Map(room.map((r) => [r.channel.no, r.item]))
      for (const d of await o.part.take(tx, room)) byItem.get(owner.get(d.channel.no) as TurnItem)?.push(d)
    }
    // A channel that is given nothing now (blocked, not yet active) is quiet until word of its change comes.
    const idle = open.flatMap(({ channels }) =>
      channels.filter((c) => !receives(c)).map((c): Drained => ({ channel: c.no, again: true })),
    )
    const drained = [
      ...idle,
      ...wants
        .filter((w) => left(w) > 0)
        .flatMap((w) => w.channels.map((c): Drained => ({ channel: c.no, again: w.again }))),
    ]
    return { byItem, drained, settled: operations.settled, sent: operations.sent }
  }

  async function announce(
    tx: Tx,
    open: readonly Own[],
    said: Awaited<ReturnType<TurnDeps['settle']>>,
    taken: Awaited<ReturnType<typeof takeAll>>,
  ): Promise<void> {
    const rows: [number, number, string][] = [
      ...said.changed.map((r): [number, number, string] => [r.channel, r.activity, r.state]),
      ...taken.settled.map((r): [number, number, string] => [r.channel, r.activity, r.state]),
      ...taken.sent.map((r): [number, number, string] => [r.channel, r.activity, 'sent']),
    ]
    await writeTally(tx, [...said.settled, ...taken.settled])
    const devices = new Map(open.flatMap(({ channels }) => channels.map((c) => [c.no, c.device])))
    if (rows.length > 0)
      await o.events.emit(
        tx,
        'operations.changed',
        { rows, devices: [...new Set(rows.map((r) => devices.get(r[0]) ?? ''))] },
        { notify: false },
      )
    const reported = open.filter(({ item }) => item.turn.facts).flatMap(({ channels }) => channels[0]?.device ?? [])
    if (reported.length > 0)
      await o.events.emit(tx, 'device.reported', { devices: [...new Set(reported)] }, { notify: false })
  }
}

/** Channels that are handed work: open, and not blocked. One that is still being set up only reports. */
function receives(c: KnownDetail): boolean {
  return !c.blocked && (c.lifecycle === 'active' || c.lifecycle === 'disenrolling')
}

function inbound(item: TurnItem): LoggedMessage[] {
  const [channel] = item.channels
  return item.turn.raw && channel ? [{ channel: channel.no, outbound: false, outcome: '', raw: item.turn.raw }] : []
}

function asPartSaid({ channels, said }: Heard): Parameters<TurnPart['settle']>[1][number] {
  const { id, ref, ...outcome } = said as Said & { id?: string; ref?: string }
  return { channel: ownerOf(channels, id), id, ref, outcome }
}

/** The channel an id names when it is one of the speaker's, else the speaker's first: the part then finds it foreign. */
function ownerOf(channels: readonly ChannelDetail[], id: string | undefined): ChannelDetail {
  const no = id === undefined ? undefined : Number.parseInt(id.slice(1), 36)
  return channels.find((c) => c.no === no) ?? (channels[0] as ChannelDetail)
}

async function writeState(tx: Tx, open: readonly { item: TurnItem; channels: KnownDetail[] }[]): Promise<void> {
  const rows = open.flatMap(({ item, channels }) => {
    const [channel] = channels
    return channel && (item.turn.state !== undefined || item.turn.push !== undefined)
      ? [{ no: channel.no, state: item.turn.state, push: item.turn.push }]
      : []
  })
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
