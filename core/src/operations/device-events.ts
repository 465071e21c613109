/** What devices tell of themselves without being asked: kept per device, and passed on as events. */
import type { Json } from '@muster/contract'
import { jsonText, type Tx } from '../db/index.ts'
import { type KnownDetail, readTime } from '../devices/index.ts'
import type { Events } from '../events/index.ts'

export interface ToldEvent {
  channel: KnownDetail
  type: string
  at: string
  data: Json
  severity?: 'info' | 'warning' | 'critical'
}

/** A device's clock may be wrong: an event is never later than now, nor older than a month, which the partitions could have dropped. */
export async function writeDeviceEvents(tx: Tx, events: Events, told: readonly ToldEvent[]): Promise<void> {
  if (told.length === 0) return
  const type = (e: ToldEvent) => e.type.toWellFormed().replaceAll('\0', '').slice(0, 64)
  const at = (e: ToldEvent) => readTime(e.at) ?? new Date()
  await tx.query({
    name: 'write-device-events',
    text: `insert into device_event (at, device, type, severity, data)
      select greatest(least(at, now()), now() - interval '30 days'), device, type, severity, data from unnest($1::timestamptz[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[]) as x (at, device, type, severity, data)`,
    values: [
      told.map(at),
      told.map((e) => e.channel.deviceNo),
      told.map(type),
      told.map((e) => e.severity ?? 'info'),
      told.map((e) => jsonText(e.data)),
    ],
  })
  await events.emitMany(
    tx,
    told.map((e) => ({
      type: 'device.event' as const,
      data: { device: e.channel.device, type: type(e), at: at(e).toISOString(), data: e.data },
    })),
  )
}
