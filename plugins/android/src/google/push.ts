/** Notifications that Pub/Sub pushes to us: each carries a token signed by Google for the account of our subscription. */
import { type Json, type Message, type PlatformHost, Problem, type Reply, type Route } from '@muster/contract'
import { readJson } from '@muster/kit'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { objectOf } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import { type Notifications, readMessage } from './notifications.ts'
import type { GoogleSettings } from './settings.ts'

const pushPath = '/google/notifications'
/** Pub/Sub messages are 10 MB at most; Google's management sends far less. */
const maxBytes = 6_000_000
const Body = z.looseObject({ message: z.looseObject({}) })

export function pushAddress(host: PlatformHost): string {
  return `${host.server().url}/android${pushPath}`
}

export function pushRoute(o: {
  host: PlatformHost
  connection: Connection
  settings: GoogleSettings
  notifications: Notifications
}): Route {
  const { host } = o
  // Fetched when a token names a key that is not known yet, at most every half minute.
  let keys: JWTVerifyGetKey | undefined

  async function proven(r: Message): Promise<void> {
    const enterprise = await o.connection.enterprise()
    if (!enterprise?.pusher) throw new Problem('not-found')
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(r.headers.authorization ?? '')?.[1]
    if (!token) throw new Problem('unauthenticated')
    const payload = await verified(token, enterprise.audience ?? pushAddress(host))
    // Anybody may have Google sign a token for this address: it must be the account that our subscription was given.
    if (payload.email !== enterprise.pusher || payload.email_verified !== true) throw new Problem('unauthenticated')
  }
  async function verified(token: string, audience: string): Promise<JWTPayload> {
    // Loaded with the first notification: not every server has phones of Google's.
    const { createRemoteJWKSet, customFetch, errors, jwtVerify } = await import('jose')
    keys ??= createRemoteJWKSet(new URL(o.settings.keysUrl), { [customFetch]: host.fetch, timeoutDuration: 10_000 })
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: o.settings.issuer,
        audience,
        algorithms: ['RS256'],
        requiredClaims: ['exp', 'email'],
        clockTolerance: 30,
        currentDate: host.clock.now(),
      })
      return payload
    } catch (e) {
      if (e instanceof errors.JWKSTimeout) throw new Problem('overloaded', { retryAfterS: 10 })
      if (e instanceof errors.JOSEError) throw new Problem('unauthenticated')
      host.log.warn({ err: e }, 'the keys of pushed notifications cannot be got')
      throw new Problem('overloaded', { retryAfterS: 10 })
    }
  }

  return {
    method: 'POST',
    path: pushPath,
    maxBytes,
    access: { public: 'Pub/Sub pushes; the token that it brings proves it.' },
    handle: async (r): Promise<Reply> => {
      await proven(r)
      const { message } = readJson(r.body, maxBytes, Body) as { message: Json }
      const told = readMessage(objectOf(message))
      // What is not understood is not wanted again either.
      if (told) await o.notifications.take(told)
      return { status: 204 }
    },
  }
}
