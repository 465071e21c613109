/** fast-check with the run's seed: `MUSTER_SEED`, a number or `random`. Stands in for the library in test processes (seed.ts). */
import { env } from 'node:process'
import { configureGlobal } from 'fast-check'

const seed = env.MUSTER_SEED ?? '1'
if (seed !== 'random') configureGlobal({ seed: Number(seed) })

export * from 'fast-check'
export { default } from 'fast-check'
