/** A clock that stands where a test puts it. */
import type { Clock } from '../clock/index.ts'

export interface TestClock extends Clock {
  set(to: Date): void
  /** Milliseconds. */
  advance(ms: number): void
}

export function testClock(start = new Date('2026-01-01T00:00:00Z')): TestClock {
  let at = start.getTime()
  return {
    now: () => new Date(at),
    set: (to) => {
      at = to.getTime()
    },
    advance: (ms) => {
      at += ms
    },
  }
}
