/**
 * Devices that come in crowds, each new and with a code or a certificate of its own: all of one batch come in by the same few statements and one commit.
 * Whatever is unusual (a device that is known, a code that is not open, a certificate that is in use) is left to `begin`, which knows every case.
 */
import type { IdentifierKind, JsonObject } from '@muster/contract'
import { type Tx, uuidv7 } from '../db/index.ts'
import type { KnownChannel } from '../devices/index.ts'
import { clientHash, type DeviceClient } from './credentials.ts'
import type { EnrollmentDeps } from './deps.ts'
import type { Identifier } from './identity.ts'
import { lockIdentifiers } from './store.ts'

/** One that may come in with others: by its code, or by the certificate that was issued for it. */
export interface Plain {
  codeHash?: Buffer
  fingerprint?: Buffer
  platform: string
  channel: string
  name: string
  identifiers: readonly Identifier[]
  /** Kinds of them that the platform vouches for. */
  proven: readonly IdentifierKind[]
  facts?: JsonObject
  client?: DeviceClient & { secretHash: Uint8Array }
}

interface Row {
  n: number
  device: number
  id: string
  enrolment: number
  channel: number
  invitation: number
  ownership: KnownChannel['ownership']
  identifiers: number
}

/**
 * `skip locked`: somebody else spends this code now; alone it waits for how that ends. A device that shares an identifier with a known one is
 * left out; the identifiers are locked, so nobody who begins can come in between. They are looked up one by one: joined, all were read for each.
 */
const enter = (by: 'code' | 'certificate') => `
  with given as (select * from unnest($1::integer[], $2::bytea[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::jsonb[], $11::bytea[])
      as g (n, hash, platform, id, name, channel, client, client_name, secret, metadata, credential)),
  said as (select * from unnest($12::integer[], $13::text[], $14::text[], $15::boolean[]) as s (n, kind, value, proven)),
  claim as materialized (
    select g.*, i.no as invitation, i.user_no, i.ownership, ${by === 'code' ? 'null::timestamptz' : 'x.not_after'} as not_after from given g ${claimed[by]}
    where i.platform = g.platform and i.used is null and i.revoked is null and i.expires > now()
      and not exists (select from app_user u where u.no = i.user_no and u.disabled)
      and not exists (
        select from said s cross join lateral (select from identifier k where k.kind = s.kind and k.value = s.value and k.until is null limit 1) k where s.n = g.n)
    order by i.no for update of i${by === 'code' ? '' : ', x'} skip locked),
  devices as (insert into device (id, platform, owner, ownership, name) select id, platform, user_no, ownership, name from claim order by n returning no, id),
  spent as (update invitation i set used = now(), used_by = d.no from claim c join devices d using (id) where i.no = c.invitation),
  enrolments as (
    insert into enrolment (device, epoch, ownership, blocked, invitation, deadline)
    select d.no, 1, c.ownership, false, c.invitation, now() + interval '24 hours' from claim c join devices d using (id) order by c.n returning no, device),
  channels as (
    insert into channel (enrolment, device, epoch, name)
    select e.no, d.no, 1, c.channel from claim c join devices d using (id) join enrolments e on e.device = d.no order by c.n returning no, device),
  clients as (
    insert into oauth_client (id, name, secret_hash, metadata, channel)
    select c.client, c.client_name, c.secret, c.metadata, h.no from claim c join devices d using (id) join channels h on h.device = d.no where c.client is not null order by c.n),
  bound as (
    insert into credential (hash, channel, kind)
    select c.credential, h.no, 'client' from claim c join devices d using (id) join channels h on h.device = d.no where c.client is not null),
  certified as (
    update certificate x set channel = h.no from claim c join devices d using (id) join channels h on h.device = d.no where x.fingerprint = c.hash and c.not_after is not null),
  shown as (
    insert into credential (hash, channel, kind, expires)
    select c.hash, h.no, 'certificate', c.not_after from claim c join devices d using (id) join channels h on h.device = d.no where c.not_after is not null),
  named as (
    insert into identifier (kind, value, device, proven) select s.kind, s.value, d.no, s.proven from said s join claim c using (n) join devices d using (id)
    on conflict (kind, value) where until is null do nothing returning device)
  select c.n, d.no as device, d.id, e.no as enrolment, h.no as channel, c.invitation, c.ownership, (select count(*) from named k where k.device = d.no) as identifiers
  from claim c join devices d using (id) join enrolments e on e.device = d.no join channels h on h.device = d.no order by c.n`

