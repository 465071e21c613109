/** The door of the benchmarks, by name. */
import type { Benchmark } from './benchmarks/benchmark.ts'
import { coldStart } from './benchmarks/cold-start.ts'
import { consoleViews } from './benchmarks/console.ts'
import { enqueue } from './benchmarks/enqueue-100k.ts'
import { enrol } from './benchmarks/enrol.ts'
import { idlePoll } from './benchmarks/idle-poll.ts'
import { memory } from './benchmarks/memory.ts'
import { opTrip } from './benchmarks/op-trip.ts'
import { restartHerd } from './benchmarks/restart-herd.ts'

export const benchmarks: Readonly<Record<string, Benchmark>> = {
  'idle-poll': idlePoll,
  'op-trip': opTrip,
  'enqueue-100k': enqueue,
  memory,
  'cold-start': coldStart,
  enrol,
  'restart-herd': restartHerd,
  console: consoleViews,
}
