/** The door of the benchmarks, by name. */
import { androidCompile } from './benchmarks/android-compile.ts'
import { androidQuota } from './benchmarks/android-quota.ts'
import { appleInventory } from './benchmarks/apple-inventory.ts'
import type { Benchmark } from './benchmarks/benchmark.ts'
import { coldStart } from './benchmarks/cold-start.ts'
import { consoleViews } from './benchmarks/console.ts'
import { enqueue } from './benchmarks/enqueue-100k.ts'
import { enrol } from './benchmarks/enrol.ts'
import { enrolApple } from './benchmarks/enrol-apple.ts'
import { enrolWindows } from './benchmarks/enrol-windows.ts'
import { idlePoll } from './benchmarks/idle-poll.ts'
import { idlePollApple } from './benchmarks/idle-poll-apple.ts'
import { memory } from './benchmarks/memory.ts'
import { nextCommand } from './benchmarks/next-command.ts'
import { opTrip } from './benchmarks/op-trip.ts'
import { opTripAndroid } from './benchmarks/op-trip-android.ts'
import { opTripApple } from './benchmarks/op-trip-apple.ts'
import { opTripWindows } from './benchmarks/op-trip-windows.ts'
import { restartHerd } from './benchmarks/restart-herd.ts'
import { wake } from './benchmarks/wake-100k.ts'

export const benchmarks: Readonly<Record<string, Benchmark>> = {
  'idle-poll': idlePoll,
  'idle-poll-apple': idlePollApple,
  'op-trip': opTrip,
  'op-trip-android': opTripAndroid,
  'op-trip-apple': opTripApple,
  'op-trip-windows': opTripWindows,
  'apple-inventory': appleInventory,
  'next-command': nextCommand,
  'enqueue-100k': enqueue,
  memory,
  'cold-start': coldStart,
  enrol,
  'enrol-apple': enrolApple,
  'enrol-windows': enrolWindows,
  'restart-herd': restartHerd,
  'wake-100k': wake,
  console: consoleViews,
  'android-quota': androidQuota,
  'android-compile': androidCompile,
}
