/** Waking sleeping devices: the plugin names the way, the pusher paces it. Polling stays the floor underneath. */
import type { ChannelDetail, Json, OpenPlatform, Pusher } from '@muster/contract'
import sql, { type Sql } from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import { type Db, jsonText, type Log } from '../db/index.ts'
import { type Devices, readDetails } from '../devices/index.ts'
import type { EventRecord, Events } from '../events/index.ts'
import type { PlatformsDeps } from './deps.ts'

const chunk = 500
/** How long a node that stands by waits before it asks again. */
const standbyMs = 2_000
/** Seconds between two looks for devices that are to be woken again. */
export const againEveryS = 60
/** How often a device was woken again by the time that its work has waited so long (seconds): after 1, 2, 4 ... 64 minutes, then each hour. */
const wakings = (age: Sql) =>
  sql`case when ${age} < 60 then 0 when ${age} < 3840 then 1 + floor(ln((${age}) / 60) / ln(2) + 1e-9) else 7 + floor((${age} - 3840) / 3600) end`

export function createWaker(o: {
  db: Db
  log: Log
  events: Events
  devices: Devices
  audit: Audit
  raise: PlatformsDeps['raise']
  pusher: Pusher
  opened: ReadonlyMap<string, OpenPlatform>
}) {
  let lookedAt: number | undefined
  const waking = () => [...o.opened].filter(([, p]) => p.wake).map(([id]) => id)

  /** All that work waits for. */
  async function everyone(urgent = false): Promise<void> {
    if (waking().length === 0) return
    const rows = await o.db.query<{ no: number }>(sql`
      select distinct c.no from channel c join device d on d.no = c.device where d.platform = any(${waking()}::text[]) and c.closed is null and c.push is not null
        and (exists (select from pending p where p.channel = c.no and p.state = 'pending') or exists (select from channel_set s where s.channel = c.no and (s.desired is distinct from s.applied or s.redo <> '{}')))`)
    await these(
      rows.map((r) => r.no),
      urgent,
    )
  }
  /** Those whose work has waited, since the look before (so many seconds ago), for another of the times after which a device is woken again. */
  async function again(gapS: number = sinceLook()): Promise<void> {
    if (waking().length === 0) return
    const rows = await o.db.query<{ no: number }>(sql`
      with work as (
        select channel, extract(epoch from now() - min(since))::float8 as age from (
          select p.channel, p.updated as since from pending p where p.state = 'pending'
          union all select s.channel, s.changed from channel_set s where s.desired is distinct from s.applied or s.redo <> '{}') w group by channel)
      select c.no from work w join channel c on c.no = w.channel join device d on d.no = c.device
      where d.platform = any(${waking()}::text[]) and c.closed is null and c.push is not null and ${wakings(sql`w.age`)} > ${wakings(sql`w.age - ${gapS}::float8`)} order by c.no`)
    await these(
      rows.map((r) => r.no),
      false,
    )
  }
  function sinceLook(): number {
    const now = Date.now()
    const gapS = lookedAt === undefined ? againEveryS : Math.min(3600, (now - lookedAt) / 1000)
    lookedAt = now
    return gapS
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
    if (wake) o.pusher.push(c.no, { ...wake, urgent: urgent || wake.urgent }, c.platform)
  }
  /** Cleared only while it still stands: a device that came meanwhile has given another. It polls, or comes when it comes. */
  async function dead(channel: number, to: Json, reason: string): Promise<void> {
    await o.db.tx(async (tx) => {
      const [c] = await tx.query<{ no: number; id: string; name: string }>(sql`
        update channel c set push = null from device d where c.no = ${channel} and d.no = c.device and c.push @> ${jsonText(to)}::jsonb and c.closed is null
        returning d.no, d.id, c.name`)
      if (!c) return
      const about = { channel: c.name, reason }
      await o.audit.write(tx, {
        actor: 'system',
        act: 'device.push-address-dead',
        subject: `device:${c.id}`,
        detail: about,
      })
      await o.raise(tx, [{ device: c, type: 'device.unwakeable', severity: 'warning', data: about }])
    })
  }
  async function told(batch: readonly EventRecord<'channels.waiting'>[]): Promise<void> {
    for (const e of batch) {
      const { channels, urgent } = e.data
      await (channels === '*' ? everyone(urgent) : these(channels, urgent)).catch((error: unknown) =>
        o.log.warn({ err: error }, 'devices were not woken; they will poll'),
      )
    }
  }
  /** From the lock on until it is lost; what came before is made up for. */
  async function lead(ended: AbortSignal): Promise<void> {
    const follower = o.events.follow({ hears: ['channels.waiting'] }, told)
    try {
      await follower.ready
      await everyone()
      await pause(Number.POSITIVE_INFINITY, ended)
    } finally {
      await follower.stop()
    }
  }
  return {
    again,
    /** Whether any platform's devices are woken. */
    any: () => waking().length > 0,
    /** One node at a time wakes. Nothing to do when no installed platform is woken: then nothing is followed either. */
    start: (): { stop(): Promise<void> } => {
      if (waking().length === 0) return { stop: async () => undefined }
      o.pusher.connect?.({ credential: async (platform, name) => o.opened.get(platform)?.credential?.(name), dead })
      const stopping = new AbortController()
      const running = (async () => {
        while (!stopping.signal.aborted) {
          await o.db
            .lock('wake', (lost) => lead(AbortSignal.any([lost, stopping.signal])))
            .catch((error: unknown) => o.log.warn({ err: error }, 'devices are not woken now; they poll'))
          await pause(standbyMs, stopping.signal)
        }
      })()
      return {
        stop: async () => {
          stopping.abort()
          await running
        },
      }
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = Number.isFinite(ms) ? setTimeout(done, ms) : undefined
    signal.addEventListener('abort', done)
  })
}
