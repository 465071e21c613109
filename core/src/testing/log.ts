/** A log for tests that keeps quiet. */
import type { Log } from '../db/index.ts'

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }
