/** Push certificates as they are kept: what was asked for, what is used, what other topics still need. */
import type { PlatformHost } from '@muster/contract'

type Sql = PlatformHost['sql']
/** requested: a key without its certificate; current: the topic of new enrolments; other: woken by it still; retired: renewed, its key gone. */
export interface Kept {
  id: string
  state: 'requested' | 'current' | 'other' | 'retired'
  /** Sealed PKCS#8 PEM; null once it is retired. */
  key: Uint8Array | null
  request: Uint8Array | null
  /** PEM, leaf first. */
  certificate: string | null
  topic: string | null
  not_after: Date | null
  created: Date
}
/** What is in use: with certificate, topic and key. */
export type Used = Kept & { key: Uint8Array; certificate: string; topic: string; not_after: Date }

export const migration = {
  name: '0001_push_certificate',
  sql: `create table push_certificate (
    id uuid primary key, state text not null check (state in ('requested', 'current', 'other', 'retired')),
    key bytea, request bytea, certificate text, topic text, not_after timestamptz, created timestamptz not null default now(), since timestamptz not null default now(),
    check (state = 'retired' or key is not null), check (state not in ('current', 'other') or (certificate is not null and topic is not null and not_after is not null)));
  create unique index push_certificate_one on push_certificate (state) where state in ('requested', 'current');
  create unique index push_certificate_topic on push_certificate (topic) where state in ('current', 'other');`,
}

/** All but the retired; the one in use first. */
export const readKept = (sql: Sql): Promise<Kept[]> =>
  sql<Kept>`select id, state, key, request, certificate, topic, not_after, created from push_certificate where state <> 'retired' order by array_position(array['current', 'requested', 'other'], state), created`

export const isUsed = (k: Kept): k is Used => k.state === 'current' || k.state === 'other'

/** Replaces a request that is still open. */
export async function keepRequest(sql: Sql, r: { id: string; key: Uint8Array; request: Uint8Array }): Promise<void> {
  await sql`delete from push_certificate where state = 'requested'`
  await sql`insert into push_certificate (id, state, key, request) values (${r.id}, 'requested', ${r.key}, ${r.request})`
}

/** From now on in use: the one before with the same topic is retired and its key forgotten, one with another topic goes on for its devices. */
export async function keepUsed(
  sql: Sql,
  u: { id: string; key: Uint8Array; certificate: string; topic: string; notAfter: Date },
): Promise<void> {
  await sql`update push_certificate set state = 'retired', key = null, since = now() where state in ('current', 'other') and topic = ${u.topic}`
  await sql`update push_certificate set state = 'other', since = now() where state = 'current'`
  await sql`insert into push_certificate (id, state, key, certificate, topic, not_after) values (${u.id}, 'current', ${u.key}, ${u.certificate}, ${u.topic}, ${u.notAfter})
    on conflict (id) do update set state = 'current', certificate = excluded.certificate, topic = excluded.topic, not_after = excluded.not_after, request = null, since = now()`
}
