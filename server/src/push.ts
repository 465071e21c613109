/** The ways to wake devices, put together from what the server was started with. */
import type { Log } from '@muster/core'
import { createApns, createFcm, createPusher, createWns, type PushRoom } from '@muster/push'

export interface PushOptions {
  /** Apple's push service, or what stands in for it: `https://host:port`. */
  apnsUrl?: string
  /** Authorities of its certificate (PEM), when it is not a public one. */
  apnsCa?: string
  /** Google's push service, or what stands in for it. */
  fcmUrl?: string
  /** Where its access tokens are got; as the account's key file says when absent. */
  fcmTokenUrl?: string
  /** Microsoft's push service with its sign-in, or what stands in for both. */
  wnsUrl?: string
  /** Wakes a second, at most. */
  perSecond?: number
}

export function openPush(o: { options?: PushOptions; log: Log; pressed(): boolean }): PushRoom {
  const { apnsUrl, apnsCa, fcmUrl, fcmTokenUrl, wnsUrl, perSecond } = o.options ?? {}
  const apns = createApns({ log: o.log, ...(apnsUrl && { url: apnsUrl }), ...(apnsCa && { ca: apnsCa }) })
  const fcm = createFcm({ log: o.log, ...(fcmUrl && { url: fcmUrl }), ...(fcmTokenUrl && { tokenUrl: fcmTokenUrl }) })
  const wns = createWns({ log: o.log, ...(wnsUrl && { url: wnsUrl }) })
  return createPusher({ adapters: [apns, fcm, wns], log: o.log, pressed: o.pressed, ...(perSecond && { perSecond }) })
}
