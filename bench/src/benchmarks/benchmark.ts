/** What a benchmark is given and what it answers. */
import type { Result } from '../report.ts'

export interface Size {
  /** A small instance that checks counts: CI's. */
  quick: boolean
  seed: number
  /** Keeps a CPU profile of the server in this folder. */
  profile?: string
}
export type Benchmark = (size: Size) => Promise<Result>

/** Options of Node for the server under measurement. */
export function profiling(size: Size): string[] {
  return size.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${size.profile}`]
}
