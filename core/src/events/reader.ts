/** The one reader of the outbox that a node runs for all followers at the head: woken by NOTIFY, else each second. */
import { DatabaseProblem, type Db, type Log } from '../db/index.ts'
import { createAlarm } from './alarm.ts'
import type { EventRecord } from './record.ts'
import { presentPosition } from './store.ts'

export interface Read {
  records: EventRecord[]
  position: string
  full: boolean
  held: boolean
}
/** `types`: of what is read, only these are answered; all, unless told. */
export type ReadFrom = (after: string, limit: number, types?: readonly string[]) => Promise<Read>
export interface Member {
  /** All, unless told. */
  readonly hears?: readonly string[]
  hand(records: EventRecord[]): void
}
export interface Reader {
  /** Resolves when its first place is fixed. */
  start(): Promise<void>
  /** The place up to which members were handed everything. */
  position(): string
  join(member: Member): void
  leave(member: Member): void
  freshness(): number
  close(): Promise<void>
}

export const batchSize = 1_000
export const idleMs = 1_000
/** Rows wait for an older transaction to end: usually a matter of milliseconds. */
const heldPausesMs = [20, 50, 100, 200, 500]
const heldLongMs = 30_000
/** What is told within this time is read together; the more the last read found, the more time lies between it and the next. */
const coalesceMs = { least: 3, perRecord: 3, most: 50 }

export function createReader(o: { db: Db; log: Log; readFrom: ReadFrom }): Reader {
  const { db, log } = o
  const members = new Set<Member>()
  /** What any of them hears, and what was read for them: bytes that nobody hears are not fetched. */
  let wanted: readonly string[] | undefined = []
  const alarm = createAlarm()
  const started = Promise.withResolvers<void>()
  let position = ''
  let freshAt: number | undefined
  let closed = false
  let running: Promise<void> | undefined
  let unlisten: Promise<() => Promise<void>> | undefined
  let holds = 0
  let heldSince: number | undefined
  let readAt = 0

  async function readOnce(): Promise<Read> {
    if (position === '') {
      position = await presentPosition(db)
      started.resolve()
    }
    const began = Date.now()
    readAt = performance.now()
    const types = wanted
    const read = await o.readFrom(position, batchSize, types)
    // Somebody joined meanwhile who hears more: read again for all.
    if (types !== wanted) return { records: [], position, full: true, held: false }
    position = read.position
    if (!read.full && !read.held) freshAt = began
    if (read.records.length > 0) for (const m of members) m.hand(read.records)
    return read
  }

  /** How long to sleep after a read that found the end. */
  function pauseAfter(read: Read): number {
    if (!read.held) {
      holds = 0
      heldSince = undefined
      return idleMs
    }
    heldSince ??= Date.now()
    if (Date.now() - heldSince > heldLongMs) {
      log.warn({}, 'events wait for a transaction that has been open for long')
      heldSince = Date.now()
    }
    return heldPausesMs[holds++] ?? idleMs
  }

  async function keepReading() {
    while (!closed) {
      try {
        const read = await readOnce()
        if (read.full) continue
        await alarm.sleep(pauseAfter(read))
        const pause =
          Math.min(coalesceMs.perRecord * read.records.length, coalesceMs.most) - (performance.now() - readAt)
        if (!closed) await new Promise((r) => setTimeout(r, Math.max(coalesceMs.least, pause)))
      } catch (e) {
        if (closed || (e instanceof DatabaseProblem && e.code === 'database-closed')) return
        log.warn({ err: e }, 'the outbox cannot be read; trying again')
        await alarm.sleep(idleMs)
      }
    }
  }

  function agree(): void {
    const all = [...members]
    wanted = all.every((m) => m.hears) ? [...new Set(all.flatMap((m) => m.hears ?? []))] : undefined
  }

  function start() {
    if (!running) {
      running = keepReading()
      unlisten = db.listen('muster_outbox', alarm.ring, alarm.ring)
      unlisten.catch((e: unknown) => {
        if (!closed) log.warn({ err: e }, 'cannot listen to the outbox; it is read each second')
      })
    }
    return started.promise
  }

  return {
    start,
    position: () => position,
    join: (m) => {
      members.add(m)
      agree()
    },
    leave: (m) => {
      members.delete(m)
      agree()
    },
    freshness: () => (freshAt === undefined ? Number.POSITIVE_INFINITY : Date.now() - freshAt),
    close: async () => {
      closed = true
      alarm.ring()
      await running
      // Not waited for: while the database is away it is not heard yet, and the connection's end ends it too.
      unlisten
        ?.then((end) => end())
        .catch((e: unknown) => log.info({ err: e }, 'the outbox was not listened to any more'))
    },
  }
}
