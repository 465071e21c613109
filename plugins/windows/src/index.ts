/** The door of the Windows platform. */
export { windows } from './platform.ts'
export { readEnvelope } from './soap/index.ts'
export { readPlainSyncml, readSyncml, readWholeSyncml, SyncmlError } from './syncml/index.ts'
