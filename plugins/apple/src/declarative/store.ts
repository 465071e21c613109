/** Declarations as they are kept: a collection for each channel, what each feature declares in it, what the device says of each, and the files behind them. */
import type { Channel, JsonObject, PlatformHost } from '@muster/contract'

type Sql = PlatformHost['sql']
/** A feature of a collection. */
export interface KeptFeature {
  feature: string
  /** The delivery that brought it. */
  delivery: string
  /** To be gone from the device. */
  gone: boolean
  changed: Date
}
export type PartKind = 'configuration' | 'asset'
/** One declaration of a feature. */
export interface KeptPart {
  feature: string
  kind: PartKind
  /** Within the collection, and for ever: identifiers are made of it. */
  name: string
  /** Of the feature, empty where it has but one. */
  part: string
  /** Of the settings. */
  uuid: string
  native: boolean
  type: string
  payload: JsonObject
  predicate: string | null
  /** Tells whether it is the same, without its secrets. */
  basis: string
  /** Another one whenever the device is to look at it again. */
  token: string
  /** A file of its own. */
  content: string | null
  media: string | null
  active: boolean
  valid: 'valid' | 'invalid' | 'unknown'
  reasons: string
}

export const declarationMigration = {
  name: '0003_declarations',
  sql: `create table declared_profile (id uuid primary key, key text unique, sealed bytea not null);
  create table declaration (
    collection uuid not null, feature text not null, delivery text not null, gone boolean not null default false, held boolean not null default false,
    content uuid references declared_profile, changed timestamptz not null default now(), primary key (collection, feature), check (gone or content is not null));
  create index declaration_content on declaration (content);`,
}
/** A feature declares several things, each with a token and a fate of its own; and whose a collection is. */
export const declaredPartMigration = {
  name: '0005_declared_parts',
  sql: `create table declared_part (
    collection uuid not null, feature text not null, kind text not null, name text not null, part text not null, uuid text not null, native boolean not null,
    type text not null, payload jsonb not null, predicate text, basis text not null, token text not null, content uuid references declared_profile, media text,
    active boolean not null default false, valid text not null default 'unknown', reasons text not null default '', primary key (collection, kind, name));
  create index declared_part_content on declared_part (content);
  insert into declared_part (collection, feature, kind, name, part, uuid, native, type, payload, basis, token, content, media)
    select collection, feature, 'configuration', feature, '', '', false, 'com.apple.configuration.legacy', '{}', '', delivery, content, 'application/x-apple-aspen-config'
    from declaration where not gone;
  alter table declaration drop column content, drop column held;
  create table declared_collection (collection uuid primary key, channel jsonb not null);`,
}

export async function readCollection(
  sql: Sql,
  collection: string,
): Promise<{ features: KeptFeature[]; parts: KeptPart[] }> {
  const [features, parts] = await Promise.all([
    sql<KeptFeature>`select feature, delivery, gone, changed from declaration where collection = ${collection}::uuid order by feature`,
    sql<KeptPart>`select feature, kind, name, part, uuid, native, type, payload, predicate, basis, token, content, media, active, valid, reasons
      from declared_part where collection = ${collection}::uuid order by kind, name`,
  ])
  return { features, parts }
}

/** All that a feature declares from now on. */
export async function putFeature(
  sql: Sql,
  d: { collection: string; feature: string; delivery: string; parts: readonly KeptPart[] },
): Promise<void> {
  await sql`with given as (
      select * from jsonb_to_recordset(${JSON.stringify(d.parts)}::jsonb) as x (kind text, name text, part text, uuid text, native boolean, type text,
        payload jsonb, predicate text, basis text, token text, content uuid, media text, active boolean, valid text, reasons text)),
    head as (
      insert into declaration (collection, feature, delivery) values (${d.collection}::uuid, ${d.feature}, ${d.delivery})
      on conflict (collection, feature) do update set delivery = excluded.delivery, gone = false, changed = now()),
    others as (
      delete from declared_part p where collection = ${d.collection}::uuid and feature = ${d.feature}
        and not exists (select from given g where g.kind = p.kind and g.name = p.name))
    insert into declared_part (collection, feature, kind, name, part, uuid, native, type, payload, predicate, basis, token, content, media, active, valid, reasons)
    select ${d.collection}::uuid, ${d.feature}, kind, name, part, uuid, native, type, payload, predicate, basis, token, content, media, active, valid, reasons from given
    on conflict (collection, kind, name) do update set feature = excluded.feature, part = excluded.part, uuid = excluded.uuid, native = excluded.native,
      type = excluded.type, payload = excluded.payload, predicate = excluded.predicate, basis = excluded.basis, token = excluded.token,
      content = excluded.content, media = excluded.media, active = excluded.active, valid = excluded.valid, reasons = excluded.reasons`
}

