/** What is kept of Google's side: the account, the enterprise, tokens that were given out, documents that stand there, commands that are under way. */
import { createHash } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'
import type { Account } from './account.ts'

export type Sql = PlatformHost['sql']
type Vault = PlatformHost['vault']

export const migrations: readonly { name: string; sql: string }[] = [
  {
    name: '0001_google',
    sql: `create table account (
        one boolean primary key default true check (one), project text not null, email text not null, key_id text not null, key bytea not null, since timestamptz not null default now());
      create table enterprise (
        one boolean primary key default true check (one), name text not null, title text not null, salt bytea not null, terms text not null default '',
        topic text, subscription text, pusher text, audience text, heard timestamptz, since timestamptz not null default now());
      create table signup (state bytea primary key, name text not null, url text not null, token bytea, at timestamptz not null default now());
      create table token (
        ref text primary key, code_hash bytea not null unique, code bytea not null, name text not null, value bytea not null, qr bytea not null, licence text, expires timestamptz not null);
      create index token_expires on token (expires);
      create table document (name text primary key, version bigint not null, body bytea not null, used timestamptz not null default now());
      create table device (name text primary key, policy text, seen timestamptz not null default now());
      create index device_policy on device (policy);
      create index device_seen on device (seen);
      create table command (name text primary key, next timestamptz not null, tries integer not null default 0, until timestamptz not null);
      create index command_next on command (next);
      create table web_app (hash bytea primary key, package text not null, since timestamptz not null default now());
      create table sweep (one boolean primary key default true check (one), at timestamptz not null, page text, begun timestamptz not null);`,
  },
]

export const partingMigration = {
  name: '0003_google_parting',
  sql: `-- The delivery that takes the device away, and the command's type: its being gone is its end.
      alter table device add column parting text, add column parting_type text;`,
}

export const formerMigration = {
  name: '0004_google_former',
  sql: `-- Where notifications were fetched from until they were asked for elsewhere: what is still there is fetched too.
      alter table enterprise add column former text, add column former_until timestamptz;`,
}

const accountPlace = 'google-account'
export async function readKeptAccount(sql: Sql, vault: Vault): Promise<Account | undefined> {
  const [row] = await sql<{ project: string; email: string; key_id: string; key: Uint8Array }>`
    select project, email, key_id, key from account`
  return (
    row && {
      project: row.project,
      email: row.email,
      keyId: row.key_id,
      key: vault.open(`${accountPlace}|${row.email}`, row.key),
    }
  )
}
export async function keepAccount(sql: Sql, vault: Vault, a: Account): Promise<void> {
  const key = vault.seal(`${accountPlace}|${a.email}`, a.key)
  await sql`insert into account (project, email, key_id, key) values (${a.project}, ${a.email}, ${a.keyId}, ${key})
    on conflict (one) do update set project = excluded.project, email = excluded.email, key_id = excluded.key_id, key = excluded.key, since = now()`
}

export interface Enterprise {
  /** "enterprises/LC012345". */
  readonly name: string
  readonly title: string
  /** Of the names of documents, so that they tell nothing of what is in them. */
  readonly salt: string
  /** Hash of the terms that people accept when they enrol, as they stand at Google. */
  readonly terms: string
  /** "projects/p/topics/t" that notifications are published to; "projects/p/subscriptions/s" that they are fetched from. */
  readonly topic: string | null
  readonly subscription: string | null
  /** The subscription before that one, while something may still be waiting there. */
  readonly former: string | null
  /** The account by which they are pushed, and whom its tokens must be for. */
  readonly pusher: string | null
  readonly audience: string | null
  /** When the last notification came. */
  readonly heard: Date | null
}
const saltPlace = 'google-salt'
export async function readEnterprise(sql: Sql, vault: Vault): Promise<Enterprise | undefined> {
  const [row] = await sql<Omit<Enterprise, 'salt'> & { salt: Uint8Array }>`
    select name, title, salt, terms, topic, subscription, case when former_until > now() then former end as former, pusher, audience, heard from enterprise`
  return row && { ...row, salt: vault.open(`${saltPlace}|${row.name}`, row.salt) }
}
export async function keepEnterprise(
  sql: Sql,
  vault: Vault,
  e: { name: string; title: string; salt: string },
): Promise<void> {
  const salt = vault.seal(`${saltPlace}|${e.name}`, e.salt)
  // Another enterprise knows nothing of what was given to the one before.
  const [same] = await sql<{ name: string }>`select name from enterprise where name = ${e.name}`
  if (!same) {
    await sql`delete from token`
    await sql`delete from document`
    await sql`delete from web_app`
    await sql`delete from command`
    await sql`delete from device`
    await sql`delete from sweep`
    await sql`delete from enterprise`
  }
  await sql`insert into enterprise (name, title, salt) values (${e.name}, ${e.title}, ${salt}) on conflict (one) do update set title = excluded.title`
  await sql`delete from signup`
}

