/** Waking sleeping devices: the plugin names the way, the pusher paces it. Polling stays the floor underneath. */
import type { ChannelDetail, OpenPlatform, Wake } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Db, Log } from '../db/index.ts'
import { type Devices, readDetails } from '../devices/index.ts'
import type { Events } from '../events/index.ts'

/** What stands behind it (APNs, FCM, WNS, MQTT, web push, SMS) coalesces per channel, paces and retries. */
export interface Pusher {
  push(channel: number, wake: Wake): void
}

const chunk = 500

export function createWaker(o: {
  db: Db
  log: Log
  events: Events
  devices: Devices
  pusher: Pusher
  opened: ReadonlyMap<string, OpenPlatform>
}) {
  const waking = [...o.opened].filter(([, p]) => p.wake).map(([id]) => id)

  async function everyone(urgent: boolean): Promise<void> {
    const rows = await o.db.query<{ no: number }>(sql`
      select distinct c.no from channel c join device d on d.no = c.device where d.platform = any(${waking}::text[]) and c.closed is null and c.push is not null
        and (exists (select from pending p where p.channel = c.no and p.state = 'pending') or exists (select from channel_set s where s.channel = c.no and (s.desired is distinct from s.applied or s.redo <> '{}')))`)
    await these(
      rows.map((r) => r.no),
      urgent,
    )
  }
  async function these(channels: readonly number[], urgent: boolean): Promise<void> {
    for (let i = 0; i < channels.length; i += chunk) {
      const details = await readDetails(o.db, channels.slice(i, i + chunk))
      for (const c of details.values()) wakeOne(c, urgent)
    }
  }
  function wakeOne(c: ChannelDetail, urgent: boolean): void {
    if (c.blocked || c.lifecycle === 'removed') return
    const wake = o.opened.get(c.platform)?.wake?.(c)
    if (wake) o.pusher.push(c.no, { ...wake, urgent: urgent || wake.urgent })
  }
  return {
    /** Nothing to do when no installed platform is woken: then nothing is followed either. */
    start: (): { stop(): Promise<void> } => {
      if (waking.length === 0) return { stop: async () => undefined }
      return o.events.follow({}, async (batch) => {
        for (const e of batch) {
          if (e.type !== 'channels.waiting') continue
          const { channels, urgent } = e.data
          await (channels === '*' ? everyone(urgent) : these(channels, urgent)).catch((error: unknown) =>
            o.log.warn({ err: error }, 'devices were not woken; they will poll'),
          )
        }
      })
    },
  }
}
