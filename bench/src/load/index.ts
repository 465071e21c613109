/** The door of the load generator: a process of its own that is given jobs and answers what it saw. */
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'
import type { EnrolJob, Enrolled } from './enrol.ts'
import type { EnrolAppleJob } from './enrol-apple.ts'
import type { Herd, HerdJob } from './herd.ts'
import type { PollJob } from './poll.ts'
import type { Scripted, ScriptJob } from './script.ts'
import type { Seen } from './tally.ts'
import type { TripJob, Trips } from './trip.ts'
import type { TripWindowsJob, WindowsTrips } from './trip-windows.ts'

export { openConnection } from './connection.ts'
export { syncPath } from './requests.ts'
export { readScript } from './script.ts'
export type { Enrolled, Herd, Scripted, Seen, Trips, WindowsTrips }
export type Job = PollJob | TripJob | HerdJob | EnrolJob | EnrolAppleJob | ScriptJob | TripWindowsJob

export interface Load {
  readonly pid: number
  poll(job: Omit<PollJob, 'kind'>): Promise<Seen>
  trip(job: Omit<TripJob, 'kind'>): Promise<Trips>
  enrol(job: Omit<EnrolJob, 'kind'>): Promise<Enrolled>
  enrolApple(job: Omit<EnrolAppleJob, 'kind'>): Promise<Enrolled>
  tripWindows(job: Omit<TripWindowsJob, 'kind'>): Promise<WindowsTrips>
  script(job: Omit<ScriptJob, 'kind'>): Promise<Scripted>
  /** Resolves when all are connected; `again` when all were answered once more after their connections had been cut. */
  herd(job: Omit<HerdJob, 'kind'>): Promise<{ connected: Herd; again(): Promise<Herd> }>
  stop(): Promise<void>
}

/** `seed` and `devices`: whose tokens it holds. */
export async function startLoad(seed: number, devices: number): Promise<Load> {
  const child = startChild(fileURLToPath(new URL('main.ts', import.meta.url)))
  const ask = async <T>(message: unknown): Promise<T> => {
    const answer = await child.ask<{ seen: T } | { failed: string }>(message)
    if ('failed' in answer) throw new Error(`the load generator failed: ${answer.failed}`)
    return answer.seen
  }
  await ask({ kind: 'tokens', seed, devices })
  return {
    pid: child.pid,
    poll: (job) => ask({ ...job, kind: 'poll' }),
    trip: (job) => ask({ ...job, kind: 'trip' }),
    enrol: (job) => ask({ ...job, kind: 'enrol' }),
    enrolApple: (job) => ask({ ...job, kind: 'enrol-apple' }),
    tripWindows: (job) => ask({ ...job, kind: 'trip-windows' }),
    script: (job) => ask({ ...job, kind: 'script' }),
    herd: async (job) => ({
      connected: await ask<Herd>({ ...job, kind: 'herd' }),
      again: () => ask<Herd>({ kind: 'again' }),
    }),
    stop: () => child.stop(),
  }
}