/** Where notifications come from. */
export interface Listening extends Pick<Enterprise, 'topic' | 'subscription' | 'pusher' | 'audience'> {
  /** The enterprise's. */
  readonly name: string
}
/** Pub/Sub gives what nobody acknowledged again after ten minutes at most (AcknowledgeDeadline): by then all that was on its way has been fetched. */
const formerMinutes = 30
export async function keepListening(sql: Sql, l: Listening): Promise<void> {
  await sql`update enterprise set topic = ${l.topic}, subscription = ${l.subscription}, pusher = ${l.pusher}, audience = ${l.audience}, heard = null,
      former = case when subscription <> coalesce(${l.subscription}::text, '') then subscription else former end,
      former_until = case when subscription <> coalesce(${l.subscription}::text, '') then now() + ${formerMinutes} * interval '1 minute' else former_until end
    where name = ${l.name}`
  // What was pushed meanwhile to where nobody listens any more: all devices are looked at soon.
  await sql`update sweep set at = least(at, now() + interval '2 minutes')`
}
export async function leaveFormer(sql: Sql, subscription: string): Promise<void> {
  await sql`update enterprise set former = null where former = ${subscription}`
}

export const hashOf = (text: string): Uint8Array => createHash('sha256').update(text).digest()

export interface Token {
  readonly ref: string
  readonly code: string
  readonly name: string
  readonly value: string
  readonly qr: string
  readonly licence: string | null
  readonly expires: Date
}
type TokenRow = Omit<Token, 'code' | 'value' | 'qr'> & Record<'code' | 'value' | 'qr', Uint8Array>
const tokenPlace = (ref: string, what: string) => `google-token|${ref}|${what}`
const opened = (vault: Vault, row: TokenRow): Token => ({
  ...row,
  code: vault.open(tokenPlace(row.ref, 'code'), row.code),
  value: vault.open(tokenPlace(row.ref, 'value'), row.value),
  qr: vault.open(tokenPlace(row.ref, 'qr'), row.qr),
})
export async function tokenOfCode(sql: Sql, vault: Vault, code: string): Promise<Token | undefined> {
  const [row] = await sql<TokenRow>`
    select ref, code, name, value, qr, licence, expires from token where code_hash = ${hashOf(code)} and expires > now()`
  return row && opened(vault, row)
}
export async function tokenOfRef(sql: Sql, vault: Vault, ref: string): Promise<Token | undefined> {
  const [row] = await sql<TokenRow>`select ref, code, name, value, qr, licence, expires from token where ref = ${ref}`
  return row && opened(vault, row)
}
/** Those that may still let somebody in. */
export async function openTokens(sql: Sql, vault: Vault): Promise<Token[]> {
  const rows =
    await sql<TokenRow>`select ref, code, name, value, qr, licence, expires from token where expires > now() order by ref limit 10000`
  return rows.map((row) => opened(vault, row))
}
export async function keepToken(sql: Sql, vault: Vault, t: Token): Promise<void> {
  const [code, value, qr] = (['code', 'value', 'qr'] as const).map((w) => vault.seal(tokenPlace(t.ref, w), t[w]))
  await sql`insert into token (ref, code_hash, code, name, value, qr, licence, expires)
    values (${t.ref}, ${hashOf(t.code)}, ${code}, ${t.name}, ${value}, ${qr}, ${t.licence}, ${t.expires})
    on conflict (code_hash) do update set ref = excluded.ref, code = excluded.code, name = excluded.name, value = excluded.value, qr = excluded.qr, licence = excluded.licence, expires = excluded.expires`
}

const documentPlace = (name: string) => `google-document|${name}`
export async function readDocument(sql: Sql, name: string): Promise<{ version: number } | undefined> {
  const [row] = await sql<{ version: number }>`update document set used = now() where name = ${name} returning version`
  return row
}
export async function keepDocument(
  sql: Sql,
  vault: Vault,
  d: { name: string; version: number; body: string },
): Promise<void> {
  const body = vault.seal(documentPlace(d.name), d.body)
  await sql`insert into document (name, version, body) values (${d.name}, ${d.version}, ${body})
    on conflict (name) do update set version = excluded.version, body = excluded.body, used = now()`
}
export interface KeptDocument {
  readonly name: string
  readonly version: number
  readonly body: string
  /** No device was pointed to it for a week. */
  readonly idle: boolean
}
export async function documents(sql: Sql, vault: Vault): Promise<KeptDocument[]> {
  const rows = await sql<Omit<KeptDocument, 'body'> & { body: Uint8Array }>`
    select name, version, body, used < now() - interval '7 days' and not exists (select from device where policy = document.name) as idle
    from document order by name`
  return rows.map((r) => ({ ...r, body: vault.open(documentPlace(r.name), r.body) }))
}
