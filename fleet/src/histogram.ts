/** Latencies in buckets that grow by 2 %: constant memory however many are counted, percentiles true to 2 %. */

export interface Percentiles {
  readonly n: number
  /** Milliseconds. */
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}
export interface Histogram {
  /** Milliseconds. */
  add(ms: number): void
  percentiles(): Percentiles
}

const lowestMs = 0.01
const growth = Math.log(1.02)
/** Up to about 40 minutes. */
const buckets = 960

export function createHistogram(): Histogram {
  const counts = new Uint32Array(buckets)
  let n = 0
  let max = 0

  function at(share: number): number {
    const wanted = Math.ceil(share * n)
    let seen = 0
    for (let i = 0; i < buckets; i += 1) {
      seen += counts[i] ?? 0
      if (seen >= wanted) return Math.min(max, lowestMs * Math.exp((i + 1) * growth))
    }
    return max
  }
  const rounded = (ms: number) => Math.round(ms * 100) / 100
  return {
    add(ms) {
      const i = Math.min(buckets - 1, Math.max(0, Math.floor(Math.log(Math.max(ms, lowestMs) / lowestMs) / growth)))
      counts[i] = (counts[i] ?? 0) + 1
      n += 1
      if (ms > max) max = ms
    },
    percentiles: () => ({
      n,
      p50: n === 0 ? 0 : rounded(at(0.5)),
      p90: n === 0 ? 0 : rounded(at(0.9)),
      p99: n === 0 ? 0 : rounded(at(0.99)),
      max: rounded(max),
    }),
  }
}
