/** How often a name was tried: counted before the password is looked at, so that parallel guesses do not slip by. */
import { Problem } from '@muster/contract'

const limits = { windowMs: 5 * 60_000, perPlace: 10, perName: 300, entries: 20_000 }

export interface Attempts {
  /** Counts a try; throws `throttled` with `retryAfterS` when there were too many. */
  begin(name: string, remote: string): void
  succeeded(name: string, remote: string): void
}

export function createAttempts(now: () => number = Date.now): Attempts {
  const tries = new Map<string, { n: number; until: number }>()
  const keys = (name: string, remote: string) =>
    [
      [`${remote} ${name}`, limits.perPlace],
      [`* ${name}`, limits.perName],
    ] as const

  function count(key: string, most: number): void {
    const at = now()
    let t = tries.get(key)
    if (!t || t.until <= at) {
      if (tries.size >= limits.entries) tries.delete(tries.keys().next().value!)
      t = { n: 0, until: at + limits.windowMs }
      tries.set(key, t)
    }
    if (t.n >= most) throw new Problem('throttled', { retryAfterS: Math.ceil((t.until - at) / 1000) })
    t.n++
  }
  return {
    begin: (name, remote) => {
      for (const [key, most] of keys(name.toLowerCase(), remote)) count(key, most)
    },
    succeeded: (name, remote) => {
      for (const [key] of keys(name.toLowerCase(), remote)) tries.delete(key)
    },
  }
}
