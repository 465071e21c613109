/** Declarations as they are kept: a collection for each channel, and the profiles, which channels with equal settings share. */
import type { PlatformHost } from '@muster/contract'

type Sql = PlatformHost['sql']
export interface KeptDeclaration {
  feature: string
  /** The delivery that brought it; what the device says of it is told of that. */
  delivery: string
  /** To be gone from the device. */
  gone: boolean
  content: string
  changed: Date
}

export const declarationMigration = {
  name: '0003_declarations',
  sql: `create table declared_profile (id uuid primary key, key text unique, sealed bytea not null);
  create table declaration (
    collection uuid not null, feature text not null, delivery text not null, gone boolean not null default false, held boolean not null default false,
    content uuid references declared_profile, changed timestamptz not null default now(), primary key (collection, feature), check (gone or content is not null));
  create index declaration_content on declaration (content);`,
}

export const readDeclarations = (sql: Sql, collection: string): Promise<KeptDeclaration[]> =>
  sql<KeptDeclaration>`select feature, delivery, gone, content, changed from declaration where collection = ${collection}::uuid order by feature`

export async function putDeclaration(
  sql: Sql,
  d: { collection: string; feature: string; delivery: string; content: string },
): Promise<void> {
  await sql`insert into declaration (collection, feature, delivery, content) values (${d.collection}::uuid, ${d.feature}, ${d.delivery}, ${d.content}::uuid)
    on conflict (collection, feature) do update set delivery = excluded.delivery, content = excluded.content, gone = false, held = false, changed = now()`
}

/** False: there was none. */
export async function dropDeclaration(
  sql: Sql,
  d: { collection: string; feature: string; delivery: string },
): Promise<boolean> {
  const rows =
    await sql`update declaration set gone = true, delivery = ${d.delivery}, content = null, changed = now() where collection = ${d.collection}::uuid and feature = ${d.feature} returning feature`
  return rows.length > 0
}

export async function forgetDeclaration(sql: Sql, collection: string, delivery: string): Promise<void> {
  await sql`delete from declaration where collection = ${collection}::uuid and delivery = ${delivery} and gone`
}

/** Which of them the device holds that it did not a report ago: true when there are any. */
export async function newlyHeld(sql: Sql, collection: string, deliveries: readonly string[]): Promise<boolean> {
  if (deliveries.length === 0) return false
  const rows =
    await sql`update declaration set held = true where collection = ${collection}::uuid and delivery = any(${deliveries}::text[]) and not held returning feature`
  return rows.length > 0
}

export async function profileWithKey(sql: Sql, key: string): Promise<string | undefined> {
  return (await sql<{ id: string }>`select id from declared_profile where key = ${key}`)[0]?.id
}

/** The id under which it is kept: another one where somebody was quicker. `key` null: shared with nobody. */
export async function putProfile(sql: Sql, p: { id: string; key: string | null; sealed: Uint8Array }): Promise<string> {
  await sql`insert into declared_profile (id, key, sealed) values (${p.id}::uuid, ${p.key}, ${p.sealed}) on conflict (key) do nothing`
  return p.key === null ? p.id : ((await profileWithKey(sql, p.key)) ?? p.id)
}

/** As long as a declaration of this collection names it. */
export async function profileFor(
  sql: Sql,
  d: { collection: string; feature: string; delivery: string },
): Promise<{ id: string; sealed: Uint8Array } | undefined> {
  return (
    await sql<{
      id: string
      sealed: Uint8Array
    }>`select p.id, p.sealed from declaration d join declared_profile p on p.id = d.content
      where d.collection = ${d.collection}::uuid and d.feature = ${d.feature} and d.delivery = ${d.delivery} and not d.gone`
  )[0]
}

export async function sweepProfiles(sql: Sql): Promise<void> {
  await sql`delete from declared_profile p where not exists (select from declaration d where d.content = p.id)`
}
