/** The door of a fleet that sleeps: a process of its own with a push service and the devices that it wakes. */
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'
import type { PushPlace } from './main.ts'
import type { SleepersJob, Woken } from './sleepers.ts'

export { pushToken } from './sleepers.ts'

export interface SleepingFleet {
  readonly push: PushPlace
  /** They are there, and asleep. */
  sleep(job: Omit<SleepersJob, 'kind'>): Promise<void>
  /** What wakes them begins now. */
  began(): Promise<void>
  seen(patienceMs: number): Promise<Woken>
  stop(): Promise<void>
}

export async function startSleepingFleet(o: { latencyMs: number; topic: string }): Promise<SleepingFleet> {
  const child = startChild(fileURLToPath(new URL('main.ts', import.meta.url)))
  const ask = async <T>(message: unknown): Promise<T> => {
    const answer = await child.ask<{ seen: T } | { failed: string }>(message)
    if ('failed' in answer) throw new Error(`the fleet failed: ${answer.failed}`)
    return answer.seen
  }
  return {
    push: await ask<PushPlace>({ ...o, kind: 'push' }),
    sleep: async (job) => void (await ask({ ...job, kind: 'sleepers' })),
    began: async () => void (await ask({ kind: 'began' })),
    seen: (patienceMs) => ask({ kind: 'seen', patienceMs }),
    stop: () => child.stop(),
  }
}
