/** The door of the Windows platform. */
export { windows } from './platform.ts'
export { readEnvelope } from './soap/index.ts'
export { readSyncml, SyncmlError } from './syncml/index.ts'
