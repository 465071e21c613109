/** Recurring work that one node at a time does: the node that holds the lock runs all of it, the others stand by. */
import type { Db, Log } from '../db/index.ts'

export interface Job {
  name: string
  everyS: number
  run(signal: AbortSignal): Promise<unknown>
}
export interface Jobs {
  start(): void
  stop(): Promise<void>
  /** Whether this node is the one that works. */
  leading(): boolean
}

/** How long a standing-by node waits before it asks for the lock again. */
const standbyMs = 2_000

/** A job that fails is logged and tried again at its next turn; a run never overlaps itself. */
export function createJobs(o: { db: Db; log: Log; jobs: readonly Job[]; lockName?: string }): Jobs {
  const stopping = new AbortController()
  let leading = false
  let running: Promise<void> = Promise.resolve()

  async function lead(signal: AbortSignal): Promise<void> {
    leading = true
    try {
      await Promise.all(o.jobs.map((job) => repeat(job, signal)))
    } finally {
      leading = false
    }
  }
  async function repeat(job: Job, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await job.run(signal)
      } catch (error) {
        if (!signal.aborted) o.log.warn({ err: error, job: job.name }, 'a recurring job failed; it will be tried again')
      }
      await pause(job.everyS * 1000, signal)
    }
  }
  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await o.db.lock(o.lockName ?? 'jobs', (lost) => lead(AbortSignal.any([lost, stopping.signal])))
      } catch (error) {
        if (!stopping.signal.aborted) o.log.warn({ err: error }, 'the lock for recurring jobs was not to be had')
      }
      await pause(standbyMs, stopping.signal)
    }
  }
  return {
    start: () => {
      running = loop()
    },
    stop: async () => {
      stopping.abort()
      await running
    },
    leading: () => leading,
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
