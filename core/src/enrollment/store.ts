/** The SQL of enrolments, channels, credentials and identifiers. */
import type { IdentifierKind, Ownership } from '@muster/contract'
import sql, { join, type Sql } from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import type { Candidate, Identifier } from './identity.ts'
import { before, type EnrolmentState } from './states.ts'

export interface DeviceRow {
  no: number
  id: string
  platform: string
  owner: number | null
  ownership: Ownership
  blocked: boolean
}
export interface EnrolmentRow {
  no: number
  device: number
  epoch: number
  ownership: Ownership
  state: EnrolmentState
  blocked: boolean
  licence: number | null
}
const deviceColumns = sql`no, id, platform, owner, ownership, blocked`
const enrolmentColumns = sql`no, device, epoch, ownership, state, blocked, licence`

/** Every change of a device's enrolment begins by locking the device: no two changes interleave, no two lock in another order. */
export async function lockDevice(tx: Tx, by: Sql): Promise<DeviceRow | undefined> {
  return (await tx.query<DeviceRow>(sql`select ${deviceColumns} from device where ${by} for update`))[0]
}

export async function openEnrolment(tx: Tx, device: number): Promise<EnrolmentRow | undefined> {
  return (
    await tx.query<EnrolmentRow>(
      sql`select ${enrolmentColumns} from enrolment where device = ${device} and state <> 'removed' for update`,
    )
  )[0]
}

export async function enrolmentOf(tx: Tx, channel: number): Promise<EnrolmentRow | undefined> {
  return (
    await tx.query<EnrolmentRow>(
      sql`select ${enrolmentColumns} from enrolment where no = (select enrolment from channel where no = ${channel}) for update`,
    )
  )[0]
}

/** The guarded step: touches only rows whose state allows it, and says which those were. */
export async function move(
  tx: Tx,
  enrolments: readonly number[],
  to: EnrolmentState,
  set: Sql,
): Promise<EnrolmentRow[]> {
  return tx.query<EnrolmentRow>(sql`
    update enrolment set state = ${to}, ${set} where no = any(${enrolments}::bigint[]) and state = any(${before(to)}::text[]) returning ${enrolmentColumns}`)
}

export async function insertEnrolment(
  tx: Tx,
  e: {
    device: number
    ownership: Ownership
    blocked: boolean
    invitation?: number
  },
): Promise<{ no: number; epoch: number }> {
  const rows = await tx.query<{ no: number; epoch: number }>(sql`
    insert into enrolment (device, epoch, ownership, blocked, invitation, deadline)
    select ${e.device}, coalesce(max(epoch), 0) + 1, ${e.ownership}, ${e.blocked}, ${e.invitation ?? null}, now() + interval '24 hours' from enrolment where device = ${e.device}
    returning no, epoch`)
  return rows[0]!
}

/** The same enrolment goes on in the next epoch, in the state it had. */
export async function continueEnrolment(
  tx: Tx,
  old: EnrolmentRow,
  next: { ownership: Ownership; keepLicence: boolean },
): Promise<{ no: number; epoch: number }> {
  const rows = await tx.query<{ no: number; epoch: number }>(sql`
    insert into enrolment (device, epoch, ownership, state, blocked, invitation, licence, licence_accepted, activated, deadline)
    select device, epoch + 1, ${next.ownership}, ${old.state}, blocked, invitation, case when ${next.keepLicence} then licence end, case when ${next.keepLicence} then licence_accepted end,
      case when ${old.state} = 'active' then now() end, deadline
    from enrolment where no = ${old.no} returning no, epoch`)
  return rows[0]!
}

/** The enrolment's channel of that name, made if it is not there yet. */
export async function ensureChannel(
  tx: Tx,
  c: { enrolment: number; device: number; epoch: number; name: string },
): Promise<{ no: number; made: boolean }> {
  const rows = await tx.query<{ no: number }>(sql`
    insert into channel (enrolment, device, epoch, name) values (${c.enrolment}, ${c.device}, ${c.epoch}, ${c.name}) on conflict (enrolment, name) do nothing returning no`)
  if (rows[0]) return { no: rows[0].no, made: true }
  const [there] = await tx.query<{ no: number }>(
    sql`select no from channel where enrolment = ${c.enrolment} and name = ${c.name}`,
  )
  return { no: there!.no, made: false }
}

export async function openChannels(tx: Tx, device: number): Promise<{ no: number; name: string }[]> {
  return tx.query(sql`select no, name from channel where device = ${device} and closed is null order by no`)
}

/** Devices of the platform that share an identifier with the caller, with all their open identifiers. Looked up one by one: joined, a plan of before the fleet came read all of it. */
export async function candidates(tx: Tx, platform: string, given: readonly Identifier[]): Promise<Candidate[]> {
  if (given.length === 0) return []
  const rows = await tx.query<{
    device: number
    kind: IdentifierKind
    value: string
  }>(sql`
    with shared as materialized (select distinct device from identifier where until is null and (kind, value) in (${pairs(given)}))
    select s.device, i.kind, i.value from shared s
      cross join lateral (select from device d where d.no = s.device and d.platform = ${platform} offset 0) d
      cross join lateral (select i.kind, i.value from identifier i where i.device = s.device and i.until is null offset 0) i
    order by s.device desc`)
  return [...Map.groupBy(rows, (r) => r.device)].map(([device, identifiers]) => ({ device, identifiers }))
}

/** Two begins for one device wait for each other here, even while the device has no row yet to lock. */
export async function lockIdentifiers(tx: Tx, given: readonly Identifier[]): Promise<void> {
  if (given.length === 0) return
  await tx.query(sql`
    select pg_advisory_xact_lock(key) from (
      select distinct hashtextextended(kind || '|' || value, 7311) as key from unnest(${given.map((i) => i.kind)}::text[], ${given.map((i) => i.value)}::text[]) as g(kind, value) order by 1
    ) as keys`)
}

/** Whether one of these was vouched for as this device's when it began before. */
export async function provenBefore(tx: Tx, device: number, sure: readonly Identifier[]): Promise<boolean> {
  if (sure.length === 0) return false
  const rows = await tx.query(
    sql`select from identifier where device = ${device} and until is null and proven and (kind, value) in (${pairs(sure)})`,
  )
  return rows.length > 0
}

/** Gives the identifiers to this device: whoever held one before holds it no longer. `keep`: what was proven before is still so, as the device proved itself otherwise. */
export async function takeIdentifiers(
  tx: Tx,
  device: number,
  given: readonly Identifier[],
  { proven, keep }: { proven: readonly IdentifierKind[]; keep: boolean },
): Promise<void> {
  if (given.length === 0) return
  await tx.query(
    sql`update identifier set until = now() where until is null and device <> ${device} and (kind, value) in (${pairs(given)})`,
  )
  await tx.query(sql`
    insert into identifier (kind, value, device, proven) select kind, value, ${device}::bigint, kind = any(${proven}::text[]) from unnest(${given.map((i) => i.kind)}::text[], ${given.map((i) => i.value)}::text[]) as g(kind, value)
    on conflict (kind, value) where until is null do update set proven = excluded.proven or (identifier.proven and ${keep}) where identifier.proven`)
}

function pairs(given: readonly Identifier[]): Sql {
  return join(given.map((i) => sql`(${i.kind}, ${i.value})`))
}
