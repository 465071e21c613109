/** Forward-only, numbered migrations: one schema for the core, one per plugin, each step in its own transaction. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import sql from 'sql-template-tag'
import type { Db, Tx } from './connection.ts'
import { DatabaseProblem } from './problem.ts'

/** `name` is a number of four digits and words: '0001_core'. `sql` may hold several statements; it runs in one transaction. */
export interface Migration {
  name: string
  sql: string
}
/** Migrations of one PostgreSQL schema ('muster', 'plugin_linux'); they run with it as their search_path. */
export interface MigrationSet {
  schema: string
  migrations: readonly Migration[]
}

const folder = new URL('./migrations/', import.meta.url)

export function coreMigrations(): MigrationSet {
  const files = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.sql')) : []
  const migrations = files.sort().map((f) => ({ name: f.slice(0, -4), sql: readFileSync(new URL(f, folder), 'utf8') }))
  return { schema: 'muster', migrations }
}

/** Line ends of a checkout do not count. */
export function checksum(m: Migration): string {
  return createHash('sha256').update(m.sql.replaceAll('\r\n', '\n')).digest('hex')
}

/** Names become identifiers and sort keys, so their shape is held. */
function check(sets: readonly MigrationSet[]) {
  for (const set of sets) {
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(set.schema)) throw new TypeError(`not a schema name: ${set.schema}`)
    set.migrations.forEach((m, i) => {
      if (!/^\d{4}_[a-z0-9_]+$/.test(m.name)) throw new TypeError(`not a migration name: ${m.name}`)
      const before = set.migrations[i - 1]
      if (before && before.name.slice(0, 4) >= m.name.slice(0, 4)) {
        throw new TypeError(`migrations out of order: ${before.name}, ${m.name}`)
      }
    })
  }
}

/** Held until the transaction ends: of two processes that start at once, the second waits and then finds nothing to do. */
const oneAtATime = sql`SELECT pg_advisory_xact_lock(hashtextextended('muster migrate', 0))`

/** CREATE ... IF NOT EXISTS asks for privileges even when there is nothing to create; looking first does not. */
async function ensureSchema(tx: Tx, schema: string) {
  const [row] = await tx.query<{ there: boolean }>(sql`SELECT to_regnamespace(${schema}) IS NOT NULL AS there`)
  if (!row?.there) await tx.query({ text: `CREATE SCHEMA ${schema}` })
}

async function ensureTable(tx: Tx) {
  await ensureSchema(tx, 'muster')
  const [row] = await tx.query<{ there: boolean }>(sql`SELECT to_regclass('muster.migration') IS NOT NULL AS there`)
  if (row?.there) return
  await tx.query(sql`CREATE TABLE muster.migration (
    schema text NOT NULL, name text NOT NULL, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schema, name))`)
}

type Applied = Map<string, string>

async function appliedOf(tx: Tx, schema: string): Promise<Applied> {
  const rows = await tx.query<{ name: string; checksum: string }>(
    sql`SELECT name, checksum FROM muster.migration WHERE schema = ${schema} ORDER BY name`,
  )
  return new Map(rows.map((r) => [r.name, r.checksum]))
}

/** Refuses before anything is touched. A schema whose plugin is not installed is left alone. */
function compare(set: MigrationSet, applied: Applied) {
  const known = new Map(set.migrations.map((m) => [m.name, m]))
  for (const [name, sum] of applied) {
    const m = known.get(name)
    if (!m) throw new DatabaseProblem('database-newer', `${set.schema}/${name} is unknown to this version`)
    if (checksum(m) !== sum) throw new DatabaseProblem('migration-changed', `${set.schema}/${name}`)
  }
  const newest = [...applied.keys()].at(-1)
  const late = set.migrations.find((m) => !applied.has(m.name) && newest !== undefined && m.name < newest)
  if (late) throw new DatabaseProblem('migration-order', `${set.schema}/${late.name} comes before ${newest}`)
}

async function apply(tx: Tx, set: MigrationSet, m: Migration): Promise<boolean> {
  await tx.query(oneAtATime)
  if ((await appliedOf(tx, set.schema)).has(m.name)) return false
  await ensureSchema(tx, set.schema)
  await tx.query({ text: `SET LOCAL search_path = ${set.schema}` })
  await tx.query({ text: m.sql })
  await tx.query(
    sql`INSERT INTO muster.migration (schema, name, checksum) VALUES (${set.schema}, ${m.name}, ${checksum(m)})`,
  )
  return true
}

/**
 * Brings the database up to this code and answers what it applied, as 'schema/name'. Two processes may call it at once.
 * Throws DatabaseProblem `database-newer`, `migration-changed`, `migration-order` or `migration-failed`.
 */
export async function migrate(db: Db, sets: readonly MigrationSet[]): Promise<string[]> {
  check(sets)
  const missing = await db.tx(async (tx) => {
    await tx.query(oneAtATime)
    await ensureTable(tx)
    const found: { set: MigrationSet; m: Migration }[] = []
    for (const set of sets) {
      const applied = await appliedOf(tx, set.schema)
      compare(set, applied)
      for (const m of set.migrations) if (!applied.has(m.name)) found.push({ set, m })
    }
    return found
  })
  const done: string[] = []
  for (const { set, m } of missing) {
    const what = `${set.schema}/${m.name}`
    try {
      if (await db.tx((tx) => apply(tx, set, m))) done.push(what)
    } catch (e) {
      if (e instanceof DatabaseProblem) throw e
      throw new DatabaseProblem('migration-failed', `${what}: ${e instanceof Error ? e.message : String(e)}`, e)
    }
  }
  return done
}
