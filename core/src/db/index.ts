/** The room of the database: one open connection set, transactions, listening, locks and migrations on PostgreSQL. */
export { numberArray, textArray } from './array.ts'
export type { Db, Session, Sqlish, Statement, Tx } from './connection.ts'
export { type Embedded, type EmbeddedOptions, startEmbedded } from './embedded.ts'
export { gather } from './gather.ts'
export { isUuid, rowNo, uuidv7 } from './id.ts'
export { checkInput, fieldErrors, plainText } from './input.ts'
export { jsonText } from './json.ts'
export type { Log } from './log.ts'
export { checksum, coreMigrations, type Migration, type MigrationSet, migrate } from './migrate.ts'
export { type OpenDbOptions, openDb } from './open.ts'
export {
  type CursorKind,
  type CursorValue,
  cursorOf,
  exactTime,
  type Page,
  pageOf,
  readCursor,
  readNo,
} from './page.ts'
export { type DatabaseCode, DatabaseProblem, isUniqueViolation, sqlState } from './problem.ts'
export { together } from './together.ts'