/** False: there was none. */
export async function dropFeature(
  sql: Sql,
  d: { collection: string; feature: string; delivery: string },
): Promise<boolean> {
  const rows =
    await sql`with parts as (delete from declared_part where collection = ${d.collection}::uuid and feature = ${d.feature})
    update declaration set gone = true, delivery = ${d.delivery}, changed = now() where collection = ${d.collection}::uuid and feature = ${d.feature} returning feature`
  return rows.length > 0
}

export async function forgetFeature(sql: Sql, collection: string, delivery: string): Promise<void> {
  await sql`delete from declaration where collection = ${collection}::uuid and delivery = ${delivery} and gone`
}

/** What the device said of its declarations; of a token that has changed meanwhile it said nothing. */
export async function noteStates(
  sql: Sql,
  collection: string,
  states: readonly Pick<KeptPart, 'kind' | 'name' | 'token' | 'active' | 'valid' | 'reasons'>[],
): Promise<void> {
  if (states.length === 0) return
  await sql`update declared_part p set active = x.active, valid = x.valid, reasons = x.reasons
    from jsonb_to_recordset(${JSON.stringify(states)}::jsonb) as x (kind text, name text, token text, active boolean, valid text, reasons text)
    where p.collection = ${collection}::uuid and p.kind = x.kind and p.name = x.name and p.token = x.token`
}

/** Whose it is: it goes when the enrolment has ended. */
export async function beginCollection(sql: Sql, collection: string, c: Channel): Promise<void> {
  const channel = JSON.stringify(head(c))
  await sql`insert into declared_collection (collection, channel) values (${collection}::uuid, ${channel}::jsonb) on conflict (collection) do nothing`
}
function head({ no, device, platform, epoch, name, lifecycle, blocked, ownership }: Channel): Channel {
  return { no, device, platform, epoch, name, lifecycle, blocked, ownership }
}

export async function ownerOf(sql: Sql, collection: string): Promise<Channel | undefined> {
  return (
    await sql<{ channel: Channel }>`select channel from declared_collection where collection = ${collection}::uuid`
  )[0]?.channel
}

/** In order of their names above `beyond`, at most 500. */
export const collections = (sql: Sql, beyond: string): Promise<{ collection: string; channel: Channel }[]> =>
  sql<{
    collection: string
    channel: Channel
  }>`select collection, channel from declared_collection where collection > ${beyond}::uuid order by collection limit 500`

export async function endCollections(sql: Sql, ended: readonly string[]): Promise<void> {
  if (ended.length === 0) return
  await sql`with parts as (delete from declared_part where collection = any(${ended}::uuid[])),
    features as (delete from declaration where collection = any(${ended}::uuid[]))
    delete from declared_collection where collection = any(${ended}::uuid[])`
}

export async function contentWithKey(sql: Sql, key: string): Promise<string | undefined> {
  return (await sql<{ id: string }>`select id from declared_profile where key = ${key}`)[0]?.id
}

/** The id under which it is kept: another one where somebody was quicker. `key` null: shared with nobody. */
export async function putContent(sql: Sql, p: { id: string; key: string | null; sealed: Uint8Array }): Promise<string> {
  await sql`insert into declared_profile (id, key, sealed) values (${p.id}::uuid, ${p.key}, ${p.sealed}) on conflict (key) do nothing`
  return p.key === null ? p.id : ((await contentWithKey(sql, p.key)) ?? p.id)
}

/** As long as a declaration of this collection names it in this version. */
export async function contentFor(
  sql: Sql,
  d: { collection: string; kind: PartKind; name: string; token: string },
): Promise<{ id: string; sealed: Uint8Array; media: string } | undefined> {
  return (
    await sql<{
      id: string
      sealed: Uint8Array
      media: string
    }>`select p.id, p.sealed, coalesce(d.media, 'application/octet-stream') as media
      from declared_part d join declared_profile p on p.id = d.content
      where d.collection = ${d.collection}::uuid and d.kind = ${d.kind} and d.name = ${d.name} and d.token = ${d.token}`
  )[0]
}

export async function sweepContents(sql: Sql): Promise<void> {
  await sql`delete from declared_profile p where not exists (select from declared_part d where d.content = p.id)`
}
