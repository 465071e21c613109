/** Platforms that we must call (clouds, brokers): what waits is claimed and handed to the plugin at the rate it asks for. */
import type { Delivery, OpenPlatform } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Db, Log } from '../db/index.ts'
import { type Devices, readChannels } from '../devices/index.ts'
import type { Operations } from '../operations/index.ts'

export interface Deliverer {
  /** Hands over everything that waits now; answers how much it was. */
  round(signal: AbortSignal): Promise<number>
}

/** Channels claimed in one go, and deliveries taken per channel. */
const bounds = { channels: 200, take: 10 } as const
const defaultRate = { perSecond: 50, inFlight: 100 } as const

export function createDeliverer(o: {
  db: Db
  log: Log
  devices: Devices
  operations: Operations
  platform: string
  open: OpenPlatform
  settingsWaiting: (channels?: readonly number[]) => Promise<number[]>
  now?: () => number
}): Deliverer {
  const rate = o.open.rate ?? defaultRate
  const deliver = o.open.deliver?.bind(o.open)
  if (!deliver) throw new Error(`${o.platform} delivers nothing itself`)

  async function waiting(): Promise<number[]> {
    const open = await o.db.query<{ channel: number }>(sql`
      select distinct p.channel from pending p join channel c on c.no = p.channel join device d on d.no = c.device
      where d.platform = ${o.platform} and p.state = 'pending' and (p.due is null or p.due <= now()) and p.deadline > now() and not d.blocked order by p.channel limit ${bounds.channels}`)
    const settings = await o.settingsWaiting()
    return [...new Set([...open.map((r) => r.channel), ...settings])]
  }
  /** Claimed channel by channel through the same turn as any device, so leases, order and records are the same. */
  async function claim(channels: readonly number[]): Promise<Delivery[]> {
    const known = await readChannels(
      o.db,
      sql`c.no = any(${channels}::bigint[]) and d.platform = ${o.platform} and c.closed is null and e.state in ('active', 'disenrolling') and not e.blocked`,
    )
    const taken = await Promise.all(
      known.slice(0, bounds.channels).map((c) => o.operations.turn([c], { take: bounds.take })),
    )
    return taken.flat()
  }
  return {
    round: async (signal) => {
      let total = 0
      for (;;) {
        const batch = await claim(await waiting())
        if (batch.length === 0 || signal.aborted) return total
        for (let i = 0; i < batch.length && !signal.aborted; i += rate.inFlight) {
          const part = batch.slice(i, i + rate.inFlight)
          const started = Date.now()
          await deliver(part, signal)
          total += part.length
          const due = (part.length / rate.perSecond) * 1000 - (Date.now() - started)
          if (due > 0 && i + rate.inFlight < batch.length) await new Promise((resolve) => setTimeout(resolve, due))
        }
      }
    },
  }
}
