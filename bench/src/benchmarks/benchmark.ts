/** What a benchmark is given and what it answers. */
import { type Bed, type MusterOptions, makeBed } from '../bed/index.ts'
import type { Result } from '../report.ts'

export interface Size {
  /** A small instance that checks counts: CI's. */
  quick: boolean
  seed: number
  /** Processes of the server where rates are measured; one unless told. */
  processes?: number
  /** Keeps a CPU profile of the server in this folder. */
  profile?: string
  /** A bed that several share; unset: each makes its own. */
  bed?: Bed
}
export type Benchmark = (size: Size) => Promise<Result>

/** Options of Node for the server under measurement. */
export function profiling(size: Size): string[] {
  return size.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${size.profile}`]
}

/** The server whose rate is measured. */
export function rated(size: Size): Pick<MusterOptions, 'execArgv' | 'processes'> {
  return { execArgv: profiling(size), processes: size.processes }
}

/** How often each device speaks beforehand, so that each process knows nearly all of them. */
export const passes = (size: Size) => ((size.processes ?? 1) === 1 ? 1 : 6)

/** The database and its fleet: the one that is given, which stays, or one for this benchmark alone. */
export async function bedOf(size: Size, devices: number): Promise<Bed> {
  if (!size.bed) return makeBed({ devices, seed: size.seed })
  if (size.bed.devices !== devices || size.bed.seed !== size.seed)
    throw new Error(`the shared bed has ${size.bed.devices} devices of seed ${size.bed.seed}`)
  return { ...size.bed, close: async () => undefined }
}
