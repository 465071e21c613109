/** Making a backup: every table as it stands at one moment, while the server goes on working. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import sql from 'sql-template-tag'
import { insertEntry } from '../audit/index.ts'
import { coreMigrations, type Db, type MigrationSet, type Session, uuidv7 } from '../db/index.ts'
import { createFrameWriter, formatVersion, type Header, mark, type Table } from './frames.ts'
import { sealKeys } from './keys.ts'
import { BackupProblem } from './problem.ts'
import { monthsOf, quoted, sequencesOf, tableName, tablesOf } from './tables.ts'

export interface BackupOptions {
  db: Db
  file: string
  /** Migrations of the installed platforms. */
  plugins: readonly MigrationSet[]
  /** Of the Muster that makes it. */
  version: string
  keysDir: string
  /** With it the key files are taken along, sealed. */
  passphrase?: string
  actor: string
}
export interface BackupReport {
  file: string
  bytes: number
  tables: number
  rows: number
  withKeys: boolean
}

/** Rows gathered before they become a frame. */
const frameBytes = 256 * 1024

/** Written beside and renamed, so that a backup of this name is a whole one. Problems: file-exists, file-unusable, database-not-current. */
export async function createBackup(o: BackupOptions): Promise<BackupReport> {
  const partial = `${o.file}.partial`
  const target = await open(o.file, 'wx', 0o600).catch((e: NodeJS.ErrnoException) => {
    throw new BackupProblem(e.code === 'EEXIST' ? 'file-exists' : 'file-unusable', o.file, e)
  })
  await target.close()
  const count = { tables: 0, rows: 0 }
  try {
    await o.db.session(async (s) => {
      await s.query({ text: 'begin isolation level repeatable read read only' })
      await s.query({ text: 'set local idle_in_transaction_session_timeout = 0' })
      await pipeline(Readable.from(framesOf(s, o, count)), createGzip(), createWriteStream(partial, { mode: 0o600 }))
      await s.query({ text: 'rollback' })
    })
    await durable(partial)
    await rename(partial, o.file)
    await durable(dirname(o.file))
  } catch (e) {
    await rm(partial, { force: true })
    await rm(o.file, { force: true })
    if ((e as NodeJS.ErrnoException).syscall !== undefined)
      throw new BackupProblem('file-unusable', (e as Error).message, e)
    throw e
  }
  await o.db.tx((tx) =>
    insertEntry(tx, {
      actor: o.actor,
      act: 'backup.create',
      detail: { ...count, withKeys: o.passphrase !== undefined },
    }),
  )
  return { file: o.file, bytes: await sizeOf(o.file), ...count, withKeys: o.passphrase !== undefined }
}

async function* framesOf(
  s: Session,
  o: BackupOptions,
  count: { tables: number; rows: number },
): AsyncGenerator<Buffer> {
  const w = createFrameWriter()
  const header = await headerOf(s, o)
  const schemas = [...new Set(header.migrations.map((m) => m.schema))]
  yield mark
  yield w.frame('H', header)
  if (o.passphrase !== undefined) yield w.frame('K', await sealKeys(o.keysDir, o.passphrase, header))
  for (const table of await tablesOf(s, schemas)) {
    yield w.frame('T', table)
    const hash = createHash('sha256')
    let rows = 0
    for await (const bytes of rowsOf(s, table)) {
      hash.update(bytes)
      for (const b of bytes) if (b === 10) rows++
      yield w.frame('D', bytes)
    }
    yield w.frame('E', { rows, sha256: hash.digest('hex') })
    count.tables++
    count.rows += rows
  }
  yield w.frame('S', await sequencesOf(s, schemas))
  yield w.seal()
}

/** In COPY's text form each row is a line; line breaks inside values are written as two characters. */
async function* rowsOf(s: Session, t: Table): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = []
  let bytes = 0
  for await (const chunk of s.copyOut(
    `copy (select ${t.columns.map(quoted).join(', ')} from ${tableName(t)}) to stdout`,
  )) {
    gathered.push(chunk as Buffer)
    bytes += (chunk as Buffer).length
    if (bytes < frameBytes) continue
    yield Buffer.concat(gathered)
    gathered = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(gathered)
}

async function headerOf(s: Session, o: BackupOptions): Promise<Header> {
  const [there] = await s.query<{ there: boolean }>(sql`select to_regclass('muster.migration') is not null as there`)
  if (!there?.there) throw new BackupProblem('database-not-current', 'it is empty')
  const migrations = await s.query<Header['migrations'][number]>(
    sql`select schema, name, checksum from migration order by schema, name`,
  )
  const known = [coreMigrations(), ...o.plugins].flatMap((set) => set.migrations.map((m) => `${set.schema}/${m.name}`))
  const missing = known.filter((m) => !migrations.some((x) => `${x.schema}/${x.name}` === m))
  if (missing.length > 0) throw new BackupProblem('database-not-current', missing.join(', '))
  const [about] = await s.query<{ now: Date; id: string | null; master: string | null }>(
    sql`select now() as now, (select id::text from installation) as id, (select master_id from data_key order by no limit 1) as master`,
  )
  return {
    format: formatVersion,
    version: o.version,
    created: (about?.now ?? new Date()).toISOString(),
    installation: about?.id ?? uuidv7(),
    masterId: about?.master ?? null,
    migrations,
    months: await monthsOf(s),
  }
}

/** On the disk, not only on its way there. */
async function durable(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
async function sizeOf(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}
