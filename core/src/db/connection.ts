/** Statements and transactions over one pool of connections, with errors in our words and every statement counted. */
import type { Readable, Writable } from 'node:stream'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Sql } from 'sql-template-tag'
import { type FailpointPath, failing, failpoint } from '../failpoints/index.ts'
import { clientConfig } from './client.ts'
import { createGroup, type Ran } from './group.ts'
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
   * `path` names its failpoints.
   */
  tx<T>(work: (tx: Tx) => Promise<T>, path?: FailpointPath): Promise<T>
  /**
   * The same for crowds of small statements that name their rows by key, on connections of their own. What is issued in the same turn of the event
   * loop travels together; what `work` does not wait for travels with COMMIT, and is waited for then. Rows are found by index: plans of prepared
   * statements are kept, and one that was made while a table was empty would read all of it once it is full.
   */
  batch<T>(work: (tx: Tx) => Promise<T>, path?: FailpointPath): Promise<T>
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
/** Connections for `batch`: one is written to while the commits of others are on their way to the disk. */
const batchConnections = 4
const byIndex = ['seqscan', 'hashjoin', 'mergejoin'].map((way) => `-c enable_${way}=off`).join(' ')

export function createDb(o: {
  url: string
  shownUrl: string
  poolSize: number
  log: Log
  onClose: () => Promise<void>
}): Db {
  const poolOf = (max: number, options?: string) => {
    const made = new pg.Pool({
      ...clientConfig(o.url, options),
      max,
      idleTimeoutMillis: 60_000,
      connectionTimeoutMillis: 15_000,
    })
    // An idle connection that breaks is dropped by the pool; without a handler it would end the process.
    made.on('error', (e) => {
      // The whole connection hangs on the error. Closing does not wait for farewells, which an ending server may then say first.
      if (!closing) o.log.warn({ reason: e.message }, 'an idle database connection was lost')
    })
    // Nor does the pool listen between making a connection and handing it over: a farewell that comes in the same packet would end the process.
    made.on('connect', (client) => client.on('error', () => undefined))
    return made
  }
  const pool = poolOf(o.poolSize)
  const batches = poolOf(batchConnections, byIndex)
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

  async function connect(from = pool): Promise<pg.PoolClient> {
    if (closing) throw new DatabaseProblem('database-closed')
    try {
      return await from.connect()
    } catch (e) {
      throw translateConnect(e)
    }
  }

  type Runs = (q: pg.QueryConfig) => Promise<Ran | Ran[]>
  async function run(on: Runs, q: Statement): Promise<Ran> {
    statements++
    try {
      return lastOf(await on(driverQuery(q)))
    } catch (e) {
      throw translate(e)
    }
  }
  const onPool: Runs = (q) => {
    if (closing) throw new DatabaseProblem('database-closed')
    return pool.query(q)
  }

  async function once<T>(work: (tx: Tx) => Promise<T>, from: pg.Pool, path?: FailpointPath): Promise<T> {
    const client = await connect(from)
    const group = from === batches ? createGroup(client) : undefined
    const issue = (q: Statement) => run(group ? group.run : (x) => client.query(x), q)
    /** Of a group, what is on its way. Whoever issued it hears of its failure; whoever did not wait, at the end. */
    const under: Promise<Ran>[] = []
    let over = false
    let broken: unknown
    const told = new Map<string, About>()
    const lost = (e: Error) => {
      broken = e
    }
    client.on('error', lost)
    const step = (q: Statement) => {
      if (over) throw new Error('this transaction is over: a statement was issued after its work returned')
      const ran = failing && path ? failpoint(pointOf(path, q)).then(() => issue(q)) : issue(q)
      if (group) {
        under.push(ran)
        ran.catch(() => undefined)
      }
      return ran
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
      const begun = issue({ name: group && 'begin', text: 'BEGIN' })
      begun.catch(() => undefined)
      if (!group) await begun
      const result = await work(tx)
      over = true
      if (failing && path) {
        await Promise.all(under)
        await failpoint(`${path}/before-commit`)
      }
      const [end] = await Promise.all([issue({ name: group && 'commit', text: 'COMMIT' }), begun, ...under])
      if (failing && path) await failpoint(`${path}/after-commit`)
      if (end.command === 'ROLLBACK')
        throw new Error('the transaction was rolled back: a failed statement in it was ignored')
      for (const [channel, about] of told) notifier.tell(channel, about)
      return result
    } catch (e) {
      over = true
      if (!broken) {
        await issue({ text: 'ROLLBACK' }).catch((late: unknown) => {
          broken = late
        })
      }
      throw e
    } finally {
      client.off('error', lost)
      client.release(broken !== undefined || group?.spoilt())
    }
  }

  async function tx<T>(work: (tx: Tx) => Promise<T>, from: pg.Pool, path?: FailpointPath): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(work, from, path)
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
        query: async <R>(q: Statement) => (await run((x) => client.query(x), q)).rows as R[],
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
    await Promise.all([listener.close(), locks.close(), pool.end(), batches.end()])
    await o.onClose()
  }

  return {
    query: async <R>(q: Statement) => (await run(onPool, q)).rows as R[],
    affected: async (q) => (await run(onPool, q)).rowCount ?? 0,
    tx: (work, path) => tx(work, pool, path),
    batch: (work, path) => tx(work, batches, path),
    listen: listener.listen,
    listening: listener.listening,
    lock: locks.lock,
    session,
    get statements() {
      return statements
    },
    waiting: () => pool.waitingCount + batches.waitingCount,
    url: o.shownUrl,
    ping: async () => {
      await run(onPool, { text: 'SELECT 1' })
    },
    close: () => {
      closing ??= closeAll()
      return closing
    },
  }
}
