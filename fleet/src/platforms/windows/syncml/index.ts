/** The door of SyncML as a client speaks and judges it. */
export {
  type Item,
  readMessage,
  type ServerCommand,
  type ServerMessage,
  type ServerStatus,
  type ServerWord,
  type Verb,
} from './read.ts'
export { readWbxml, wbxmlOf } from './wbxml.ts'
export { el, type Said, xmlOf } from './write.ts'