const claimed = {
  code: 'join invitation i on i.hash = g.hash',
  certificate:
    'join certificate x on x.fingerprint = g.hash and x.channel is null and x.revoked is null and x.not_after > now() join invitation i on i.no = x.invitation',
} as const
/** Without names, so planned each time: a plan that is kept is from when there was nobody yet, and reads the whole fleet for each. */
const statements = { code: { text: enter('code') }, certificate: { text: enter('certificate') } } as const

export function createCrowd(d: EnrollmentDeps) {
  /** All in one transaction; undefined for those that are left to `begin`. Throws when nothing was done. */
  return async function beginMany(all: readonly Plain[]): Promise<(KnownChannel | undefined)[]> {
    return d.db.tx(async (tx) => {
      await lockIdentifiers(
        tx,
        all.flatMap((p) => p.identifiers),
      )
      const rows: Row[] = []
      for (const by of ['code', 'certificate'] as const) {
        const some = all.flatMap((p, n) => ((p.codeHash ? 'code' : 'certificate') === by ? [{ p, n }] : []))
        if (some.length > 0) rows.push(...(await tx.query<Row>({ ...statements[by], values: values(some) })))
      }
      const heads: (KnownChannel | undefined)[] = all.map(() => undefined)
      for (const r of rows) {
        const p = all[r.n] as Plain
        if (r.identifiers !== p.identifiers.length) throw new Error('an identifier was taken meanwhile')
        heads[r.n] = head(r, p)
      }
      const facts = rows.flatMap((r) => {
        const { facts } = all[r.n] as Plain
        return facts ? [{ device: r.device, facts }] : []
      })
      if (facts.length > 0) await d.ports.writeFacts(tx, facts)
      await tell(tx, all, rows)
      return heads
    }, 'enrolment.begin')
  }

  async function tell(tx: Tx, all: readonly Plain[], rows: readonly Row[]): Promise<void> {
    await d.audit.writeMany(
      tx,
      rows.map((r) => ({
        actor: `device:${r.id}`,
        act: 'device.enrol',
        subject: `device:${r.id}`,
        detail: {
          platform: (all[r.n] as Plain).platform,
          ownership: r.ownership,
          epoch: 1,
          invitation: r.invitation,
          channel: r.channel,
        },
      })),
    )
    await d.events.emitMany(
      tx,
      rows.flatMap((r) => [
        { type: 'invitation.changed' as const, data: { invitation: r.invitation, state: 'used' as const } },
        { type: 'device.changed' as const, data: { device: r.id, what: ['enrolment'] } },
      ]),
    )
  }
}

function values(some: readonly { p: Plain; n: number }[]): unknown[] {
  const said = some.flatMap(({ p, n }) => p.identifiers.map((i) => ({ ...i, n, proven: p.proven.includes(i.kind) })))
  const all = some.map(({ p }) => p)
  const metadata = (m: JsonObject | undefined) => JSON.stringify(m ?? {})
  return [
    some.map(({ n }) => n),
    all.map((p) => p.codeHash ?? p.fingerprint),
    all.map((p) => p.platform),
    all.map(() => uuidv7()),
    all.map((p) => p.name),
    all.map((p) => p.channel),
    all.map((p) => p.client?.id ?? null),
    all.map((p) => p.client?.name ?? p.client?.id ?? null),
    all.map((p) => (p.client ? Buffer.from(p.client.secretHash) : null)),
    all.map((p) => metadata(p.client?.metadata)),
    all.map((p) => (p.client ? clientHash(p.client.id) : null)),
    said.map((s) => s.n),
    said.map((s) => s.kind),
    said.map((s) => s.value),
    said.map((s) => s.proven),
  ]
}

function head(r: Row, p: Plain): KnownChannel {
  return {
    no: r.channel,
    device: r.id,
    deviceNo: r.device,
    platform: p.platform,
    epoch: 1,
    name: p.channel,
    lifecycle: 'created',
    blocked: false,
    ownership: r.ownership,
  }
}
