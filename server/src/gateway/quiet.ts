/**
 * Connections that end when they were quiet for long: one look at all of them now and then, where a timer of its own for each connection would be set anew with
 * every byte that is read and written.
 */
import type { Use } from './kept.ts'

interface Quiet {
  /** Looks after it until it is dropped; `end` is called each time it is found quiet for too long. */
  put(use: Use, end: () => void): void
  drop(use: Use): void
}

/** Of the time that a connection may be quiet, the part that passes between two looks: how late it may end. */
const part = 1 / 8

/** `ms`: how long a connection may be quiet after an answer. */
export function createQuiet(ms: number): Quiet {
  const all = new Map<Use, () => void>()
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    const before = performance.now() - ms
    for (const [use, end] of all) if (use.busy === 0 && use.since < before) end()
  }
  return {
    put: (use, end) => {
      all.set(use, end)
      timer ??= setInterval(look, Math.max(1, ms * part)).unref()
    },
    drop: (use) => {
      if (!all.delete(use) || all.size > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}
