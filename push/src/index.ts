/** The door of push: how sleeping devices are woken. */
export type { Adapter, PushLog, Sent } from './adapter.ts'
export { type ApnsOptions, createApns } from './apns.ts'
export { createFcm, type FcmOptions } from './fcm.ts'
export { createPusher, type PushCounts, type PusherOptions, type PushRoom } from './pusher.ts'
export { createWns, type WnsOptions } from './wns.ts'
