/** What Apple has told of devices that are assigned to this server, and how far it was read. */
import type { PlatformHost } from '@muster/contract'
import type { Choice } from './descriptor.ts'

type Sql = PlatformHost['sql']

export const automatedMigration = {
  name: '0008_automated_enrolment',
  sql: `create table automated_service (
    one boolean primary key default true check (one), choice jsonb, profile text, defined text, cursor text, reading timestamptz, looked timestamptz, failure text);
  create table automated_device (
    serial text primary key, model text not null default '', family text not null default '', os text not null default '', note text not null default '', asset_tag text not null default '',
    profile text, status text not null default 'empty', changed timestamptz, seen timestamptz not null default now(), gone timestamptz, tried timestamptz, refusal text, came timestamptz);
  create table automated_admission (
    challenge bytea primary key, serial text not null, person text, code bytea not null, licence text, expires timestamptz not null, certificate bytea);
  create index automated_admission_serial on automated_admission (serial);
  create index automated_admission_certificate on automated_admission (certificate);
  create table automated_look (token bytea primary key, serial text not null, expires timestamptz not null);`,
}

export interface Service {
  readonly choice: Choice | null
  /** Apple's name of the profile that was defined last, and the hash of what it says. */
  readonly profile: string | null
  readonly defined: string | null
  readonly cursor: string | null
  /** Since when the whole list is being fetched; null: it is there, and only changes are asked for. */
  readonly reading: Date | null
  readonly looked: Date | null
  readonly failure: string | null
}
/** One device of Apple's answers, in words of our own. */
export interface Assigned {
  readonly serial: string
  readonly model: string
  readonly family: string
  readonly os: string
  readonly note: string
  readonly assetTag: string
  readonly profile: string | null
  readonly status: string
  readonly gone: boolean
  /** ISO 8601; null: it is so now. */
  readonly at: string | null
}
export interface Counts {
  readonly assigned: number
  readonly ready: number
  readonly came: number
  readonly refused: number
}

/** Made when it is first read: a backup brings its own. */
export async function readService(sql: Sql): Promise<Service> {
  const read = () =>
    sql<Service>`select choice, profile, defined, cursor, reading, looked, failure from automated_service`
  const [there] = await read()
  if (there) return there
  await sql`insert into automated_service default values on conflict do nothing`
  const [made] = await read()
  return made as Service
}

/** One page, and the place after it, in one statement: a crash in between has read nothing or all of it. Of several records of one device the newest counts. */
export async function keepPage(
  sql: Sql,
  page: { devices: readonly Assigned[]; before: string | null; after: string; whole: boolean },
): Promise<void> {
  await sql`
    with page as (
      select distinct on (serial) * from jsonb_to_recordset(${JSON.stringify(page.devices)}::jsonb)
        as x(serial text, model text, family text, os text, note text, "assetTag" text, profile text, status text, gone boolean, at timestamptz) order by serial, at desc nulls first),
    put as (
      insert into automated_device as d (serial, model, family, os, note, asset_tag, profile, status, changed, gone)
        select serial, model, family, os, note, "assetTag", profile, status, at, case when gone then now() end from page
      on conflict (serial) do update set model = excluded.model, family = excluded.family, os = excluded.os, note = excluded.note, asset_tag = excluded.asset_tag,
        profile = excluded.profile, status = excluded.status, changed = excluded.changed, seen = now(), gone = excluded.gone,
        tried = case when excluded.profile is distinct from d.profile then null else d.tried end, refusal = case when excluded.profile is distinct from d.profile then null else d.refusal end
      where d.changed is null or excluded.changed is null or excluded.changed >= d.changed)
    update automated_service set cursor = ${page.after}, reading = case when ${page.whole} then reading end where cursor is not distinct from ${page.before}`
}

/** The whole list is there: what was not in it is assigned no more. */
export async function endReading(sql: Sql): Promise<void> {
  await sql`
    with missed as (update automated_device d set gone = now() from automated_service s where d.gone is null and d.seen < s.reading)
    update automated_service set reading = null where reading is not null`
}
export async function beginReading(sql: Sql): Promise<void> {
  await sql`update automated_service set cursor = null, reading = now()`
}

/** Serial numbers of those that have another profile than this, at most so many; one that Apple would not take is tried again after an hour. */
export async function unassigned(sql: Sql, profile: string, many: number): Promise<string[]> {
  const rows = await sql<{ serial: string }>`
    select serial from automated_device where gone is null and (profile is distinct from ${profile} or status in ('empty', 'removed'))
      and (tried is null or tried < now() - interval '1 hour') order by serial limit ${many}`
  return rows.map((r) => r.serial)
}
/** What Apple said of each: taken, or its word why not. */
export async function keepAnswers(
  sql: Sql,
  profile: string | null,
  answers: readonly { serial: string; refusal: string | null }[],
): Promise<void> {
  await sql`
    update automated_device d set tried = case when x.refusal is not null then now() end, refusal = x.refusal,
      profile = case when x.refusal is null then ${profile}::text else d.profile end, status = case when x.refusal is not null then d.status when ${profile}::text is null then 'empty' else 'assigned' end
    from jsonb_to_recordset(${JSON.stringify(answers)}::jsonb) as x(serial text, refusal text) where d.serial = x.serial`
}

export async function countDevices(sql: Sql): Promise<Counts> {
  const [row] = await sql<Counts>`
    select count(*)::int as assigned, count(*) filter (where came is null and profile = (select profile from automated_service) and status <> 'removed')::int as ready,
      count(came)::int as came, count(refusal)::int as refused from automated_device where gone is null`
  return row as Counts
}

export interface Listed {
  readonly serial: string
  readonly model: string
  readonly family: string
  readonly asset_tag: string
  readonly status: string
  readonly refusal: string | null
  readonly came: Date | null
}
export const listDevices = (sql: Sql, beginning: string): Promise<Listed[]> =>
  sql<Listed>`select serial, model, family, asset_tag, status, refusal, came from automated_device where gone is null and starts_with(serial, ${beginning}) order by serial limit 100000`
