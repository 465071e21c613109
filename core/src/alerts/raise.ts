/** Writing what happened: a row that stays, and an event for whoever follows; many in one statement each. */
import type { EventMap, Json } from '@muster/contract'
import { jsonText, type Tx } from '../db/index.ts'
import type { Events } from '../events/index.ts'

export interface Raised {
  /** Absent: it is about the installation itself. */
  device?: { no: number; id: string }
  type: string
  severity: 'info' | 'warning' | 'critical'
  data: Json
}

export async function raise(tx: Tx, events: Events, all: readonly Raised[]): Promise<void> {
  if (all.length === 0) return
  await tx.query({
    name: 'raise-alerts',
    text: `insert into device_event (at, device, type, severity, data)
      select now(), device, type, severity, data from unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[]) as x (device, type, severity, data)`,
    values: [
      all.map((r) => r.device?.no ?? null),
      all.map((r) => r.type),
      all.map((r) => r.severity),
      all.map((r) => jsonText(r.data)),
    ],
  })
  const at = new Date().toISOString()
  await events.emitMany(
    tx,
    all.map((r) =>
      r.device
        ? { type: 'device.event', data: deviceEvent(r, r.device.id, at) }
        : { type: 'installation.event', data: { type: r.type, at, severity: r.severity, data: r.data } },
    ),
  )
}

function deviceEvent(r: Raised, device: string, at: string): EventMap['device.event'] {
  return { device, type: r.type, at, data: r.data }
}
