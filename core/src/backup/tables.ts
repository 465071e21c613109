/** Which tables a backup holds, in an order that no foreign key minds, and what is left out on purpose. */
import sql from 'sql-template-tag'
import type { Sqlish } from '../db/index.ts'
import type { Header, Sequences, Table } from './frames.ts'

/**
 * Not taken along: migrations are applied anew; the outbox and its positions belong to the old database; sessions and tokens
 * may have been revoked since, so everybody signs in again.
 */
const leftOut = ['migration', 'outbox', 'session', 'oauth_item', 'webhook_delivery']

interface TableRow {
  schema: string
  table: string
  /** Without transaction ids, which mean nothing in another database. */
  columns: string[]
  needs: string[]
}

/** Parents of partitions stand for their parts. */
export async function tablesOf(db: Sqlish, schemas: readonly string[]): Promise<Table[]> {
  const rows = await db.query<TableRow>(sql`
    select n.nspname as schema, c.relname as table,
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.atttypid <> 'xid8'::regtype) as columns,
      coalesce((select array_agg(distinct format('%s.%s', fn.nspname, f.relname)) from pg_constraint k join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
        where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid), '{}') as needs
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any(${schemas}::text[]) and c.relkind in ('r', 'p') and not c.relispartition and not (n.nspname = 'muster' and c.relname = any(${leftOut}::text[]))
    order by 1, 2`)
  const done = new Set<string>()
  const order: TableRow[] = []
  while (order.length < rows.length) {
    const ready = rows.filter(
      (r) => !done.has(key(r)) && r.needs.every((n) => done.has(n) || !rows.some((x) => key(x) === n)),
    )
    if (ready.length === 0) throw new Error('tables refer to one another in a circle')
    for (const r of ready) done.add(key(r))
    order.push(...ready)
  }
  return order.map(({ schema, table, columns }) => ({ schema, table, columns }))
}
const key = (t: Pick<Table, 'schema' | 'table'>) => `${t.schema}.${t.table}`

export function monthsOf(db: Sqlish): Promise<Header['months']> {
  return db.query(sql`
    select p.relname as table, replace(substring(c.relname from '\\d{4}_\\d{2}$'), '_', '-') as from
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent join pg_namespace n on n.oid = p.relnamespace
    where n.nspname = 'muster' and p.relkind = 'p' and c.relname = p.relname || substring(c.relname from '_\\d{4}_\\d{2}$') order by 1, 2`)
}

/** Read after the rows: they may only be ahead of them. */
export async function sequencesOf(db: Sqlish, schemas: readonly string[]): Promise<Sequences> {
  return db.query(sql`
    select schemaname as schema, sequencename as name, coalesce(last_value, start_value - 1) as value from pg_sequences where schemaname = any(${schemas}::text[]) order by 1, 2`)
}

export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
export const tableName = (t: Pick<Table, 'schema' | 'table'>) => `${quoted(t.schema)}.${quoted(t.table)}`
