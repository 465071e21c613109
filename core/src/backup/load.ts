/** Restoring: a backup that was read to its end goes into an empty database in one transaction, and wakes up in recovery mode. */
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import sql from 'sql-template-tag'
import { insertEntry } from '../audit/index.ts'
import { coreMigrations, type Db, type MigrationSet, migrate, type Session } from '../db/index.ts'
import { beginRecovery } from '../recovery/index.ts'
import { makeMonth, partitioned } from '../retention/index.ts'
import { masterIdOf } from '../secrets/index.ts'
import {
  type Header,
  readFrames,
  readJson,
  type Sequences,
  sequencesSchema,
  type Table,
  tableSchema,
} from './frames.ts'
import { checkPlaces, openKeys, writeKeys } from './keys.ts'
import { BackupProblem } from './problem.ts'
import { quoted, tableName } from './tables.ts'
import { type Checked, checkBackup, migrationsOf } from './verify.ts'

export interface RestoreOptions {
  db: Db
  file: string
  plugins: readonly MigrationSet[]
  keysDir: string
  /** For the key files in the backup. */
  passphrase?: string
  /** Operations that destroy: what was open of them is ended. */
  destructive: readonly string[]
  actor: string
}
export interface RestoreReport {
  created: string
  /** Of the Muster that made it. */
  version: string
  tables: number
  rows: number
  /** Open destructive operations that were ended. */
  ended: number
  keys: 'restored' | 'there'
}

/** Numbers given out since the backup was made must not be given again: devices and other systems remember them. */
const gap = { usual: 10_000, wide: 1_000_000 }
const wideGap = new Set(['activity_no', 'outbox_no_seq', 'audit_no_seq'])

/** Problems: those of `checkBackup` and the keys, database-not-empty. Whatever fails, the database is empty again. */
export async function restoreBackup(o: RestoreOptions): Promise<RestoreReport> {
  const checked = await checkBackup(o.file)
  const sets = migrationsOf(checked.header, o.plugins)
  const keys = await keysFor(o, checked)
  const done = await o.db.lock('restore', () => fill(o, checked, sets, keys))
  if (!done) throw new BackupProblem('database-not-empty', 'another restore is at it')
  return done
}

async function fill(
  o: RestoreOptions,
  checked: Checked,
  sets: readonly MigrationSet[],
  keys: Record<string, string> | undefined,
): Promise<RestoreReport> {
  await assertEmpty(o.db, sets)
  try {
    await migrate(o.db, sets)
    const ended = await load(o, checked)
    // What came after the backup's version; one that knew no recovery mode yet gets its mark only now.
    await migrate(o.db, [coreMigrations(), ...o.plugins])
    await o.db.tx((tx) => beginRecovery(tx, checked.header.installation))
    if (keys) writeKeys(o.keysDir, keys)
    const { created, version } = checked.header
    return { created, version, tables: checked.tables, rows: checked.rows, ended, keys: keys ? 'restored' : 'there' }
  } catch (e) {
    for (const { schema } of [...sets].reverse())
      await o.db.query({ text: `drop schema if exists ${quoted(schema)} cascade` })
    throw e
  }
}

/** The key files to write; undefined when those in place are the right ones. */
async function keysFor(o: RestoreOptions, { header, keys }: Checked): Promise<Record<string, string> | undefined> {
  const there = masterIdOf(join(o.keysDir, 'master.key'))
  if (there !== undefined && header.masterId !== null && there !== header.masterId)
    throw new BackupProblem('keys-differ', o.keysDir)
  if (keys && o.passphrase !== undefined) {
    const files = await openKeys(keys, o.passphrase, header)
    checkPlaces(o.keysDir, files)
    return files
  }
  if (there === undefined) throw new BackupProblem(keys ? 'passphrase-missing' : 'keys-missing', o.keysDir)
  return undefined
}

async function assertEmpty(db: Db, sets: readonly MigrationSet[]): Promise<void> {
  const found = await db.query<{ name: string }>(
    sql`select nspname as name from pg_namespace where nspname = any(${sets.map((s) => s.schema)}::text[])`,
  )
  if (found.length > 0) throw new BackupProblem('database-not-empty')
}

