/** What an event looks like outside the outbox. */
import type { EventMap } from '@muster/contract'

/** `id` is its place in the outbox, used as Last-Event-ID of the event stream. */
export type EventRecord<K extends keyof EventMap = keyof EventMap> = K extends K
  ? { id: string; type: K; at: Date; data: EventMap[K] }
  : never
export type EventInput = { [K in keyof EventMap]: { type: K; data: EventMap[K] } }[keyof EventMap]
