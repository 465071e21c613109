/** Followers of the outbox: at the head they take what the shared reader hands out; behind, each reads by itself until it is there. */
import { type EventType, isProblem, type Problem } from '@muster/contract'
import { DatabaseProblem, type Log } from '../db/index.ts'
import { createAlarm } from './alarm.ts'
import { comparePositions, parsePosition } from './position.ts'
import { batchSize, idleMs, type Member, type Reader, type ReadFrom } from './reader.ts'
import type { EventRecord } from './record.ts'

export interface FollowOptions<K extends EventType = EventType> {
  /** Types it is handed; all, unless told. What nobody hears is not even read. */
  hears?: readonly K[]
  /** Id of the last event seen. Unset: from now on. */
  after?: string
  /** Told once when `after` is no longer kept (`events-gone`); the follower has ended then. */
  gone?: (problem: Problem) => void
  /** Milliseconds between two batches when the first was a big one, less the smaller it was: what comes meanwhile joins. */
  everyMs?: number
}
export interface Follower {
  /** Resolves when the place to begin is fixed: what commits from then on will be heard. Load caches after it. */
  ready: Promise<void>
  /** After it resolves `on` is not called any more. Inside `on` call it without waiting for it. */
  stop(): Promise<void>
  /** Id of the last event handled. */
  position(): string
}
type OnBatch = (batch: EventRecord[]) => Promise<void> | void
interface Deps {
  reader: Reader
  log: Log
  readFrom: ReadFrom
  assertKept(after: string): Promise<void>
}

/** A follower slower than this many waiting events gives them up and reads them again by itself. */
const longestQueue = 10_000
/** Events of a batch that is a big one. */
const big = 20
const firstRetryMs = 100
const longestRetryMs = 3_000

function createFollower(deps: Deps, o: FollowOptions, on: OnBatch): Follower {
  const { reader, log } = deps
  const news = createAlarm()
  const patience = createAlarm()
  const begun = Promise.withResolvers<void>()
  let at = o.after ?? ''
  let queue: EventRecord[] = []
  let atHead = false
  let stopped = false
  let life: Promise<void> | undefined
  let gaveAt = Number.NEGATIVE_INFINITY
  let gave = 0

  const member: Member = {
    hears: o.hears,
    hand: (records) => {
      queue.push(...records)
      news.ring()
      if (queue.length > longestQueue) fallBehind()
    },
  }

  function fallBehind() {
    reader.leave(member)
    atHead = false
    queue = []
  }

  function joinHead() {
    atHead = true
    reader.join(member)
  }

  /** Gives a batch until it is taken. */
  async function give(records: EventRecord[]) {
    const fresh = records.filter((r) => comparePositions(r.id, at) > 0)
    const last = fresh.at(-1)
    const batch = o.hears ? fresh.filter((r) => o.hears?.includes(r.type)) : fresh
    for (let retry = firstRetryMs; last && !stopped; retry = Math.min(retry * 2, longestRetryMs)) {
      try {
        if (batch.length > 0) await on(batch)
        at = last.id
        return
      } catch (e) {
        log.error({ err: e, first: fresh[0]?.id, last: last.id }, 'a follower of events failed; it gets them again')
        await patience.sleep(retry)
      }
    }
  }

  /** A read that came back not full saw everything up to where the reader stood before it: if that still holds, it is at the head. */
  async function catchUp() {
    const headBefore = reader.position()
    const read = await deps.readFrom(at, batchSize, o.hears)
    // Asked after reading: what was trimmed meanwhile would be missing.
    await deps.assertKept(at)
    await give(read.records)
    if (stopped) return
    at = read.position
    if (!read.full && reader.position() === headBefore) joinHead()
  }

  async function step() {
    if (!atHead) return await catchUp()
    if (queue.length === 0) return await news.sleep(idleMs)
    const early = (o.everyMs ?? 0) * Math.min(1, gave / big) - (performance.now() - gaveAt)
    if (early > 0) {
      await patience.sleep(early)
      // It may have fallen behind meanwhile.
      if (!atHead || stopped) return
    }
    const records = queue
    gaveAt = performance.now()
    gave = records.length
    queue = []
    await give(records)
  }

  async function live() {
    while (!stopped) {
      try {
        await step()
      } catch (e) {
        if (e instanceof DatabaseProblem && e.code === 'database-closed') return
        if (isProblem(e)) {
          stopped = true
          o.gone?.(e)
          return
        }
        log.warn({ err: e }, 'a follower cannot read the outbox; trying again')
        await patience.sleep(idleMs)
      }
    }
  }

  void reader.start().then(() => {
    if (!stopped) {
      if (at === '') {
        at = reader.position()
        joinHead()
      }
      life = live().finally(() => reader.leave(member))
    }
    begun.resolve()
  })

  return {
    ready: begun.promise,
    position: () => at,
    stop: async () => {
      stopped = true
      reader.leave(member)
      news.ring()
      patience.ring()
      await life
    },
  }
}

export function createFollow(deps: Deps) {
  const followers = new Set<Follower>()
  return {
    follow: <K extends EventType = EventType>(
      o: FollowOptions<K>,
      on: (batch: EventRecord<K>[]) => Promise<void> | void,
    ): Follower => {
      if (o.after !== undefined) parsePosition(o.after)
      // It is handed nothing but what it hears.
      const made = createFollower(deps, o, on as OnBatch)
      const follower = {
        ...made,
        stop: () => {
          followers.delete(follower)
          return made.stop()
        },
      }
      followers.add(follower)
      return follower
    },
    close: async () => {
      await Promise.all([...followers].map((f) => f.stop()))
    },
  }
}
