/** Opening the database: the given one or the embedded one, waited for, and checked before anybody uses it. */
import pg from 'pg'
import { clientConfig } from './client.ts'
import { createDb, type Db } from './connection.ts'
import { runningEmbedded, startEmbedded } from './embedded.ts'
import type { Log } from './log.ts'
import { DatabaseProblem, translateConnect } from './problem.ts'

export interface OpenDbOptions {
  /** postgresql://user:password@host:port/database. Unset: the embedded PostgreSQL under `dataDir`. */
  url?: string
  dataDir: string
  log: Log
  /** Connections of the pool, 10 unless told; listening and locks use one more each, batches three. */
  poolSize?: number
  /** Wait while the database is away (the default), or throw `database-away` at once. */
  wait?: boolean
  /** For a command beside a running server: its embedded PostgreSQL is used, and left running. Else one is started as usual. */
  beside?: boolean
}

const oldestVersion = 150_000
const firstPauseMs = 250
const longestPauseMs = 5_000

/** The address without its password; throws `database-url-invalid` for what is no address. */
function shown(url: string): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (e) {
    throw new DatabaseProblem('database-url-invalid', undefined, e)
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) throw new DatabaseProblem('database-url-invalid')
  if (parsed.password) parsed.password = '***'
  if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***')
  return parsed.toString()
}

async function check(url: string): Promise<void> {
  const client = new pg.Client({ ...clientConfig(url), connectionTimeoutMillis: 10_000 })
  // A connection that breaks between statements tells it here; the statement's own error is what counts.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ version: number; encoding: string }>(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
    )
    const [found] = rows
    if (!found || found.version < oldestVersion)
      throw new DatabaseProblem('database-too-old', `server version ${found?.version}`)
    if (found.encoding !== 'UTF8') throw new DatabaseProblem('database-encoding', found.encoding)
  } catch (e) {
    throw translateConnect(e)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Checks until the database answers; says so in the log every few seconds. */
async function checkPatiently(url: string, where: string, o: OpenDbOptions) {
  let pause = firstPauseMs
  for (;;) {
    try {
      await check(url)
      return
    } catch (e) {
      const isAway = e instanceof DatabaseProblem && e.code === 'database-away'
      if (!isAway || o.wait === false) throw e
      o.log.warn({ database: where, reason: e.message }, 'the database is away; waiting for it')
      await new Promise((r) => setTimeout(r, pause))
      pause = Math.min(pause * 2, longestPauseMs)
    }
  }
}

export async function openDb(o: OpenDbOptions): Promise<Db> {
  const poolSize = o.poolSize ?? 10
  if (o.url) {
    const shownUrl = shown(o.url)
    await checkPatiently(o.url, shownUrl, o)
    return createDb({ url: o.url, shownUrl, poolSize, log: o.log, onClose: async () => undefined })
  }
  const embedded =
    (o.beside ? runningEmbedded(o.dataDir, o.log) : undefined) ??
    (await startEmbedded({ dataDir: o.dataDir, log: o.log }))
  try {
    await check(embedded.url)
  } catch (e) {
    await embedded.stop()
    throw e
  }
  return createDb({ url: embedded.url, shownUrl: embedded.url, poolSize, log: o.log, onClose: embedded.stop })
}
