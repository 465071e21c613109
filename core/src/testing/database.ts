/** A database of its own for each test file: a clone of one migrated template. */
import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { coreMigrations, type Db, migrate, openDb } from '../db/index.ts'
import { startTestServer } from './embedded.ts'
import { silentLog } from './log.ts'

export const serverVariable = 'MUSTER_TEST_DATABASE_URL'

export interface TestDatabase {
  db: Db
  /** For a second process or a second Db on the same database. */
  url: string
  close(): Promise<void>
}

let own: Promise<string> | undefined

/** The server of the whole run, or, when a file runs alone, one that ends with this process. */
async function serverUrl(): Promise<string> {
  return process.env[serverVariable] || ownServer()
}

function ownServer(): Promise<string> {
  own ??= startTestServer().then((s) => s.url)
  return own
}

function at(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.toString()
}

async function asAdmin<T>(server: string, work: (c: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function open(url: string): Promise<Db> {
  return openDb({ url, dataDir: '', log: silentLog, wait: false })
}

/** Named after what is in it, so an outdated one is never taken; made by the first who asks, the others wait. */
export async function ensureTemplate(server: string): Promise<string> {
  const core = coreMigrations()
  const name = `muster_template_${createHash('sha256').update(JSON.stringify(core)).digest('hex').slice(0, 16)}`
  await asAdmin(server, async (c) => {
    await c.query(`SELECT pg_advisory_lock(hashtextextended('muster test template', 0))`)
    const { rowCount } = await c.query('SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn', [name])
    if (rowCount) return
    await c.query(`DROP DATABASE IF EXISTS ${name}`)
    await c.query(`CREATE DATABASE ${name} TEMPLATE template0`)
    const db = await open(at(server, name))
    try {
      await migrate(db, [core])
    } finally {
      await db.close()
    }
    // Nobody may connect from now on: a connection would forbid cloning.
    await c.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
  })
  return name
}

/**
 * `migrated: false` gives an empty database. `alone`: on a server that no other test file uses, for what waits for the
 * transactions of the whole server to end (the outbox and the audit's sealer do).
 */
export async function testDatabase(o: { migrated?: boolean; alone?: boolean } = {}): Promise<TestDatabase> {
  const server = await (o.alone ? ownServer() : serverUrl())
  const template = o.migrated === false ? 'template0' : await ensureTemplate(server)
  const name = `muster_test_${process.pid}_${randomBytes(4).toString('hex')}`
  await asAdmin(server, (c) => c.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`))
  const url = at(server, name)
  const db = await open(url)
  return {
    db,
    url,
    close: async () => {
      await db.close()
      await asAdmin(server, (c) => c.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    },
  }
}