function load(o: RestoreOptions, { header }: Checked): Promise<number> {
  return o.db.session(async (s) => {
    await s.query({ text: 'begin' })
    await s.query({ text: 'set local idle_in_transaction_session_timeout = 0' })
    for (const { table, from } of header.months) {
      const parent = partitioned.find((p) => p === table)
      if (parent) await makeMonth(s, parent, new Date(`${from}-01T00:00:00Z`))
    }
    const sequences = await copyRows(s, o.file)
    await setSequences(s, sequences)
    const ended = await settle(s, o, header)
    await s.query({ text: 'commit' })
    return ended
  })
}

async function copyRows(s: Session, file: string): Promise<Sequences> {
  let sequences: Sequences = []
  let into: ReturnType<typeof openTable> | undefined
  for await (const { letter, bytes } of readFrames(file)) {
    if (letter === 'T') into = openTable(s, readJson(tableSchema, bytes))
    else if (letter === 'D') await into?.write(Buffer.from(bytes))
    else if (letter === 'E') await into?.end()
    else if (letter === 'S') sequences = readJson(sequencesSchema, bytes)
  }
  return sequences
}

/** A refusal of the table comes whenever it comes, and no write would ever hear of it: each waits for it too. */
function openTable(s: Session, t: Table) {
  const stream: Writable = s.copyIn(`copy ${tableName(t)} (${t.columns.map(quoted).join(', ')}) from stdin`)
  const refused = new Promise<never>((_resolve, reject) => stream.on('error', reject))
  refused.catch(() => undefined)
  return {
    write: (bytes: Buffer) =>
      Promise.race([
        refused,
        new Promise<void>((resolve, reject) => stream.write(bytes, (e) => (e ? reject(e) : resolve()))),
      ]),
    end: () => Promise.race([refused, new Promise<void>((resolve) => stream.once('finish', resolve).end())]),
  }
}

async function setSequences(s: Session, all: Sequences): Promise<void> {
  for (const q of all) {
    const value = q.value + (wideGap.has(q.name) ? gap.wide : gap.usual)
    await s.query(
      sql`select setval(format('%I.%I', ${q.schema}::text, ${q.name}::text)::regclass, greatest(${value}::bigint, 1))`,
    )
  }
}

const oldWorld = {
  code: 'restored',
  text: 'It was open when the backup was made that this installation was restored from. Nobody knows what came of it.',
}

/** What the old world promised and this one must not blindly keep. */
async function settle(s: Session, o: RestoreOptions, header: Header): Promise<number> {
  const ended = await s.query(sql`
    with gone as (delete from pending where operation = any(${o.destructive}::text[]) returning *),
    moved as (
      insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
      select channel, activity, epoch, operation, case when attempts = 0 then 'cancelled' else 'failed' end, ${JSON.stringify(oldWorld)}::jsonb, attempts, created from gone returning activity, state)
    insert into tally (activity, state, n) select activity, state, count(*)::integer from moved group by 1, 2 returning n`)
  if (header.migrations.some((m) => m.schema === 'muster' && m.name === '0002_alerts_webhooks_recovery')) {
    await s.query(
      sql`update webhook set position = pg_snapshot_xmin(pg_current_snapshot())::text || '.0', turn = turn + 1, failing_since = null`,
    )
    await beginRecovery(s, header.installation)
  }
  // What waited for approval waits no longer, and holds up nothing else of whoever asked.
  if (header.migrations.some((m) => m.schema === 'muster' && m.name === '0009_approvals')) {
    await s.query(sql`
      update approval a set state = 'withdrawn', decided = now(), decided_by = 'system', note = ${oldWorld.text}
      where a.state = 'waiting' and not exists (select from pending p where p.activity = a.activity)`)
  }
  await insertEntry(s, {
    actor: o.actor,
    act: 'backup.restore',
    detail: { created: header.created, version: header.version, ended: ended.length },
  })
  return ended.reduce((n: number, r) => n + Number((r as { n: number }).n), 0)
}
