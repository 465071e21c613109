/** What agents told last, and who tells something now: a report's repeat is no news, and reports of one channel follow one another. */
import { hash } from 'node:crypto'

export interface Told {
  /** Reports of one channel follow one another, so that of two equal ones the second sees the first's number. */
  alone<T>(channel: number, work: () => Promise<T>): Promise<T>
  /** A report that is told without a promise; false: another one of this channel is under way. */
  begin(channel: number): boolean
  end(channel: number): void
  /** `words`: as `wordsOf` gives them. */
  repeats(channel: number, words: string): boolean
  took(channel: number, words: string): void
}

/** Channels whose last answers are surely remembered, and the longest that is remembered as it is. */
const kept = { channels: 5_000, length: 1_000 } as const

/**
 * The last report of nothing but answers, of those who spoke last: its repeat, as of who never heard us, is no news. One that comes later
 * or to another node says it of operations that are settled, is noted as unmatched and changes nothing either.
 */
export function createTold(): Told {
  /** Two generations: when the younger is full, the older goes. */
  let last = new Map<number, string>()
  let older = new Map<number, string>()
  const under = new Map<number, Promise<unknown>>()
  /** Told without a promise; who waits for their end, if anybody does. */
  const brief = new Map<number, PromiseWithResolvers<void> | undefined>()
  const short = (words: string) => (words.length > kept.length ? hash('sha256', words, 'base64url') : words)

  function alone<T>(channel: number, work: () => Promise<T>): Promise<T> {
    const before = under.get(channel) ?? endOf(channel)
    const mine = before === undefined ? work() : before.then(work, work)
    const over = () => {
      if (under.get(channel) === mine) under.delete(channel)
    }
    under.set(channel, mine)
    mine.then(over, over)
    return mine
  }
  function endOf(channel: number): Promise<void> | undefined {
    if (!brief.has(channel)) return undefined
    const end = brief.get(channel) ?? Promise.withResolvers<void>()
    brief.set(channel, end)
    return end.promise
  }
  return {
    alone,
    begin: (channel) => {
      if (under.has(channel) || brief.has(channel)) return false
      brief.set(channel, undefined)
      return true
    },
    end: (channel) => {
      const waited = brief.get(channel)
      brief.delete(channel)
      waited?.resolve()
    },
    repeats: (channel, words) => (last.get(channel) ?? older.get(channel)) === short(words),
    took: (channel, words) => {
      last.set(channel, short(words))
      if (last.size < kept.channels) return
      older = last
      last = new Map()
    },
  }
}

const tail = /,"take":\d+(?:,"waitS":[\d.]+)?(?:,"has":\[[^[\]{}]*\])?\}$/

/** What a report tells, of its bytes as Latin-1: how much is taken, how long is waited and what is there already may differ between its repeats. */
export function wordsOf(body: string): string {
  const end = tail.exec(body)
  return end ? body.slice(0, end.index) : body
}
