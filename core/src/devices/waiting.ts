/**
 * What this node has heard of waiting work, per channel, without asking the database.
 * A channel is quiet only when its last empty fetch began after the last word of anything waiting for it.
 * What a device put off is a word of its own: it is offered to a new connection, yet nobody is woken for it.
 */

import { numbers } from './numbers.ts'

export interface Waiting {
  /** Something may wait for these channels, or for everybody. Wakes whoever holds a long poll. */
  heard(channels: readonly number[] | '*'): void
  /** These put something off. Wakes nobody. */
  putOff(channels: readonly number[]): void
  /** The moment to hand to `drained`: take it before the fetch. */
  moment(): number
  /** A fetch that began at `moment` found nothing more; `again`: it also asked for what was put off. */
  drained(channel: number, moment: number, again?: boolean): void
  /** `again`: nothing that was put off either. */
  quiet(channel: number, again?: boolean): boolean
  /** Resolves at the next word for this channel, or when the signal ends. */
  wait(channel: number, signal: AbortSignal): Promise<void>
  /** Channels that hold a long poll here. */
  held(): number
}

export function createWaiting(): Waiting {
  const heardAt = numbers()
  const drainedAt = numbers()
  const putOffAt = numbers()
  const againAt = numbers()
  const sleepers = new Map<number, Set<() => void>>()
  let clock = 1
  let everybody = 1

  const wake = (channel: number) => {
    for (const resolve of sleepers.get(channel) ?? []) resolve()
  }
  return {
    heard: (channels) => {
      clock += 1
      if (channels === '*') {
        everybody = clock
        for (const channel of [...sleepers.keys()]) wake(channel)
        return
      }
      for (const channel of channels) {
        heardAt.set(channel, clock)
        wake(channel)
      }
    },
    putOff: (channels) => {
      clock += 1
      for (const channel of channels) putOffAt.set(channel, clock)
    },
    moment: () => clock,
    drained: (channel, moment, again = false) => {
      drainedAt.set(channel, moment)
      if (again) againAt.set(channel, moment)
    },
    quiet: (channel, again = false) => {
      const at = again ? againAt.get(channel) : drainedAt.get(channel)
      return at >= everybody && at >= heardAt.get(channel) && (!again || at >= putOffAt.get(channel))
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
