/** What tests of every room share: a real database of their own, a quiet log, a clock that can be set. */
export { type TestClock, testClock } from './clock.ts'
export { type TestDatabase, testDatabase } from './database.ts'
export { silentLog } from './log.ts'
export { describeSchema } from './schema.ts'
