/** Devices that sleep until they are pushed: each connects, says that it is idle, is given its command, tells that it did it, and goes. */
import { createHash } from 'node:crypto'
import type { FakeApns } from '@muster/push/testing'
import { openConnection, readScript } from '../load/index.ts'
import { spread } from '../measure.ts'
import { randomOf } from '../random.ts'

export interface SleepersJob {
  kind: 'sleepers'
  port: number
  seed: number
  devices: number
  topic: string
  /** Written by `scripts`: of each device in order what it says, twice. */
  files: readonly string[]
  /** Wire ids of the commands that they are to be given, by device. */
  commands: readonly string[]
  /** Devices that speak at once at most: as many files as a process may have open. */
  atOnce: number
}
/** Of all of them, by the time that `began` was called. */
export interface Woken {
  devices: number
  /** Devices whose report was answered 200. */
  acknowledged: number
  acknowledgedIn30s: number
  /** Seconds until 99 of 100 were pushed, and had reported. */
  pushed99S: number
  acknowledged99S: number
  /** Milliseconds from its first push until its report was answered. */
  middleTripMs: number
  pushes: number
  /** Devices pushed more than once. */
  pushedTwice: number
  /** Answers of 500 and above; connections that were refused or cut. */
  serverErrors: number
  refused: number
  /** Answers that were not what they should be, by what they were. */
  wrong: Record<string, number>
  sessions: number
  mostStreams: number
  mostAtOnce: number
  seconds: number
  cpuS: number
}
export interface Sleepers {
  began(): void
  /** When all have reported, or nobody waits any longer. */
  seen(patienceMs: number): Promise<Woken>
}

/** Where pushes reach a device, hex. */
export const pushToken = (seed: number, device: number): string =>
  createHash('sha256').update(`push ${seed} ${device}`).digest('hex')
const promisedMs = 30_000
/** One that was not answered tries again as soon. */
const pauseMs = 1_000

export function createSleepers(job: SleepersJob, apns: FakeApns): Sleepers {
  const { devices } = job
  const sayings = job.files.flatMap(readScript)
  const random = randomOf(job.seed + 7)
  const wrong = new Map<string, number>()
  const pushes = new Uint8Array(devices)
  const pushedAt = new Float64Array(devices)
  const doneAt = new Float64Array(devices)
  const waiting: number[] = []
  const counts = { running: 0, done: 0, pushed: 0, serverErrors: 0, refused: 0 }
  const all = Promise.withResolvers<void>()
  let startedAt = performance.now()
  let cpu = process.cpuUsage()
  let turnedAway = false

  for (let d = 0; d < devices; d += 1) apns.register(pushToken(job.seed, d), job.topic, () => woken(d))

  function woken(device: number): void {
    pushes[device] = Math.min(255, (pushes[device] ?? 0) + 1)
    if (pushes[device] > 1) return
    pushedAt[device] = performance.now()
    counts.pushed += 1
    // Apple ends connections now and then: what was on its way comes by another.
    if (!turnedAway && counts.pushed > devices / 2) {
      turnedAway = true
      apns.goAway()
    }
    waiting.push(device)
    begin()
  }
  function begin(): void {
    while (counts.running < job.atOnce) {
      const device = waiting.shift()
      if (device === undefined) return
      counts.running += 1
      come(device)
    }
  }
  function come(device: number): void {
    const [idle, report] = sayings[device] as [Buffer, Buffer]
    let said = 0
    let ended = false
    const end = () => {
      if (ended) return false
      ended = true
      opened.then(
        (c) => c.end(),
        () => undefined,
      )
      counts.running -= 1
      begin()
      return true
    }
    const again = () => {
      if (!end()) return
      setTimeout(
        () => {
          waiting.push(device)
          begin()
        },
        pauseMs * (0.5 + random()),
      )
    }
    const opened = openConnection(
      job.port,
      ({ status, body }) => {
        if (status >= 500) {
          counts.serverErrors += 1
          return again()
        }
        const right = status === 200 && (said === 1 ? body.includes(job.commands[device] as string) : body.length === 0)
        if (!right) {
          const what = `${status} ${body.subarray(0, 160).toString()}`
          wrong.set(what, (wrong.get(what) ?? 0) + 1)
          return void end()
        }
        if (said === 1) {
          said = 2
          return void opened.then((c) => c.ask(report))
        }
        doneAt[device] = performance.now()
        counts.done += 1
        end()
        if (counts.done === devices) all.resolve()
      },
      () => {
        if (ended) return
        counts.refused += 1
        again()
      },
    )
    opened.then(
      (c) => {
        said = 1
        c.ask(idle)
      },
      () => undefined, // told above
    )
  }
  function told(): Woken {
    const at99 = (moments: Float64Array) => {
      const sorted = moments.filter((m) => m > 0).sort()
      const last = sorted[Math.ceil(devices * 0.99) - 1]
      return last === undefined ? Number.POSITIVE_INFINITY : (last - startedAt) / 1000
    }
    const trips = [...doneAt].flatMap((at, d) => (at > 0 ? [at - (pushedAt[d] as number)] : []))
    const used = process.cpuUsage(cpu)
    return {
      devices,
      acknowledged: counts.done,
      acknowledgedIn30s: doneAt.filter((at) => at > 0 && at - startedAt <= promisedMs).length,
      pushed99S: at99(pushedAt),
      acknowledged99S: at99(doneAt),
      middleTripMs: spread(trips).median,
      pushes: pushes.reduce((sum, n) => sum + n, 0),
      pushedTwice: pushes.filter((n) => n > 1).length,
      serverErrors: counts.serverErrors,
      refused: counts.refused,
      wrong: Object.fromEntries(wrong),
      sessions: apns.seen.connections,
      mostStreams: apns.seen.mostStreams,
      mostAtOnce: apns.seen.mostAtOnce,
      seconds: (performance.now() - startedAt) / 1000,
      cpuS: (used.user + used.system) / 1e6,
    }
  }
  return {
    began: () => {
      startedAt = performance.now()
      cpu = process.cpuUsage()
    },
    seen: async (patienceMs) => {
      const timer = setTimeout(all.resolve, patienceMs)
      await all.promise
      clearTimeout(timer)
      return told()
    },
  }
}
