/** When each channel was last heard of: kept in memory, written in one sorted batch. A crash loses at most one flush interval. */
import { type Db, type Log, numberArray } from '../db/index.ts'
import { greatest, numbers } from './numbers.ts'

const flushEveryMs = 5_000
/** Seconds of silence that a device may promise at most: a year. */
const longestS = 31_536_000

export interface Seen {
  mark(channel: number, expectInS?: number): void
  flush(): Promise<number>
  stop(): Promise<void>
}

const flushStatement = `
  insert into seen as s (channel, at, expect_s)
  select channel, to_timestamp(($4::float8 + after) / 1000), greatest(expect_s, 0) from unnest($1::bigint[], $2::bigint[], $3::integer[]) as x (channel, after, expect_s) order by channel
  on conflict (channel) do update set at = greatest(s.at, excluded.at), expect_s = case when excluded.expect_s > 0 then excluded.expect_s else s.expect_s end`

/** `after` is called with the channels of each flush (the console's "last seen" follows from it). */
export function createSeen(o: { db: Db; log: Log; after?: (channels: number[]) => void }): Seen {
  /** Milliseconds since `base` and seconds per channel; `dirty` names those whose time is not 0. No object per mark: marks are the most frequent thing of all. */
  const atOf = numbers()
  const expectOf = numbers()
  let dirty: number[] = []
  let base = 0
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<number> = Promise.resolve(0)

  async function write(): Promise<number> {
    if (dirty.length === 0) return 0
    const channels = dirty.sort((a, b) => a - b)
    dirty = []
    const since = base
    const after = channels.map(atOf.get)
    const expected = channels.map(expectOf.get)
    for (const no of channels) {
      atOf.set(no, 0)
      expectOf.set(no, 0)
    }
    try {
      await o.db.tx(async (tx) => {
        await tx.query({ text: 'set local synchronous_commit = off' })
        await tx.query({
          name: 'seen-flush',
          text: flushStatement,
          values: [numberArray(channels), numberArray(after), numberArray(expected), since],
        })
      })
    } catch (error) {
      for (const [i, no] of channels.entries())
        if (atOf.get(no) === 0) put(no, since + (after[i] ?? 0), expected[i] ?? 0)
      arm()
      throw error
    }
    o.after?.(channels)
    return channels.length
  }
  function put(channel: number, at: number, expectInS: number): void {
    if (dirty.length === 0) base = at - 1
    if (atOf.get(channel) === 0) dirty.push(channel)
    // Clocks are set back, too: a moment before the first mark is that of the first.
    atOf.set(channel, Math.min(Math.max(at - base, 1), greatest))
    if (expectInS > 0) expectOf.set(channel, expectInS)
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
      put(channel, Date.now(), Number.isFinite(expectInS) ? Math.min(Math.max(Math.round(expectInS), 0), longestS) : 0)
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
