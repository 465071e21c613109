/** Statements and transactions over one pool of connections, with errors in our words and every statement counted. */
import type { Readable, Writable } from 'node:stream'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Sql } from 'sql-template-tag'
import { type FailpointPath, failing, failpoint } from '../failpoints/index.ts'
import { clientConfig } from './client.ts'
import { createListener } from './listen.ts'
import { createLocks } from './lock.ts'
import type { Log } from './log.ts'
import { type About, createNotifier } from './notify.ts'
import { DatabaseProblem, sqlState, translate, translateConnect } from './problem.ts'

export type Statement = Sql | { name?: string; text: string; values?: unknown[] }

/** Rows of one statement; bigint columns are JS numbers, timestamps are Dates, xid8 and numeric are strings. */
export interface Sqlish {
  query<T = Record<string, unknown>>(q: Statement): Promise<T[]>
}

export interface Tx extends Sqlish {
  readonly tx: true
  /** Runs a statement and says how many rows it touched. */
  affected(q: Statement): Promise<number>
  /** NOTIFY once this is committed, outside of it; listeners of this process hear it at once. */
  notify(channel: string, about?: About): void
}

/** One connection, for work that streams whole tables through it. */
export interface Session extends Sqlish {
  /** `COPY ... TO STDOUT`. */
  copyOut(text: string): Readable
  /** `COPY ... FROM STDIN`. */
  copyIn(text: string): Writable
}

export interface Db extends Sqlish {
  affected(q: Statement): Promise<number>
  /**
   * BEGIN, work, COMMIT; ROLLBACK if work throws. Serialisation failures and deadlocks run `work` again, at most 3 times.
   * `path` names its failpoints; `settings` are statements sent along with BEGIN (`SET LOCAL ...`).
   */
  tx<T>(work: (tx: Tx) => Promise<T>, path?: FailpointPath, settings?: string): Promise<T>
  /**
   * Hears NOTIFY on a channel, over one connection shared by all channels. Resolves when the channel is heard.
   * `onReset` is called whenever hearing begins anew: what was said before it may have been missed.
   */
  listen(channel: string, on: (payload: string) => void, onReset: () => void): Promise<() => Promise<void>>
  /** False while the listening connection is away. */
  listening(): boolean
  /**
   * Runs `work` while holding a session lock that one node at a time can hold; undefined when another holds it.
   * `signal` is aborted when the lock is lost with its connection: stop writing then.
   */
  lock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** One connection for the work alone; it is closed afterwards, whatever state it was left in. */
  session<T>(work: (s: Session) => Promise<T>): Promise<T>
  /** Statements issued through this Db (queries, transactions with their BEGIN and COMMIT, locks, LISTEN), without the NOTIFY that follows commits. */
  readonly statements: number
  /** Statements and transactions that wait for a connection. */
  waiting(): number
  /** Where it is connected, without the password. */
  readonly url: string
  ping(): Promise<void>
  close(): Promise<void>
}

type Ran = { rows: unknown[]; rowCount: number | null; command: string }

/** A simple-protocol text of several statements answers with one result each; the last one speaks. */
function lastOf(r: Ran | Ran[]): Ran {
  return Array.isArray(r) ? (r.at(-1) ?? { rows: [], rowCount: 0, command: '' }) : r
}

function driverQuery(q: Statement): pg.QueryConfig {
  return 'name' in q && q.name ? { name: q.name, text: q.text, values: q.values } : { text: q.text, values: q.values }
}

/** The point before a statement: by its name, else by its first words. */
function pointOf(path: FailpointPath, q: Statement): string {
  const said = 'name' in q && q.name ? q.name : q.text.trim().split(/\s+/, 3).join('-')
  return `${path}/${said.toLowerCase().replace(/[^\w-]/g, '')}`
}

const retried = new Set(['40001', '40P01'])
const retries = 3

