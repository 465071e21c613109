/** Reading a backup from end to end before anything of it is believed. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { checksum, coreMigrations, type MigrationSet } from '../db/index.ts'
import {
  endSchema,
  formatVersion,
  type Header,
  headerSchema,
  readFrames,
  readJson,
  sequencesSchema,
  tableSchema,
} from './frames.ts'
import { BackupProblem } from './problem.ts'

export interface Checked {
  header: Header
  tables: number
  rows: number
  /** Sealed key files, when it holds them. */
  keys?: Buffer
}

/** Problems: backup-foreign, backup-damaged, backup-newer (a format that this version cannot read). */
export async function checkBackup(file: string): Promise<Checked> {
  let header: Header | undefined
  let keys: Buffer | undefined
  let [tables, rows, sequences] = [0, 0, 0]
  let hash = createHash('sha256')
  let inTable = false
  const damaged = (why: string) => new BackupProblem('backup-damaged', why)
  for await (const { letter, bytes } of readFrames(file)) {
    if (!header) {
      if (letter !== 'H') throw damaged('the header is missing')
      header = readHeader(bytes)
    } else if (letter === 'K') keys = Buffer.from(bytes)
    else if (letter === 'T') {
      if (inTable) throw damaged('a table does not end')
      readJson(tableSchema, bytes)
      hash = createHash('sha256')
      inTable = true
    } else if (letter === 'D') {
      if (!inTable) throw damaged('rows of no table')
      hash.update(bytes)
    } else if (letter === 'E') {
      const end = readJson(endSchema, bytes)
      if (!inTable || end.sha256 !== hash.digest('hex')) throw damaged('rows do not fit their digest')
      inTable = false
      tables++
      rows += end.rows
    } else if (letter === 'S') {
      readJson(sequencesSchema, bytes)
      sequences++
    } else throw damaged('two headers')
  }
  if (!header || inTable || sequences !== 1) throw damaged('parts are missing')
  return { header, tables, rows, keys }
}

const formatSchema = z.object({ format: z.number() })

function readHeader(bytes: Buffer): Header {
  // A later format may hold other members: its number is looked at first.
  const { format } = readJson(formatSchema, bytes)
  if (format > formatVersion) throw new BackupProblem('backup-newer', `format ${format}`)
  return readJson(headerSchema, bytes)
}

/** The migrations that bring an empty database to where the backup was made. Problems: backup-newer, backup-foreign, backup-platform. */
export function migrationsOf(header: Header, plugins: readonly MigrationSet[]): MigrationSet[] {
  const sets = [coreMigrations(), ...plugins]
  for (const m of header.migrations) {
    const set = sets.find((s) => s.schema === m.schema)
    if (!set) throw new BackupProblem('backup-platform', m.schema)
    const known = set.migrations.find((x) => x.name === m.name)
    if (!known) throw new BackupProblem('backup-newer', `${m.schema}/${m.name}, made by ${header.version}`)
    if (checksum(known) !== m.checksum) throw new BackupProblem('backup-foreign', `${m.schema}/${m.name}`)
  }
  const had = new Set(header.migrations.map((m) => `${m.schema}/${m.name}`))
  return sets.map((s) => ({ ...s, migrations: s.migrations.filter((m) => had.has(`${s.schema}/${m.name}`)) }))
}
