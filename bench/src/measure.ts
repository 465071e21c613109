/** Runs of a subject and its yardsticks, taken in turns so that all see the same machine; the middle one counts. */
import type { Seen } from './load/index.ts'
import { cpuOf, machineBusyS } from './machine.ts'

export interface Subject<T extends Seen = Seen> {
  name: string
  /** Process whose CPU is the server's; none: what runs in the database alone. */
  pid?: number
  /** What each run needs beforehand, and nobody measures. */
  prepare?(n: number): Promise<void>
  /** `n`: -1 for the warm-up, then 0, 1, 2 ... */
  run(n: number): Promise<T>
}
export interface Spread {
  median: number
  min: number
  max: number
}
export interface Measured<T extends Seen = Seen> {
  name: string
  /** Of what `per` counts, a second. */
  perSecond: Spread
  /** CPU-seconds per 1,000. */
  serverCpu: Spread
  databaseCpu: Spread
  generatorCpu: Spread
  /** Of the machine's CPU-seconds while it ran, the share that was none of ours. */
  elsewhere: Spread
  p50: Spread
  p99: Spread
  runs: T[]
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  }
}

/** `per`: what is counted, requests unless told. */
export async function inTurns<T extends Seen>(
  subjects: readonly Subject<T>[],
  o: { runs: number; databasePid: number; warm?: boolean; per?: (seen: T) => number },
): Promise<Map<string, Measured<T>>> {
  if (o.warm !== false)
    for (const s of subjects) {
      await s.prepare?.(-1)
      refuseWrong(s.name, await s.run(-1))
    }
  const taken = new Map(
    subjects.map((s) => [s.name, [] as { seen: T; server: number; database: number; elsewhere: number }[]]),
  )
  for (let n = 0; n < o.runs; n += 1) {
    for (const s of subjects) {
      await s.prepare?.(n)
      const before = { server: s.pid ? cpuOf(s.pid) : 0, database: cpuOf(o.databasePid), machine: machineBusyS() }
      const seen = await s.run(n)
      const server = s.pid ? cpuOf(s.pid) - before.server : 0
      const database = cpuOf(o.databasePid) - before.database
      const machine = machineBusyS() - before.machine
      taken.get(s.name)?.push({
        seen,
        server,
        database,
        elsewhere: machine > 0 ? Math.max(0, 1 - (server + database + seen.cpuS) / machine) : 0,
      })
    }
  }
  const count = o.per ?? ((seen: T) => seen.requests)
  return new Map(
    [...taken].map(([name, runs]) => {
      const per1000 = (cpu: (r: (typeof runs)[number]) => number) =>
        spread(runs.map((r) => (cpu(r) * 1000) / count(r.seen)))
      return [
        name,
        {
          name,
          perSecond: spread(runs.map((r) => count(r.seen) / r.seen.seconds)),
          serverCpu: per1000((r) => r.server),
          databaseCpu: per1000((r) => r.database),
          generatorCpu: per1000((r) => r.seen.cpuS),
          elsewhere: spread(runs.map((r) => r.elsewhere)),
          p50: spread(runs.map((r) => r.seen.p50)),
          p99: spread(runs.map((r) => r.seen.p99)),
          runs: runs.map((r) => r.seen),
        },
      ]
    }),
  )
}

/** Throws when anything was answered that should not have been: a figure of wrong answers is none. */
export function mustBeRight(measured: Iterable<Measured>): void {
  for (const m of measured) for (const run of m.runs) refuseWrong(m.name, run)
}

function refuseWrong(name: string, seen: Seen): void {
  const [what] = Object.entries(seen.wrong)
  if (what) throw new Error(`${name}: ${what[1]} wrong answers, such as: ${what[0]}`)
}