export function createDb(o: {
  url: string
  shownUrl: string
  poolSize: number
  log: Log
  onClose: () => Promise<void>
}): Db {
  const pool = new pg.Pool({
    ...clientConfig(o.url),
    max: o.poolSize,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 15_000,
  })
  // An idle connection that breaks is dropped by the pool; without a handler it would end the process.
  pool.on('error', (e) => o.log.warn({ err: e }, 'an idle database connection was lost'))
  // Nor does the pool listen between making a connection and handing it over: a farewell that comes in the same packet would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  let statements = 0
  let closing: Promise<void> | undefined
  const count = () => {
    statements++
  }
  const listener = createListener({ url: o.url, log: o.log, count })
  const notifier = createNotifier({
    log: o.log,
    local: listener.local,
    send: async (channels, payloads) => {
      const q = {
        text: 'SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) x (c, p)',
        values: [channels, payloads],
      }
      // Over the connection that listens, which knows its own words again; while it is away, over any.
      if (!(await listener.ask(q))) await pool.query(q)
    },
  })
  const locks = createLocks({ url: o.url, log: o.log, count })

  async function connect(): Promise<pg.PoolClient> {
    if (closing) throw new DatabaseProblem('database-closed')
    try {
      return await pool.connect()
    } catch (e) {
      throw translateConnect(e)
    }
  }

  async function run(client: pg.Pool | pg.PoolClient, q: Statement): Promise<Ran> {
    if (closing && client === pool) throw new DatabaseProblem('database-closed')
    statements++
    try {
      return lastOf(await client.query(driverQuery(q)))
    } catch (e) {
      throw translate(e)
    }
  }

  async function once<T>(work: (tx: Tx) => Promise<T>, path?: FailpointPath, settings?: string): Promise<T> {
    const client = await connect()
    let over = false
    let broken: unknown
    const told = new Map<string, About>()
    const lost = (e: Error) => {
      broken = e
    }
    client.on('error', lost)
    const step = (q: Statement) => {
      if (over) throw new Error('this transaction is over: a statement was issued after its work returned')
      return failing && path ? failpoint(pointOf(path, q)).then(() => run(client, q)) : run(client, q)
    }
    const tx: Tx = {
      tx: true,
      query: async <R>(q: Statement) => (await step(q)).rows as R[],
      affected: async (q) => (await step(q)).rowCount ?? 0,
      notify: (channel, about = []) => {
        const before = told.get(channel) ?? []
        told.set(channel, before === '*' || about === '*' ? '*' : [...before, ...about])
      },
    }
    try {
      await run(client, { text: settings === undefined ? 'BEGIN' : `BEGIN; ${settings}` })
      const result = await work(tx)
      over = true
      if (failing && path) await failpoint(`${path}/before-commit`)
      const end = await run(client, { text: 'COMMIT' })
      if (failing && path) await failpoint(`${path}/after-commit`)
      if (end.command === 'ROLLBACK')
        throw new Error('the transaction was rolled back: a failed statement in it was ignored')
      for (const [channel, about] of told) notifier.tell(channel, about)
      return result
    } catch (e) {
      over = true
      if (!broken) {
        await run(client, { text: 'ROLLBACK' }).catch((late: unknown) => {
          broken = late
        })
      }
      throw e
    } finally {
      client.off('error', lost)
      client.release(broken !== undefined)
    }
  }

  async function tx<T>(work: (tx: Tx) => Promise<T>, path?: FailpointPath, settings?: string): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(work, path, settings)
      } catch (e) {
        if (attempt >= retries || !retried.has(sqlState(e) ?? '')) throw e
        await new Promise((r) => setTimeout(r, Math.random() * 20 * 2 ** attempt))
      }
    }
  }

  async function session<T>(work: (s: Session) => Promise<T>): Promise<T> {
    const client = await connect()
    // The stream or statement at hand tells of a broken connection.
    client.on('error', (e) => o.log.warn({ err: e }, 'a database connection was lost'))
    try {
      return await work({
        query: async <R>(q: Statement) => (await run(client, q)).rows as R[],
        copyOut: (text) => {
          count()
          return client.query(copyTo(text))
        },
        copyIn: (text) => {
          count()
          return client.query(copyFrom(text))
        },
      })
    } finally {
      client.release(true)
    }
  }

  async function closeAll() {
    await notifier.close()
    await Promise.all([listener.close(), locks.close(), pool.end()])
    await o.onClose()
  }

  return {
    query: async <R>(q: Statement) => (await run(pool, q)).rows as R[],
    affected: async (q) => (await run(pool, q)).rowCount ?? 0,
    tx,
    listen: listener.listen,
    listening: listener.listening,
    lock: locks.lock,
    session,
    get statements() {
      return statements
    },
    waiting: () => pool.waitingCount,
    url: o.shownUrl,
    ping: async () => {
      await run(pool, { text: 'SELECT 1' })
    },
    close: () => {
      closing ??= closeAll()
      return closing
    },
  }
}
