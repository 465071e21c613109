/** Hearing NOTIFY: one connection for all channels, opened on first use and opened again whenever it is lost. */
import pg from 'pg'
import { clientConfig } from './client.ts'
import type { Log } from './log.ts'
import { DatabaseProblem } from './problem.ts'

interface Heard {
  on: (payload: string) => void
  onReset: () => void
}
interface Listener {
  listen(channel: string, on: (payload: string) => void, onReset: () => void): Promise<() => Promise<void>>
  listening(): boolean
  /** Calls who listens in this process. */
  local(channel: string, payload: string): void
  /** Runs a statement on the listening connection, whose own notifications are not heard again; false while it is away. */
  ask(q: pg.QueryConfig): Promise<boolean>
  close(): Promise<void>
}

const firstPauseMs = 100
const longestPauseMs = 5_000
/** A half-open connection says nothing for ever, so it is asked now and then. */
const heartbeatMs = 15_000

export function createListener(o: { url: string; log: Log; count: () => void }): Listener {
  const channels = new Map<string, Set<Heard>>()
  let client: pg.Client | undefined
  let up = false
  let closed = false
  let running: Promise<void> | undefined
  let wakeSleeper: (() => void) | undefined
  const waiters = new Set<{ resolve: () => void; reject: (e: unknown) => void }>()

  function pause(ms: number) {
    return new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wakeSleeper = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** A handler that throws must not silence the others. */
  function guarded(f: () => void, channel: string) {
    try {
      f()
    } catch (e) {
      o.log.error({ err: e, channel }, 'a listener failed')
    }
  }

  async function ask(c: pg.Client, text: string) {
    o.count()
    await c.query(text)
  }

  function local(channel: string, payload: string) {
    for (const h of channels.get(channel) ?? []) guarded(() => h.on(payload), channel)
  }

  /** One life of the connection: from connecting until it is lost. */
  async function live(): Promise<void> {
    const c = new pg.Client(clientConfig(o.url))
    const lost = new Promise<void>((resolve) => {
      c.on('error', () => resolve())
      c.on('end', () => resolve())
    })
    c.on('notification', (n) => {
      // What this process says it has heard already, when it said it.
      if (n.processId !== (c as pg.Client & { processID?: number }).processID) local(n.channel, n.payload ?? '')
    })
    client = c
    let beat: NodeJS.Timeout | undefined
    try {
      await c.connect()
      for (const channel of channels.keys()) await ask(c, `LISTEN ${pg.escapeIdentifier(channel)}`)
      if (closed) return
      up = true
      for (const [channel, all] of channels) for (const h of all) guarded(h.onReset, channel)
      for (const w of waiters) w.resolve()
      waiters.clear()
      beat = setInterval(() => void heartbeat(c), heartbeatMs)
      beat.unref()
      await lost
    } finally {
      up = false
      clearInterval(beat)
      client = undefined
      await c.end().catch((e: unknown) => o.log.warn({ err: e }, 'closing the listening connection failed'))
    }
  }

  async function heartbeat(c: pg.Client) {
    const late = setTimeout(() => c.connection.stream.destroy(new Error('no answer to the heartbeat')), heartbeatMs / 2)
    try {
      await c.query('SELECT 1')
    } catch (e) {
      o.log.warn({ err: e }, 'the listening connection was lost')
    } finally {
      clearTimeout(late)
    }
  }

  async function keepListening() {
    let wait = firstPauseMs
    while (!closed) {
      const began = Date.now()
      try {
        await live()
        if (!closed) o.log.warn({}, 'the listening connection was lost; connecting again')
      } catch (e) {
        if (!closed) o.log.warn({ err: e }, 'cannot listen to the database; trying again')
      }
      if (closed) return
      if (Date.now() - began > longestPauseMs) wait = firstPauseMs
      await pause(wait * (0.5 + Math.random() / 2))
      wait = Math.min(wait * 2, longestPauseMs)
    }
  }

  function untilUp(): Promise<void> {
    return new Promise((resolve, reject) => waiters.add({ resolve, reject }))
  }

  async function listen(channel: string, on: (payload: string) => void, onReset: () => void) {
    if (closed) throw new DatabaseProblem('database-closed')
    const heard: Heard = { on, onReset }
    const all = channels.get(channel) ?? new Set()
    channels.set(channel, all)
    all.add(heard)
    running ??= keepListening()
    const c = client
    if (up && c) {
      // Asking again is harmless and makes sure that LISTEN has been answered before hearing is promised.
      await ask(c, `LISTEN ${pg.escapeIdentifier(channel)}`).catch(() => (up ? undefined : untilUp()))
      guarded(onReset, channel)
    } else await untilUp()
    return async () => {
      all.delete(heard)
      if (all.size > 0 || closed) return
      channels.delete(channel)
      if (up && client) await ask(client, `UNLISTEN ${pg.escapeIdentifier(channel)}`).catch(() => undefined)
    }
  }

  return {
    listen,
    listening: () => up,
    local,
    ask: async (q) => {
      if (!up || !client) return false
      await client.query(q)
      return true
    },
    close: async () => {
      closed = true
      wakeSleeper?.()
      for (const w of waiters) w.reject(new DatabaseProblem('database-closed'))
      waiters.clear()
      await client?.end().catch(() => undefined)
      await running
    },
  }
}
