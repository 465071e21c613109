/** The room of events: what happened, written with the change it tells of, and followed in order without a gap. */
export { createEvents, type Events } from './events.ts'
export type { Follower, FollowOptions } from './follow.ts'
export { parsePosition } from './position.ts'
export type { EventInput, EventRecord } from './record.ts'
