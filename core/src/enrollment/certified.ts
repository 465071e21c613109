/** Devices that begin by a certificate: one issued for an invitation, or the one they are in with already. */
import { createHash } from 'node:crypto'
import { type Ownership, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import { decides, type Identifier, sameDevice } from './identity.ts'
import type { Claim } from './invitations.ts'
import { candidates, lockDevice } from './store.ts'

/** What a certificate stands for: an invitation to be claimed, a device that begins again, or a channel that has begun and is not active yet. */
export interface Held {
  fingerprint: Buffer
  invited?: { invitation: number }
  bound?: Claim
  again?: number
}
interface Row {
  serial: string
  invitation: number | null
  channel: number | null
  device: number | null
  state: string | null
  closed: boolean | null
}

export const fingerprintOf = (der: Uint8Array): Buffer => createHash('sha256').update(der).digest()

/** Locks the certificate. Problems: device-gone (unknown, revoked, expired, or of an enrolment that ended), foreign-device (the identifiers are another device's). */
export async function holdCertificate(
  tx: Tx,
  der: Uint8Array,
  platform: string,
  given: readonly Identifier[],
): Promise<Held> {
  const fingerprint = fingerprintOf(der)
  const [row] = await tx.query<Row>(sql`
    select x.serial, x.invitation, x.channel, c.device, e.state, c.closed is not null as closed
    from certificate x left join channel c on c.no = x.channel left join enrolment e on e.no = c.enrolment
    where x.fingerprint = ${fingerprint} and x.revoked is null and x.not_after > now() for update of x`)
  if (row && row.channel === null && row.invitation !== null)
    return { fingerprint, invited: { invitation: row.invitation } }
  if (!row?.device || !row.channel || row.closed || row.state === 'disenrolling') throw new Problem('device-gone')
  const known = sameDevice(given, await candidates(tx, platform, given.filter(decides)))
  if (known !== undefined && known !== row.device) throw new Problem('foreign-device')
  if (row.state === 'created') return { fingerprint, again: row.channel }
  const device = await lockDevice(tx, sql`no = ${row.device}`)
  if (device?.platform !== platform) throw new Problem('foreign-device')
  const ownership: Ownership = device.ownership
  return {
    fingerprint,
    bound: { no: row.invitation, platform, ownership, user: device.owner, device: device.no },
  }
}

/** The certificate lets this channel in; one that ended with the epoch before lives on. */
export async function bindCertificate(tx: Tx, held: Held, channel: number): Promise<void> {
  await tx.affected(
    sql`update certificate set channel = ${channel}, revoked = null, reason = null where fingerprint = ${held.fingerprint}`,
  )
  await tx.affected(sql`
    insert into credential (hash, channel, kind, expires) select fingerprint, ${channel}, 'certificate', not_after from certificate where fingerprint = ${held.fingerprint}
    on conflict (hash) do update set channel = excluded.channel, expires = excluded.expires, revoked = null`)
}
