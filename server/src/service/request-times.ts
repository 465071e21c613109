/** How long requests take, by route and status, in Prometheus' words. Every exchange with a device is counted here, so that counting is a few numbers in place. */

/** Upper ends, seconds. */
const ends = [0.002, 0.01, 0.05, 0.25, 1, 5, 30] as const
const name = 'muster_http_request_seconds'

export interface RequestTimes {
  /** Of one route: called with status and seconds. */
  of(method: string, route: string): (status: number, seconds: number) => void
  /** All of it, as /metrics tells it. */
  text(): string
}
interface Counted {
  /** Of each end alone, and of what is beyond the last. */
  readonly counts: number[]
  sum: number
}

export function createRequestTimes(): RequestTimes {
  /** By their labels. */
  const all = new Map<string, Counted>()

  function counted(labels: string): Counted {
    const there = all.get(labels)
    if (there) return there
    const made = { counts: new Array<number>(ends.length + 1).fill(0), sum: 0 }
    all.set(labels, made)
    return made
  }
  return {
    of: (method, route) => {
      const known: (Counted | undefined)[] = [undefined, undefined, undefined, undefined, undefined, undefined]
      return (status, seconds) => {
        const kind = Math.trunc(status / 100)
        let of = known[kind]
        if (of === undefined) {
          of = counted(`method="${escaped(method)}",route="${escaped(route)}",status="${kind}xx"`)
          known[kind] = of
        }
        let n = 0
        while (n < ends.length && seconds > (ends[n] as number)) n += 1
        of.counts[n] = (of.counts[n] as number) + 1
        of.sum += seconds
      }
    },
    text: () => {
      const lines = [`# HELP ${name} Time from request to answer, by route and status`, `# TYPE ${name} histogram`]
      for (const [labels, { counts, sum }] of all) {
        let upTo = 0
        for (const [n, count] of counts.entries()) {
          upTo += count
          lines.push(`${name}_bucket{le="${ends[n] ?? '+Inf'}",${labels}} ${upTo}`)
        }
        lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${upTo}`)
      }
      return `${lines.join('\n')}\n`
    },
  }
}

/** As the text format wants it (Prometheus, exposition formats). */
const escaped = (label: string) => label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
