/** Platforms that we must call (clouds, brokers): what waits is claimed and handed to the plugin at the rate it asks for. */
import type { Delivery, OpenPlatform } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Db, Log } from '../db/index.ts'
import { type Devices, type KnownChannel, type KnownDetail, readChannels } from '../devices/index.ts'
import type { Operations } from '../operations/index.ts'
import { reached, takeBack } from './take-back.ts'

export interface Deliverer {
  /** Hands over everything that waits now; answers how much it was. A first round of whoever leads takes back what its forerunner had claimed. */
  round(signal: AbortSignal): Promise<number>
}

/** Channels found by one look at most, and of those whose heads are read at one time. */
const channelsAtOnce = 10_000
const headsAtOnce = 500
const defaultRate = { perSecond: 50, inFlight: 100 } as const
/** Channels are looked up for this time: what is urgent waits no longer behind what is many. */
const aheadS = 10
/** Of what leaves in a second, and of what may be under way, so much is claimed at one time: nothing stands as handed over that waits here. */
const parts = { ofSecond: 5, ofInFlight: 2 } as const
/** A part that leaves late by no more than this does not put off those behind it: the rate holds over any longer time. */
const lateMs = 50

export function createDeliverer(o: {
  db: Db
  log: Log
  devices: Devices
  operations: Operations
  platform: string
  open: OpenPlatform
  settingsWaiting: (channels?: readonly number[]) => Promise<number[]>
  /** Channels looked up in one go at most. */
  atOnce?: number
}): Deliverer {
  const rate = o.open.rate ?? defaultRate
  const handOver = o.open.deliver?.bind(o.open)
  if (!handOver) throw new Error(`${o.platform} delivers nothing itself`)
  const deliver = handOver
  const lookedUp = Math.max(1, Math.min(o.atOnce ?? channelsAtOnce, Math.floor(rate.perSecond * aheadS)))
  const inFlight = Math.max(1, rate.inFlight)
  const partSize = Math.max(
    1,
    Math.min(Math.ceil(inFlight / parts.ofInFlight), Math.ceil(rate.perSecond / parts.ofSecond)),
  )
  const reach = { platform: o.platform, calls: o.open.calls }
  /** Those who led this node's work until now: each lead has a signal of its own. */
  const leads = new WeakSet<AbortSignal>()
  let freeAt = 0

  /** Channels that come by themselves are left to themselves. */
  const ours = reached(reach)
  const receiving = sql`${ours} and c.closed is null and e.state in ('active', 'disenrolling') and not e.blocked`

  /** Channels with something to fetch now, urgent ones first. What was looked at in vain is quiet until word of it comes, and keeps nobody else waiting; `busy` ones have something under way. */
  async function waiting(busy: ReadonlySet<number>): Promise<number[]> {
    const open = await o.db.query<{ channel: number }>(sql`
      select p.channel from pending p join channel c on c.no = p.channel join device d on d.no = c.device
      where ${ours} and p.state = 'pending' and (p.due is null or p.due <= now()) and p.deadline > now() and not d.blocked group by p.channel order by bool_or(p.urgent) desc, p.channel`)
    const all = [...new Set([...open.map((r) => r.channel), ...(await o.settingsWaiting())])].filter(
      (no) => !busy.has(no) && !o.devices.waiting.quiet(no),
    )
    if (all.length === 0) return []
    const reachable = await o.db.query<{ no: number }>(
      sql`select c.no from channel c join enrolment e on e.no = c.enrolment join device d on d.no = c.device where c.no = any(${all}::bigint[]) and ${receiving}`,
    )
    const mine = new Set(reachable.map((r) => r.no))
    return all.filter((no) => mine.has(no)).slice(0, lookedUp)
  }
  /** As they are by now, in this order. */
  async function headsOf(channels: readonly number[]): Promise<KnownChannel[]> {
    const read = await readChannels(o.db, sql`c.no = any(${channels}::bigint[]) and ${receiving}`)
    const heads = new Map(read.map((c) => [c.no, c]))
    return channels.flatMap((no) => heads.get(no) ?? [])
  }
  /** Claimed channel by channel through the same turn as any device, so leases, order and records are the same; one thing of each, so that its order holds. */
  async function claim(channels: readonly KnownChannel[]): Promise<Delivery[]> {
    return (await Promise.all(channels.map((c) => o.operations.turn([c], { take: 1 }, { unseen: true })))).flat()
  }
  /** What never left goes back, uncounted, instead of standing as handed over. */
  async function giveBack(rest: readonly Delivery[]): Promise<void> {
    const reason = { code: 'not-sent', text: 'The server stopped before it was sent.' }
    const back = (d: Delivery) =>
      o.operations.turn(
        [d.channel as KnownDetail],
        { said: [{ id: d.id, state: 'returned', reason }], take: 0 },
        { unseen: true },
      )
    await Promise.all(rest.map(back))
  }

  /** One round: parts that are under way together, as many as may be. */
  function begin(signal: AbortSignal) {
    const going = new Set<Promise<void>>()
    const busy = new Set<number>()
    const failed: unknown[] = []
    let total = 0
    const goesOn = () => !signal.aborted && failed.length === 0
    const one = () => Promise.race(going)

    function hand(part: readonly Delivery[]): void {
      total += part.length
      for (const d of part) busy.add(d.channel.no)
      const run = deliver(part, signal)
        .catch((e: unknown) => void failed.push(e))
        .then(() => {
          for (const d of part) busy.delete(d.channel.no)
          going.delete(run)
        })
      going.add(run)
    }
    async function handAll(channels: readonly KnownChannel[]): Promise<void> {
      let at = 0
      while (at < channels.length && goesOn()) {
        while (busy.size >= inFlight) await one()
        const next = channels.slice(at, at + Math.min(partSize, inFlight - busy.size))
        at += next.length
        // Claimed while the part before is under way and its time runs.
        const part = await claim(next)
        if (part.length === 0) continue
        await pause(freeAt - Date.now(), signal)
        if (!goesOn()) return giveBack(part)
        freeAt = Math.max(freeAt, Date.now() - lateMs) + (part.length / rate.perSecond) * 1000
        hand(part)
      }
    }
    return async (): Promise<number> => {
      while (goesOn()) {
        const channels = await waiting(busy)
        for (let at = 0; at < channels.length && goesOn(); at += headsAtOnce)
          await handAll(await headsOf(channels.slice(at, at + headsAtOnce)))
        if (channels.length > 0) continue
        if (going.size === 0) break
        await one()
      }
      await Promise.all(going)
      if (failed.length > 0) throw failed[0]
      return total
    }
  }
  return {
    round: async (signal) => {
      if (!leads.has(signal)) {
        await takeBack(o.db, reach)
        leads.add(signal)
      }
      return begin(signal)()
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
