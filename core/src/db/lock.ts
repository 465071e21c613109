/** "One node at a time": session advisory locks of PostgreSQL over one connection of their own. */
import pg from 'pg'
import { clientConfig } from './client.ts'
import type { Log } from './log.ts'
import { DatabaseProblem, translate, translateConnect } from './problem.ts'

interface Locks {
  lock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  close(): Promise<void>
}

export function createLocks(o: { url: string; log: Log; count: () => void }): Locks {
  /** Advisory locks are re-entrant within a session, so what this process holds is kept here. */
  const held = new Map<string, AbortController>()
  let session: Promise<pg.Client> | undefined
  let closed = false

  async function open(): Promise<pg.Client> {
    const client = new pg.Client(clientConfig(o.url))
    let gone = false
    const lost = () => {
      if (gone) return
      gone = true
      session = undefined
      if (closed || held.size === 0) return
      o.log.warn({ locks: [...held.keys()] }, 'the connection holding locks was lost: their work is told to stop')
      for (const controller of held.values())
        controller.abort(new DatabaseProblem('database-away', 'the lock was lost'))
    }
    client.on('error', lost)
    client.on('end', lost)
    try {
      await client.connect()
    } catch (e) {
      session = undefined
      throw translateConnect(e)
    }
    return client
  }

  async function ask(client: pg.Client, text: string, name: string): Promise<boolean> {
    o.count()
    try {
      const { rows } = await client.query<{ ok: boolean }>({ text, values: [name] })
      return rows[0]?.ok === true
    } catch (e) {
      throw translate(e)
    }
  }

  async function lock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (closed) throw new DatabaseProblem('database-closed')
    if (held.has(name)) return undefined
    const controller = new AbortController()
    held.set(name, controller)
    try {
      session ??= open()
      const client = await session
      if (!(await ask(client, 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS ok', name))) return undefined
      try {
        return await work(controller.signal)
      } finally {
        // A lost session gave the lock back already.
        if (!controller.signal.aborted)
          await ask(client, 'SELECT pg_advisory_unlock(hashtextextended($1, 0)) AS ok', name)
      }
    } finally {
      held.delete(name)
    }
  }

  return {
    lock,
    close: async () => {
      closed = true
      const client = await session?.catch(() => undefined)
      for (const controller of held.values()) controller.abort(new DatabaseProblem('database-closed'))
      await client?.end()
    },
  }
}
