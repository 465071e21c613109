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
}

/** Once the run has stopped, nothing rests longer. */
const shortMs = 1000

export function createStop(agenda: Agenda, drainS: number): Stop {
  const controller = new AbortController()
  // Each held poll listens.
  setMaxListeners(0, controller.signal)
  const sleepers = new Set<() => void>()
  let until = Number.POSITIVE_INFINITY
  return {
    signal: controller.signal,
    drainUntil: () => until,
    now() {
      if (controller.signal.aborted) return
      until = agenda.now() + 1000 * drainS
      controller.abort()
      for (const wake of [...sleepers]) wake()
    },
    pause: (ms) =>
      new Promise((resolve) => {
        const wake = () => {
          if (sleepers.delete(wake)) resolve()
        }
        sleepers.add(wake)
        agenda.at(agenda.now() + (controller.signal.aborted ? Math.min(ms, shortMs) : ms), wake)
      }),
  }
}
