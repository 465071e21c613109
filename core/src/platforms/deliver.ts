/** Platforms that we must call (clouds, brokers): what waits is claimed and handed to the plugin at the rate it asks for. */
import type { Delivery, OpenPlatform } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import type { Db, Log } from '../db/index.ts'
import { type Devices, type KnownChannel, type KnownDetail, readChannels } from '../devices/index.ts'
import type { Operations } from '../operations/index.ts'

export interface Deliverer {
  /** Hands over everything that waits now; answers how much it was. */
  round(signal: AbortSignal): Promise<number>
}

/** Channels claimed in one go, and deliveries taken per channel. */
const bounds = { channels: 200, take: 10 } as const
const defaultRate = { perSecond: 50, inFlight: 100 } as const
/** Nothing is claimed that would not leave within this time: a lease must not run out while it waits here. */
const aheadS = 60

export function createDeliverer(o: {
  db: Db
  log: Log
  devices: Devices
  operations: Operations
  platform: string
  open: OpenPlatform
  settingsWaiting: (channels?: readonly number[]) => Promise<number[]>
  /** Channels claimed in one go at most. */
  atOnce?: number
}): Deliverer {
  const rate = o.open.rate ?? defaultRate
  const deliver = o.open.deliver?.bind(o.open)
  if (!deliver) throw new Error(`${o.platform} delivers nothing itself`)
  const budget = Math.max(1, Math.floor(rate.perSecond * aheadS))
  const take = Math.min(bounds.take, budget)
  const channelsAtOnce = Math.max(1, Math.min(o.atOnce ?? bounds.channels, Math.floor(budget / take)))
  const partSize = Math.max(1, Math.min(rate.inFlight, Math.ceil(rate.perSecond)))
  let freeAt = 0

  /** Channels that come by themselves are left to themselves. */
  const ours = o.open.calls ? sql`and split_part(c.name, ':', 1) = any(${[...o.open.calls]}::text[])` : empty

  /** Channels with something to fetch now. What was looked at in vain is quiet until word of it comes, and keeps nobody else waiting. */
  async function waiting(): Promise<KnownChannel[]> {
    const open = await o.db.query<{ channel: number }>(sql`
      select distinct p.channel from pending p join channel c on c.no = p.channel join device d on d.no = c.device
      where d.platform = ${o.platform} ${ours} and p.state = 'pending' and (p.due is null or p.due <= now()) and p.deadline > now() and not d.blocked`)
    const all = [...new Set([...open.map((r) => r.channel), ...(await o.settingsWaiting())])].filter(
      (no) => !o.devices.waiting.quiet(no),
    )
    if (all.length === 0) return []
    return readChannels(
      o.db,
      sql`c.no = any(${all}::bigint[]) and d.platform = ${o.platform} ${ours} and c.closed is null and e.state in ('active', 'disenrolling') and not e.blocked order by c.no limit ${channelsAtOnce}`,
    )
  }
  /** Claimed channel by channel through the same turn as any device, so leases, order and records are the same. */
  async function claim(channels: readonly KnownChannel[]): Promise<Delivery[]> {
    return (await Promise.all(channels.map((c) => o.operations.turn([c], { take }, { unseen: true })))).flat()
  }
  /** What never left goes back, uncounted, instead of standing as handed over. */
  async function giveBack(rest: readonly Delivery[]): Promise<void> {
    const reason = { code: 'not-sent', text: 'The server stopped before it was sent.' }
    for (const d of rest)
      await o.operations.turn(
        [d.channel as KnownDetail],
        { said: [{ id: d.id, state: 'returned', reason }], take: 0 },
        { unseen: true },
      )
  }
  async function hand(batch: readonly Delivery[], signal: AbortSignal): Promise<void> {
    let begun = 0
    try {
      while (begun < batch.length) {
        await pause(freeAt - Date.now(), signal)
        if (signal.aborted) return
        const part = batch.slice(begun, begun + partSize)
        begun += part.length
        freeAt = Date.now() + (part.length / rate.perSecond) * 1000
        await deliver?.(part, signal)
      }
    } finally {
      await giveBack(batch.slice(begun))
    }
  }
  return {
    round: async (signal) => {
      let total = 0
      while (!signal.aborted) {
        const channels = await waiting()
        if (channels.length === 0) break
        const batch = await claim(channels)
        total += batch.length
        await hand(batch, signal)
      }
      return total
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
