/** Counts what passes over the network: latencies by kind of request, refusals and failures by code. */
import { createHistogram, type Histogram, type Percentiles } from './histogram.ts'
import { problemOf, type Send, WireFailed } from './wire.ts'

export interface Meter {
  readonly send: Send
  exchanges(): number
  error(code: string): void
  readonly errors: Readonly<{ [code: string]: number }>
  latencies(): { [kind: string]: Percentiles }
}

export function meter(send: Send, clock: () => number): Meter {
  const kinds = new Map<string, Histogram>()
  const errors: { [code: string]: number } = {}
  let exchanges = 0
  const error = (code: string) => {
    errors[code] = (errors[code] ?? 0) + 1
  }
  return {
    errors,
    error,
    exchanges: () => exchanges,
    latencies: () => Object.fromEntries([...kinds].map(([kind, h]) => [kind, h.percentiles()])),
    async send(a) {
      const began = clock()
      try {
        const answer = await send(a)
        if (answer.status >= 400) error(problemOf(answer))
        const h = kinds.get(a.kind) ?? createHistogram()
        kinds.set(a.kind, h)
        h.add(clock() - began)
        exchanges += 1
        return answer
      } catch (e) {
        const code = e instanceof WireFailed ? e.code : 'unexpected'
        if (code !== 'answer-lost' && code !== 'aborted') error(code)
        throw e
      }
    },
  }
}
