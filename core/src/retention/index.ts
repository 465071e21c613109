/** Time-partitioned tables: months are made ahead, and dropped when they are older than what is kept. */
import sql, { raw } from 'sql-template-tag'
import type { Db, Sqlish } from '../db/index.ts'

export const partitioned = ['history', 'message', 'device_event'] as const
export type Partitioned = (typeof partitioned)[number]

/** Months made ahead of the present one. */
const ahead = 2

const monthName = (table: string, month: Date) => `${table}_${month.toISOString().slice(0, 7).replace('-', '_')}`
const monthOf = (at: Date, plus: number) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + plus, 1))

/**
 * Safe to call from any node at any time: what exists stays. One node at a time, for two that make the same table at once would meet.
 * `at` stands in for the database's clock. A server's own clock may be wrong by months, and would drop what is still kept.
 */
export async function makeMonths(db: Db, at?: Date): Promise<void> {
  await db.tx(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended('months', 7312))`)
    const now = at ?? (await databaseNow(tx))
    for (const table of partitioned) {
      for (let i = 0; i <= ahead; i++) await makeMonth(tx, table, monthOf(now, i))
    }
  })
}

/** The part of a table that holds the month of this time, unless it is there. Rows that came while it was missing move into it. */
export async function makeMonth(tx: Sqlish, table: Partitioned, at: Date): Promise<void> {
  const [from, to] = [monthOf(at, 0), monthOf(at, 1)]
  const part = monthName(table, from)
  const [found] = await tx.query<{ there: boolean }>(sql`select to_regclass(${part}) is not null as there`)
  if (found?.there) return
  const rest = raw(`${table}_default`)
  await tx.query(sql`lock table ${rest} in access exclusive mode`)
  await tx.query(
    sql`create table ${raw(part)} (like ${raw(table)} including defaults including constraints including storage)`,
  )
  await tx.query(
    sql`with early as (delete from ${rest} where at >= ${from} and at < ${to} returning *) insert into ${raw(part)} select * from early`,
  )
  await tx.query(
    sql`alter table ${raw(table)} attach partition ${raw(part)} for values from (${raw(`'${from.toISOString()}'`)}) to (${raw(`'${to.toISOString()}'`)})`,
  )
}

async function databaseNow(db: Sqlish): Promise<Date> {
  const [row] = await db.query<{ now: Date }>(sql`select now() as now`)
  if (!row) throw new Error('the database told no time')
  return row.now
}

/** Drops the months that ended before the days to keep, by the database's clock (`at` stands in for it); answers their names. */
export async function dropMonths(
  db: Db,
  keepDays: Readonly<Record<Partitioned, number>>,
  at?: Date,
): Promise<string[]> {
  const now = at ?? (await databaseNow(db))
  const rows = await db.query<{ parent: Partitioned; name: string }>(sql`
    select p.relname as parent, c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
    where p.relname in ('history', 'message', 'device_event') and p.relkind = 'p' and c.relname ~ '_\\d{4}_\\d{2}$'`)
  const dropped: string[] = []
  for (const { parent, name } of rows) {
    const [year, month] = name.slice(-7).split('_').map(Number)
    const ended = Date.UTC(year ?? 0, month ?? 0, 1)
    if (ended > now.getTime() - keepDays[parent] * 86_400_000) continue
    await db.query(sql`drop table ${raw(name)}`)
    dropped.push(name)
  }
  return dropped
}
