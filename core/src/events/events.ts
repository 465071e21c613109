/** Events: emitted in the transaction of the change, read and followed in commit-safe order. */
import { type EventMap, type EventType, Problem } from '@muster/contract'
import type { Db, Log, Tx } from '../db/index.ts'
import { createFollow, type Follower, type FollowOptions } from './follow.ts'
import { createReader } from './reader.ts'
import type { EventInput, EventRecord } from './record.ts'
import {
  insertEvents,
  isKept,
  type OutboxRow,
  positionBefore,
  presentPosition,
  readOutbox,
  trimOutbox,
} from './store.ts'

export interface Events {
  /** Followers hear of it once it is committed. Hot acknowledgement paths pass `notify: false`: theirs is heard within a second. */
  emit<K extends keyof EventMap>(tx: Tx, type: K, data: EventMap[K], o?: { notify?: boolean }): Promise<void>
  emitMany(tx: Tx, rows: readonly EventInput[], o?: { notify?: boolean }): Promise<void>
  /**
   * Calls `on` with every event after `after` (from now on, without it), in order, at least once: a batch whose `on`
   * throws is given again. Followers at the head share one reader of the outbox.
   */
  follow<K extends EventType = EventType>(
    o: FollowOptions<K>,
    on: (batch: EventRecord<K>[]) => Promise<void> | void,
  ): Follower
  /** Throws Problem `events-gone` when `after` is older than what is kept, `invalid-cursor` when it is no id. */
  read(after: string, limit: number): Promise<EventRecord[]>
  /** The id from which nothing that commits later can be missed. */
  present(): Promise<string>
  /** Milliseconds since all committed events had been read; Infinity before the first time. */
  freshness(): number
  /** Removes older events; answers how many. */
  trim(olderThanDays: number): Promise<number>
  /** The id after which events since that time stand. Throws Problem `events-gone` when that is no longer kept. */
  since(at: Date): Promise<string>
  close(): Promise<void>
}

function record(row: OutboxRow): EventRecord {
  return { id: `${row.xid}.${row.no}`, type: row.type, at: row.at, data: row.data } as EventRecord
}

export function createEvents(o: { db: Db; log: Log }): Events {
  const { db, log } = o

  async function readFrom(after: string, limit: number, types?: readonly string[]) {
    const { rows, ...rest } = await readOutbox(db, after, { limit, types })
    return { ...rest, records: rows.map(record) }
  }

  async function assertKept(after: string) {
    if (!(await isKept(db, after))) throw new Problem('events-gone')
  }

  const reader = createReader({ db, log, readFrom })
  const follow = createFollow({ reader, log, readFrom, assertKept })

  return {
    emit: async (tx, type, data, how) => {
      await insertEvents(tx, [{ type, data }], how?.notify ?? true)
    },
    emitMany: async (tx, rows, how) => {
      if (rows.length > 0) await insertEvents(tx, [...rows], how?.notify ?? true)
    },
    follow: follow.follow,
    read: async (after, limit) => {
      const { records } = await readFrom(after, limit)
      // Asked after reading: what was trimmed meanwhile would be missing from the answer.
      await assertKept(after)
      return records
    },
    since: async (at) => {
      const place = await positionBefore(db, at)
      await assertKept(place)
      return place
    },
    present: () => presentPosition(db),
    freshness: reader.freshness,
    trim: (days) => trimOutbox(db, days),
    close: async () => {
      await follow.close()
      await reader.close()
    },
  }
}
