/** Whose a device was, and until when: a line in its timeline each time that changes. */
import type { JsonObject } from '@muster/contract'
import sql from 'sql-template-tag'
import { jsonText, type Tx } from '../db/index.ts'
import type { EnrollmentDeps } from './deps.ts'
import type { DeviceRow } from './store.ts'

/** Before the device is written. Nobody's device that becomes somebody's is news of the enrolment, not of an owner before. */
export async function tellOwner(
  d: Pick<EnrollmentDeps, 'events'>,
  tx: Tx,
  o: { device: DeviceRow; to: number | null; why: 'invitation' | 'invitation-of-nobody' | 'administrator' },
): Promise<void> {
  const { device, to, why } = o
  if (device.owner === null || device.owner === to) return
  const names = await tx.query<{ no: number; name: string }>(
    sql`select no, name from app_user where no = any(${[device.owner, to]}::bigint[])`,
  )
  const nameOf = (no: number | null) => names.find((u) => u.no === no)?.name ?? null
  const data: JsonObject = { was: nameOf(device.owner), now: nameOf(to), why }
  // That somebody's device came back as nobody's is for an administrator to look at.
  const severity = why === 'invitation-of-nobody' ? 'warning' : 'info'
  const [row] = await tx.query<{ at: Date }>(sql`
    insert into device_event (at, device, type, severity, data) values (now(), ${device.no}, ${type}, ${severity}, ${jsonText(data)}::jsonb) returning at`)
  if (row) await d.events.emit(tx, 'device.event', { device: device.id, type, at: row.at.toISOString(), data })
}
const type = 'device.owner-changed'
