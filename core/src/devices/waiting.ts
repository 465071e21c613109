/**
 * What this node has heard of waiting work, per channel, without asking the database.
 * A channel is quiet only when its last empty fetch, or a look at all that waits which did not find it, began after the last word of anything
 * waiting for it. What a device put off is a word of its own: it is offered to a new connection, yet nobody is woken for it.
 */

import { greatest, numbers } from './numbers.ts'

/** What a look at the database found. */
export interface Found {
  /** Channels with something to fetch. */
  waiting: readonly number[]
  /** Channels that put something off. */
  putOff: readonly number[]
}
export interface Waiting {
  /** Something may wait for these channels, or for everybody. Wakes whoever holds a long poll. */
  heard(channels: readonly number[] | '*'): void
  /** These put something off. Wakes nobody. */
  putOff(channels: readonly number[]): void
  /** The moment to hand to `drained` or `looked`: take it before the fetch or the look. */
  moment(): number
  /** A fetch that began at `moment` found nothing more; `again`: it also asked for what was put off. */
  drained(channel: number, moment: number, again?: boolean): void
  /** A look at everybody's work that began at `moment` found these; it answers for all others as an empty fetch of theirs would. */
  looked(moment: number, found: Found): void
  /** `again`: nothing that was put off either. */
  quiet(channel: number, again?: boolean): boolean
  /** Surely it put nothing off, whatever else waits for it. */
  calm(channel: number): boolean
  /** Resolves at the next word for this channel, or when the signal ends. */
  wait(channel: number, signal: AbortSignal): Promise<void>
  /** Channels that hold a long poll here. */
  held(): number
}

/** `last`: the moment after which counting begins anew, with everybody unknown. */
export function createWaiting(last = greatest): Waiting {
  const heardAt = numbers()
  const drainedAt = numbers()
  const putOffAt = numbers()
  const againAt = numbers()
  const sleepers = new Map<number, Set<() => void>>()
  let clock = 1
  let everybody = 1
  let lookedAt = 0
  /** Countings so far, times 2^32: a moment of an earlier one says nothing any more. */
  let round = 0

  function next(): number {
    if (clock < last) return ++clock
    for (const all of [heardAt, drainedAt, putOffAt, againAt]) all.clear()
    round += 2 ** 32
    lookedAt = 0
    everybody = 2
    clock = 2
    return clock
  }
  /** 0 for a moment of an earlier counting. */
  const at = (moment: number) => (moment >= round ? moment - round : 0)
  const wake = (channel: number) => {
    for (const resolve of sleepers.get(channel) ?? []) resolve()
  }
  function heard(channels: readonly number[] | '*'): void {
    const now = next()
    if (channels === '*') {
      everybody = now
      for (const channel of [...sleepers.keys()]) wake(channel)
      return
    }
    for (const channel of channels) {
      heardAt.set(channel, now)
      wake(channel)
    }
  }
  function putOff(channels: readonly number[]): void {
    const now = next()
    for (const channel of channels) putOffAt.set(channel, now)
  }
  return {
    heard,
    putOff,
    moment: () => round + clock,
    drained: (channel, moment, again = false) => {
      drainedAt.set(channel, at(moment))
      if (again) againAt.set(channel, at(moment))
    },
    looked: (moment, found) => {
      heard(found.waiting)
      putOff(found.putOff)
      lookedAt = Math.max(lookedAt, at(moment))
    },
    quiet: (channel, again = false) => {
      const known = Math.max(lookedAt, again ? againAt.get(channel) : drainedAt.get(channel))
      return known >= everybody && known >= heardAt.get(channel) && (!again || known >= putOffAt.get(channel))
    },
    calm: (channel) => {
      const known = Math.max(lookedAt, againAt.get(channel))
      return known >= everybody && known >= putOffAt.get(channel)
    },
    wait: (channel, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const own = sleepers.get(channel) ?? new Set()
        sleepers.set(channel, own)
        const done = () => {
          own.delete(done)
          if (own.size === 0 && sleepers.get(channel) === own) sleepers.delete(channel)
          signal.removeEventListener('abort', done)
          resolve()
        }
        own.add(done)
        signal.addEventListener('abort', done)
      }),
    held: () => sleepers.size,
  }
}
