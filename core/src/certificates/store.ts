/** The SQL of certificates. */
import sql, { empty } from 'sql-template-tag'
import type { Sqlish, Tx } from '../db/index.ts'

export interface CertificateRow {
  serial: string
  subject: string
  channel: number | null
  device: string | null
  not_before: Date
  not_after: Date
  revoked: Date | null
  reason: string | null
}
export interface ChannelHead {
  device: string
  name: string
  now: Date
}

/** A channel that may still be certified; undefined when it is closed or there is none. */
export async function openChannel(on: Sqlish, channel: number): Promise<ChannelHead | undefined> {
  return (
    await on.query<ChannelHead>(
      sql`select d.id as device, c.name, now() from channel c join device d on d.no = c.device where c.no = ${channel} and c.closed is null`,
    )
  )[0]
}

/** Locks it against being closed while a certificate is written for it. */
export async function holdChannel(tx: Tx, channel: number): Promise<boolean> {
  return (await tx.query(sql`select from channel where no = ${channel} and closed is null for share`)).length === 1
}

export async function insertCertificate(
  tx: Tx,
  c: {
    serial: string
    fingerprint: Buffer
    authority: number
    channel: number | null
    subject: string
    der: Buffer
    notBefore: Date
    notAfter: Date
  },
): Promise<void> {
  await tx.affected(sql`
    insert into certificate (serial, fingerprint, authority, channel, subject, certificate, not_before, not_after)
    values (${c.serial}, ${c.fingerprint}, ${c.authority}, ${c.channel}, ${c.subject}, ${c.der}, ${c.notBefore}, ${c.notAfter})`)
  if (c.channel === null) return
  await tx.affected(
    sql`insert into credential (hash, channel, kind, expires) values (${c.fingerprint}, ${c.channel}, 'certificate', ${c.notAfter})`,
  )
}

/** Written of a certificate for a key that is bound to no channel yet. */
export interface ForInvitation {
  serial: string
  fingerprint: Buffer
  authority: number
  invitation: number
  subject: string
  der: Buffer
  notBefore: Date
  notAfter: Date
}

/** In the order of their numbers, so that two who hold several never wait for each other. */
export async function lockInvitations(tx: Tx, invitations: readonly number[]): Promise<void> {
  await tx.query({
    name: 'certificates-lock',
    text: `select pg_advisory_xact_lock(key) from (
      select distinct hashtextextended('certificate of invitation ' || n, 7313) as key from unnest($1::bigint[]) as g (n) order by 1) as keys`,
    values: [invitations],
  })
}

/** Numbers of the invitations whose certificate was written; the others have one. */
export async function insertForInvitations(tx: Tx, all: readonly ForInvitation[]): Promise<number[]> {
  const rows = await tx.query<{ invitation: number }>({
    name: 'certificates-insert',
    text: `insert into certificate (serial, fingerprint, authority, channel, invitation, subject, certificate, not_before, not_after)
      select serial, fingerprint, authority, null, invitation, subject, certificate, not_before, not_after
      from unnest($1::text[], $2::bytea[], $3::integer[], $4::bigint[], $5::text[], $6::bytea[], $7::timestamptz[], $8::timestamptz[])
        as g (serial, fingerprint, authority, invitation, subject, certificate, not_before, not_after) order by invitation
      on conflict (invitation) where invitation is not null and revoked is null do nothing returning invitation`,
    values: [
      all.map((c) => c.serial),
      all.map((c) => c.fingerprint),
      all.map((c) => c.authority),
      all.map((c) => c.invitation),
      all.map((c) => c.subject),
      all.map((c) => c.der),
      all.map((c) => c.notBefore),
      all.map((c) => c.notAfter),
    ],
  })
  return rows.map((r) => r.invitation)
}

/** What was issued for an invitation, and is not revoked. */
export async function ofInvitation(on: Sqlish, invitation: number): Promise<Buffer | undefined> {
  const [row] = await on.query<{ certificate: Buffer }>(
    sql`select certificate from certificate where invitation = ${invitation} and revoked is null`,
  )
  return row?.certificate
}

/**
 * Open channels whose certificate in use ends soon. In use is the oldest that nothing came after: those before the one that a device has
 * taken into use were cut short (devices/identity), so a successor that was issued and never used does not hide that its device needs another.
 */
export async function endingSoon(
  on: Sqlish,
  o: { platform: string; withinS: number; beyond: number },
): Promise<{ channel: number; notAfter: Date }[]> {
  return on.query(sql`
    select distinct on (x.channel) x.channel, x.not_after as "notAfter" from certificate x
    join credential k on k.hash = x.fingerprint and k.revoked is null and k.expires >= x.not_after
    join channel c on c.no = x.channel and c.closed is null join device d on d.no = c.device and d.platform = ${o.platform}
    where x.channel > ${o.beyond} and x.revoked is null and x.not_after > now() and x.not_after < now() + make_interval(secs => ${o.withinS})
      and not exists (
        select from credential o where o.channel = x.channel and o.kind = 'certificate' and o.revoked is null and o.created < k.created and o.expires > k.expires)
    order by x.channel, k.created limit 1000`)
}

const selection = sql`
  select x.serial, x.subject, x.channel, d.id as device, x.not_before, x.not_after, x.revoked, x.reason
  from certificate x left join channel c on c.no = x.channel left join device d on d.no = c.device`

export async function bySerial(on: Sqlish, serial: string): Promise<CertificateRow | undefined> {
  return (await on.query<CertificateRow>(sql`${selection} where x.serial = ${serial}`))[0]
}

/** Newest first. */
export async function listCertificates(
  on: Sqlish,
  o: { before?: [string, string]; limit: number; device?: string },
): Promise<CertificateRow[]> {
  const before = o.before ? sql`and (x.not_before, x.serial) < (${o.before[0]}::timestamptz, ${o.before[1]})` : empty
  const device = o.device === undefined ? empty : sql`and d.id = ${o.device}::uuid`
  return on.query<CertificateRow>(
    sql`${selection} where true ${before} ${device} order by x.not_before desc, x.serial desc limit ${o.limit}`,
  )
}

/** Compare-and-set; answers what it revoked. Their credentials die with them, and the list of their authority must be signed anew. */
export async function revokeWhere(
  tx: Tx,
  which: { serial: string } | { channels: readonly number[] },
  reason: string,
): Promise<{ serial: string; channel: number | null }[]> {
  const by = 'serial' in which ? sql`serial = ${which.serial}` : sql`channel = any(${which.channels}::bigint[])`
  const rows = await tx.query<{ serial: string; channel: number | null; fingerprint: Buffer; authority: number }>(sql`
    update certificate set revoked = now(), reason = ${reason} where ${by} and revoked is null and not_after > now() returning serial, channel, fingerprint, authority`)
  if (rows.length === 0) return []
  await tx.affected(
    sql`update credential set revoked = now() where hash = any(${rows.map((r) => r.fingerprint)}::bytea[]) and revoked is null`,
  )
  await tx.affected(sql`update authority set crl = null where no = any(${rows.map((r) => r.authority)}::integer[])`)
  return rows
}
