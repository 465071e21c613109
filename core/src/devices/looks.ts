/**
 * Looks at all that waits, taken when everybody is unknown (after a start, and after word for everybody): one statement, and those with nothing
 * are known to be quiet, so that a fleet's next polls cost none each.
 */
import type { Log } from '../db/index.ts'
import type { Found, Waiting } from './waiting.ts'

export interface Looks {
  /** Begins one soon, unless one is about to begin. */
  soon(): void
  /** One at once. When there is too much to name, everybody is unknown from now on. */
  now(): Promise<void>
  /** Resolves when none is under way or about to begin at once. */
  done(): Promise<void>
  stop(): void
}

/** Between two looks. */
const everyMs = 1_000

export function createLooks(o: { waiting: Waiting; log: Log; look(): Promise<Found | undefined> }): Looks {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let again = false
  let under: Promise<void> = Promise.resolve()

  async function look(): Promise<boolean> {
    // Before the look: what is heard while it is under way counts as later.
    const moment = o.waiting.moment()
    const found = await o.look()
    if (found) o.waiting.looked(moment, found)
    return found !== undefined
  }
  function begin(): void {
    again = false
    timer = setTimeout(() => {
      timer = undefined
      if (again && !stopped) begin()
    }, everyMs).unref()
    under = look().then(
      () => undefined,
      (err: unknown) => o.log.warn({ err }, 'what waits could not be looked at; each device asks by itself'),
    )
  }
  return {
    soon: () => {
      if (timer || stopped) again = true
      else begin()
    },
    now: async () => {
      if (!(await look())) o.waiting.heard('*')
    },
    done: () => under,
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
