/** How fast Google is asked: so many requests a second, so many at one time, and nobody asks while Google wants to be left alone. */

export interface Pace {
  /** Runs it when it is its turn. Throws the signal's reason when it ends before. */
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
  /** Nobody begins for so long. Each refusal in a row makes it longer; answers seconds. */
  rest(atLeastS?: number): number
  /** It goes well again. */
  well(): void
}

/** Seconds; a rest doubles up to the longest, give or take a half, so that nodes do not come back together. */
const rests = { first: 1, longest: 64 } as const

export function createPace(o: { perSecond: number; inFlight: number; firstRestS?: number }): Pace {
  const gapMs = 1000 / o.perSecond
  const waiting: (() => void)[] = []
  let free = o.inFlight
  let next = 0
  let closedUntil = 0
  let refusals = 0

  async function enter(signal: AbortSignal): Promise<void> {
    if (free > 0) free -= 1
    else
      await new Promise<void>((resolve, reject) => {
        const go = () => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
        const leave = () => {
          waiting.splice(waiting.indexOf(go), 1)
          reject(signal.reason)
        }
        signal.addEventListener('abort', leave, { once: true })
        waiting.push(go)
      })
  }
  function leave(): void {
    const first = waiting.shift()
    if (first) first()
    else free += 1
  }
  async function turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const now = Date.now()
      const at = Math.max(now, next, closedUntil)
      if (at <= now) {
        next = now + gapMs
        return
      }
      // Each takes a place of its own, so that those who wait do not all look at once.
      if (closedUntil <= now) {
        next = at + gapMs
        await pause(at - now, signal)
        if (closedUntil <= Date.now()) return
      } else await pause(closedUntil - now + Math.random() * gapMs, signal)
    }
  }
  return {
    run: async (work, signal) => {
      signal.throwIfAborted()
      await enter(signal)
      try {
        await turn(signal)
        return await work()
      } finally {
        leave()
      }
    },
    rest: (atLeastS = 0) => {
      const base = Math.min(rests.longest, (o.firstRestS ?? rests.first) * 2 ** Math.min(refusals, 10))
      const seconds = Math.max(atLeastS, base * (0.5 + Math.random()))
      const until = Date.now() + seconds * 1000
      // Requests that were on their way together are refused together: that is one refusal.
      if (closedUntil <= Date.now()) refusals += 1
      closedUntil = Math.max(closedUntil, until)
      return seconds
    },
    well: () => {
      if (closedUntil <= Date.now()) refusals = 0
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const done = () => {
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(done, Math.max(0, ms))
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}
