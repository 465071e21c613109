/** What tests of every room share: a real database of their own, a quiet log, a clock that can be set, and a bench for platforms. */
export { type TestClock, testClock } from './clock.ts'
export { type CountingDb, type Counts, countingDb } from './counting.ts'
export { type TestDatabase, testDatabase } from './database.ts'
export { type CoreBench, type CoreHarness, createHarness, type OpenOptions } from './harness.ts'
export { silentLog } from './log.ts'
export { describeSchema } from './schema.ts'
/** Loaded late: tests of the lower rooms share this door and need none of it. */
export const loadParsers = () => import('./parsers.ts')
