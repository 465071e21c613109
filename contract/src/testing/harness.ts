/** What the suite needs of a running core; the core gives the implementation, so that the contract stays below it. */
import type { Channel, Json, JsonObject, Ownership, Platform, PlatformHost, Reason } from '../index.ts'

export interface Harness {
  /** A real core on a database of its own, with these platforms opened. No recurring work runs by itself. */
  open(platforms: readonly Platform[], settings?: Readonly<Record<string, Json>>): Promise<Bench>
}

/** One operation on one channel as the core keeps it. */
export interface KeptOperation {
  readonly state: string
  readonly reason: Reason | null
  readonly result: Json
  readonly attempts: number
  readonly cancelling: boolean
}
export interface EnrolOptions {
  ownership?: Ownership
  facts?: JsonObject
  /** `device` unless told. */
  channel?: string
}
export interface CallOptions {
  body?: Json
  headers?: Readonly<Record<string, string>>
}

export interface Bench {
  host(platform: string): PlatformHost
  /** One request to a route of the platform, as the server hands it over. */
  call(platform: string, method: string, path: string, o?: CallOptions): Promise<{ status: number; body: Json }>
  /** An invitation's code. */
  code(platform: string, ownership?: Ownership): Promise<string>
  /** A device that is enrolled and active, by the platform's own host. */
  enrol(platform: string, o?: EnrolOptions): Promise<Channel>
  /** Sends as the system; answers the activity's id. */
  send(operation: string, params: Json, to: readonly Channel[], o?: { urgent?: boolean }): Promise<string>
  cancel(activity: string): Promise<void>
  /** Makes these the settings that every device of the platform should have. */
  publish(platform: string, features: Readonly<Record<string, JsonObject>>): Promise<void>
  operation(activity: string, channel: Channel): Promise<KeptOperation | undefined>
  /** State of each setting on the channel's device. */
  settings(channel: Channel): Promise<Record<string, { state: string; reason: Reason | null }>>
  /** All that the core keeps of what this device was given and said, to compare before and after. */
  kept(channel: Channel): Promise<Json>
  /** What the device said that was nobody's, oldest first: why each. */
  unmatched(channel: Channel): Promise<string[]>
  block(channel: Channel, on: boolean): Promise<void>
  /** Makes these times of the channel's open operations and settings come now. */
  lapse(channel: Channel, what: 'due' | 'lease' | 'deadline'): Promise<void>
  /** The recurring work of one second. */
  tick(): Promise<void>
  close(): Promise<void>
}
