/** When each channel was last heard of: kept in memory, written in one sorted batch. A crash loses at most one flush interval. */
import type { Db, Log } from '../db/index.ts'

export const flushEveryMs = 5_000
/** Seconds of silence that a device may promise at most: a year. */
const longestS = 31_536_000

export interface Seen {
  mark(channel: number, expectInS?: number): void
  flush(): Promise<number>
  stop(): Promise<void>
}

const flushStatement = `
  insert into seen as s (channel, at, expect_s)
  select channel, at, greatest(expect_s, 0) from unnest($1::bigint[], $2::timestamptz[], $3::integer[]) as x (channel, at, expect_s) order by channel
  on conflict (channel) do update set at = greatest(s.at, excluded.at), expect_s = case when excluded.expect_s > 0 then excluded.expect_s else s.expect_s end`

/** `after` is called with the channels of each flush (the console's "last seen" follows from it). */
export function createSeen(o: { db: Db; log: Log; after?: (channels: number[]) => void }): Seen {
  let dirty = new Map<number, { at: number; expectInS: number }>()
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<number> = Promise.resolve(0)

  async function write(): Promise<number> {
    if (dirty.size === 0) return 0
    const batch = [...dirty].sort(([a], [b]) => a - b)
    dirty = new Map()
    const channels = batch.map(([no]) => no)
    try {
      await o.db.tx(async (tx) => {
        await tx.query({ text: 'set local synchronous_commit = off' })
        await tx.query({
          name: 'seen-flush',
          text: flushStatement,
          values: [channels, batch.map(([, s]) => new Date(s.at)), batch.map(([, s]) => s.expectInS)],
        })
      })
    } catch (error) {
      for (const [no, s] of batch) if (!dirty.has(no)) dirty.set(no, s)
      arm()
      throw error
    }
    o.after?.(channels)
    return channels.length
  }
  const flush = () => {
    flushing = flushing.catch(() => 0).then(write)
    return flushing
  }
  function arm(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      flush().catch((error) => o.log.warn({ err: error }, 'last-seen times were not written; trying again'))
    }, flushEveryMs).unref()
  }
  return {
    mark: (channel, expectInS = 0) => {
      const known = dirty.get(channel)
      const promised = Number.isFinite(expectInS) ? Math.min(Math.max(Math.round(expectInS), 0), longestS) : 0
      dirty.set(channel, { at: Date.now(), expectInS: promised || (known?.expectInS ?? 0) })
      arm()
    },
    flush,
    stop: async () => {
      clearTimeout(timer)
      timer = undefined
      await flush()
    },
  }
}
