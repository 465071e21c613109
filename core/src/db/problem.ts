/** What can be wrong with the database, in words that say what to do, and how the driver's errors map to them. */

const texts = {
  'database-away': 'The database does not answer. Check that PostgreSQL runs and that DATABASE_URL is right.',
  'database-refused': 'The database refused the connection. Check user, password and database name in DATABASE_URL.',
  'database-url-invalid':
    'DATABASE_URL is not a PostgreSQL address. Write postgresql://user:password@host:5432/database, or unset it to use the embedded database.',
  'database-too-old': 'The database server is too old. Muster needs PostgreSQL 15 or newer: upgrade it.',
  'database-encoding':
    'The database is not encoded in UTF-8. Create it with: CREATE DATABASE muster ENCODING UTF8 TEMPLATE template0.',
  'database-newer':
    'The database was migrated by a newer Muster than this one. Start the newer version, or restore the backup made before the upgrade.',
  'migration-changed':
    'A migration that was applied to this database differs from the one in this version. Install an unchanged release; applied migrations are never edited.',
  'migration-order':
    'This version has a migration numbered before one that is applied already. Give the new migration a higher number.',
  'migration-failed': 'A migration failed and was rolled back. Nothing of it was kept.',
  'data-folder-in-use':
    'The data folder is used by another running Muster. Stop that one, or give this one its own folder with MUSTER_DATA.',
  'data-folder-version':
    'The data folder was made by another major version of PostgreSQL. Start the Muster that made it, back it up, and restore into a new folder.',
  'data-folder-unusable':
    'The data folder cannot be used. Check that it exists, that it is writable, and that the disk is sound.',
  'embedded-unavailable':
    'There is no embedded PostgreSQL for this machine. Install PostgreSQL 15 or newer and set DATABASE_URL.',
  'embedded-failed': 'The embedded PostgreSQL did not start.',
  'disk-full': 'The disk of the database is full. Free some space; nothing was written.',
  'database-closed': 'The database connection was closed: the server is stopping.',
} as const

export type DatabaseCode = keyof typeof texts

export class DatabaseProblem extends Error {
  readonly code: DatabaseCode
  constructor(code: DatabaseCode, detail?: string, cause?: unknown) {
    super(detail ? `${texts[code]} (${detail})` : texts[code], { cause })
    this.name = 'DatabaseProblem'
    this.code = code
  }
}

/** The SQLSTATE or system error code of a driver error, whatever wraps it. */
export function sqlState(e: unknown): string | undefined {
  if (e instanceof DatabaseProblem) return sqlState(e.cause)
  if (e instanceof AggregateError && e.errors.length > 0) return sqlState(e.errors[0])
  if (typeof e === 'object' && e !== null && 'code' in e && typeof e.code === 'string') return e.code
  return undefined
}

/** True for a unique violation (23505), of the named constraint or index when one is given. */
export function isUniqueViolation(e: unknown, constraint?: string): boolean {
  if (sqlState(e) !== '23505') return false
  return constraint === undefined || (e as { constraint?: string }).constraint === constraint
}

const away = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // administrator shutdown, crash shutdown, cannot connect now, connection class, idle-session timeout, too many connections
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '53300',
])
const refused = new Set(['28000', '28P01', '3D000', '42501'])

/** The driver tells some lost connections by words alone. */
const awayWords =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed/

function isAway(e: unknown): boolean {
  if (e instanceof DatabaseProblem) return e.code === 'database-away'
  const state = sqlState(e)
  return (state !== undefined && away.has(state)) || (e instanceof Error && awayWords.test(e.message))
}

/** A driver error in our words where we have words for it, else the error itself (constraint violations and the like). */
export function translate(e: unknown): unknown {
  if (e instanceof DatabaseProblem) return e
  const state = sqlState(e)
  const said = e instanceof Error ? e.message || state : String(e)
  if (state === '53100' || state === 'ENOSPC') return new DatabaseProblem('disk-full', said, e)
  if (isAway(e)) return new DatabaseProblem('database-away', said, e)
  return e
}

/** As `translate`, for the moment of connecting: a refusal there is one of the whole set-up. */
export function translateConnect(e: unknown): unknown {
  const state = sqlState(e)
  if (state !== undefined && refused.has(state)) {
    return new DatabaseProblem('database-refused', e instanceof Error ? e.message : state, e)
  }
  return translate(e)
}
