/** A database that counts what some work asks of it, and that work alone: whatever else runs meanwhile is not in the count. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Db, Tx } from '../db/index.ts'

export interface Counts {
  /** Statements, without BEGIN and COMMIT. */
  statements: number
  transactions: number
}
export interface CountingDb extends Db {
  /** What `work` and all that it set off asked for. */
  count(work: () => Promise<unknown>): Promise<Counts>
}

export function countingDb(db: Db): CountingDb {
  const current = new AsyncLocalStorage<Counts>()
  const note = (what: keyof Counts) => {
    const counts = current.getStore()
    if (counts) counts[what] += 1
  }
  const counted = (tx: Tx): Tx => ({
    tx: true,
    query: (q) => {
      note('statements')
      return tx.query(q)
    },
    affected: (q) => {
      note('statements')
      return tx.affected(q)
    },
    notify: (...args) => tx.notify(...args),
  })
  return {
    query: (q) => {
      note('statements')
      return db.query(q)
    },
    affected: (q) => {
      note('statements')
      return db.affected(q)
    },
    tx: (work, ...how) => {
      note('transactions')
      return db.tx((tx) => work(counted(tx)), ...how)
    },
    batch: (work, ...how) => {
      note('transactions')
      return db.batch((tx) => work(counted(tx)), ...how)
    },
    listen: (...args) => db.listen(...args),
    listening: () => db.listening(),
    lock: (...args) => db.lock(...args),
    session: (work) => db.session(work),
    get statements() {
      return db.statements
    },
    waiting: () => db.waiting(),
    url: db.url,
    ping: () => db.ping(),
    close: () => db.close(),
    count: async (work) => {
      const counts: Counts = { statements: 0, transactions: 0 }
      await current.run(counts, work)
      return counts
    },
  }
}
