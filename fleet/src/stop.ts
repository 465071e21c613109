/** How a run ends: sleepers wake, held polls are let go, and for some seconds what is left may be told. */
import { setMaxListeners } from 'node:events'
import type { Agenda } from './agenda.ts'

export interface Stop {
  /** Aborted when the run stops. */
  readonly signal: AbortSignal
  now(): void
  /** Until when (ms) what is left may be told. */
  drainUntil(): number
  /** Resolves after the time; when the run stops, at once. */
  pause(ms: number): Promise<void>
  /** A pause that may be ended early. */
  nap(ms: number): { readonly over: Promise<void>; end(): void }
}

/** Once the run has stopped, nothing rests longer. */
const shortMs = 1000

export function createStop(agenda: Agenda, drainS: number): Stop {
  const controller = new AbortController()
  // Each held poll listens.
  setMaxListeners(0, controller.signal)
  const sleepers = new Set<() => void>()
  let until = Number.POSITIVE_INFINITY

  function nap(ms: number): { over: Promise<void>; end(): void } {
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const end = () => {
      if (sleepers.delete(end)) resolve()
    }
    sleepers.add(end)
    agenda.at(agenda.now() + (controller.signal.aborted ? Math.min(ms, shortMs) : ms), end)
    return { over, end }
  }
  return {
    signal: controller.signal,
    drainUntil: () => until,
    now() {
      if (controller.signal.aborted) return
      until = agenda.now() + 1000 * drainS
      controller.abort()
      for (const wake of [...sleepers]) wake()
    },
    pause: (ms) => nap(ms).over,
    nap,
  }
}
