/** The door of the benchmarks, by name. */
import type { Benchmark } from './benchmarks/benchmark.ts'
import { idlePoll } from './benchmarks/idle-poll.ts'

export const benchmarks: Readonly<Record<string, Benchmark>> = {
  'idle-poll': idlePoll,
}
