/** Between the core, the platforms and the room of push: who wakes sleeping devices, and with what right. */
import type { Bytes, Json } from './json.ts'

/** How to wake one channel: the way, the address in the words of that way, and what is told. */
export interface Wake {
  via: 'apns' | 'fcm' | 'wns' | 'mqtt' | 'webpush' | 'sms'
  to: Json
  body?: Bytes
  urgent?: boolean
}

/**
 * What a push service knows us by. `id` changes when anything of it does: connections made with another one are then left.
 * APNs: a client certificate (PEM, leaf first) and its key. FCM: a service account. WNS: client id and secret of an app, and its Entra tenant when it has one.
 */
export type Credential = { readonly id: string; readonly notAfter?: string } & (
  | { readonly certificate: string; readonly key: string }
  | { readonly account: Json }
  | { readonly client: string; readonly secret: string; readonly tenant?: string }
)

/** What the pusher asks of the core. */
export interface PushPorts {
  /** Of a platform, by the name that its wakes go by (APNs: the topic). Undefined: there is none yet. */
  credential(platform: string, name: string): Promise<Credential | undefined>
  /** The push service says that this address is none any more. */
  dead(channel: number, to: Json, reason: string): Promise<void>
}

/** Wakes devices. One wake per channel waits at most; none is promised: polling and repetition stand underneath. */
export interface Pusher {
  /** Takes it at once and never throws. */
  push(channel: number, wake: Wake, platform: string): void
  /** Called once, before the first push. */
  connect?(ports: PushPorts): void
}
