/** The door of SyncML: messages read and written. */
export { readPlainSyncml } from './plain.ts'
export { readSyncml, readWholeSyncml, SyncmlError } from './read.ts'
export type {
  AlertWord,
  AtomicWord,
  Challenge,
  CommandWord,
  Credentials,
  Item,
  ResultsWord,
  StatusWord,
  SyncMessage,
  Verb,
  Word,
} from './words.ts'
export { writeSyncml } from './write.ts'
export { commandAround, xmlOf as writeSyncmlText } from './write-xml.ts'
