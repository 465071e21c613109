/** The door of the wire: JSON to property lists and back, and what answers mean. */
export { bytesOf, data, date, real, textOf, toDict, toJson, toPlist } from './json.ts'
export { replyOutcome } from './reply.ts'
