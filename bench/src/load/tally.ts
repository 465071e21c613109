/** What a job saw: answers by status, what was wrong with them, and how long they took. */

export interface Seen {
  /** Requests answered. */
  requests: number
  seconds: number
  perSecond: number
  statuses: Record<string, number>
  /** Answers that were not what they should be, by what they were. */
  wrong: Record<string, number>
  /** Milliseconds. */
  p50: number
  p99: number
  longest: number
  /** Of the generator itself. */
  cpuS: number
}

export interface Tally {
  answered(status: number, ms: number): void
  wrong(what: string): void
  end(): Seen
}

const samples = 1_000_000

export function createTally(): Tally {
  const statuses = new Map<number, number>()
  const wrong = new Map<string, number>()
  const times = new Float32Array(samples)
  const started = performance.now()
  const cpu = process.cpuUsage()
  let requests = 0
  return {
    answered: (status, ms) => {
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      times[requests % samples] = ms
      requests += 1
    },
    wrong: (what) => {
      wrong.set(what, (wrong.get(what) ?? 0) + 1)
    },
    end: () => {
      const seconds = (performance.now() - started) / 1000
      const used = process.cpuUsage(cpu)
      const sorted = times.subarray(0, Math.min(requests, samples)).sort()
      const at = (share: number) =>
        Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100
      return {
        requests,
        seconds,
        perSecond: requests / seconds,
        statuses: Object.fromEntries(statuses),
        wrong: Object.fromEntries(wrong),
        p50: at(0.5),
        p99: at(0.99),
        longest: at(1),
        cpuS: (used.user + used.system) / 1e6,
      }
    },
  }
}
