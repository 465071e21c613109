/** Throttling, in memory and per node: each caller by tier, strangers by address, devices cheaply by their own credential. */
import { randomInt } from 'node:crypto'
import { Problem } from '@muster/contract'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { AsyncHook } from './permission.ts'
import { principalOf } from './principal.ts'
import { placeOf } from './remote.ts'

/** Points per minute; devices per 10 s. */
export interface Limits {
  read: number
  write: number
  public: number
  /** Sign-ins, from one address. */
  signIn: number
  /** Token requests with one client's credentials. */
  token: number
  /** Refused token requests and registrations, from one address. */
  refused: number
  device: number
  /** Device requests refused for their credential, from one address. */
  deviceRefused: number
}
export const defaultLimits: Limits = {
  read: 6_000,
  write: 3_000,
  public: 6_000,
  signIn: 60,
  token: 12_000,
  refused: 120,
  device: 600,
  deviceRefused: 1_000,
}

export interface Throttle {
  principal(request: FastifyRequest): Promise<void>
  public: AsyncHook
  signIn(request: FastifyRequest): Promise<void>
  /** By the credentials as they were sent, right or wrong. */
  token(request: FastifyRequest): Promise<void>
  /** Throws when this address was refused too often; `refused` counts one. */
  strangers: { check(remote: string): Promise<void>; refused(remote: string): Promise<void> }
  device: onRequestHookHandler
  /** The same for a request that the framework never saw: why it is refused now. */
  deviceRefusal(key: string, ip: string): Problem | undefined
  /** Counts one refused credential. */
  deviceRefused(ip: string): void
  /** For an onResponse hook of device routes: counts refused credentials. */
  deviceAnswered(request: FastifyRequest, reply: FastifyReply): void
}

export function createThrottle(limits: Limits): Throttle {
  const perMinute = (points: number) => new RateLimiterMemory({ points, duration: 60 })
  const tiers = {
    read: perMinute(limits.read),
    write: perMinute(limits.write),
    public: perMinute(limits.public),
    signIn: perMinute(limits.signIn),
    token: perMinute(limits.token),
    refused: perMinute(limits.refused),
  }

  async function spend(tier: RateLimiterMemory, key: string): Promise<void> {
    try {
      await tier.consume(key)
    } catch (e) {
      if (e instanceof RateLimiterRes)
        throw new Problem('throttled', { retryAfterS: Math.max(1, Math.ceil(e.msBeforeNext / 1000)) })
      throw e
    }
  }
  const device = createDeviceThrottle(limits)

  return {
    principal: async (request) => {
      const p = principalOf(request)
      const reading = request.method === 'GET' || request.method === 'HEAD'
      await spend(reading ? tiers.read : tiers.write, `${p.kind}:${p.id}:${p.scopes ? 'token' : 'session'}`)
    },
    public: async (request) => spend(tiers.public, placeOf(request.ip)),
    signIn: async (request) => spend(tiers.signIn, placeOf(request.ip)),
    token: async (request) => spend(tiers.token, request.headers.authorization ?? `at ${placeOf(request.ip)}`),
    strangers: {
      check: async (remote) => {
        const spent = await tiers.refused.get(placeOf(remote))
        if (spent && spent.consumedPoints >= limits.refused)
          throw new Problem('throttled', { retryAfterS: Math.max(1, Math.ceil(spent.msBeforeNext / 1000)) })
      },
      refused: async (remote) => {
        await tiers.refused.penalty(placeOf(remote))
      },
    },
    ...device,
  }
}

/**
 * Counts of a 10 s window, by a salted hash of the credential: a request costs one look-up, nothing is kept of it, and no flood of made-up
 * credentials fills the memory. Two devices in one place of the table share their limit, which is far above what both need.
 */
function createDeviceThrottle(
  limits: Limits,
): Pick<Throttle, 'device' | 'deviceAnswered' | 'deviceRefusal' | 'deviceRefused'> {
  const windowMs = 10_000
  const counts = new Uint32Array(1 << 17)
  const salt = randomInt(2 ** 32)
  let refused = new Map<string, number>()
  let until = 0

  function turn(): number {
    const now = performance.now()
    if (now >= until) {
      counts.fill(0)
      refused = new Map()
      until = now + windowMs
    }
    return now
  }
  function deviceRefusal(key: string, ip: string): Problem | undefined {
    const now = turn()
    const place = placeIn(key, salt) & (counts.length - 1)
    const n = (counts[place] as number) + 1
    counts[place] = n
    const over = n > limits.device || (refused.size > 0 && (refused.get(placeOf(ip)) ?? 0) >= limits.deviceRefused)
    return over ? new Problem('throttled', { retryAfterS: Math.ceil((until - now) / 1000) }) : undefined
  }
  function deviceRefused(ip: string): void {
    turn()
    const place = placeOf(ip)
    refused.set(place, (refused.get(place) ?? 0) + 1)
  }
  return {
    deviceRefusal,
    deviceRefused,
    device: (request, _reply, done) => {
      const key = request.headers.authorization ?? `at ${request.ip}:${request.socket.remotePort}`
      done(deviceRefusal(key, request.ip))
    },
    deviceAnswered: (request, reply) => {
      if (reply.statusCode === 401) deviceRefused(request.ip)
    },
  }
}

/** FNV-1a over the end of the key, where credentials differ. */
function placeIn(key: string, salt: number): number {
  let hash = salt
  for (let i = Math.max(0, key.length - 24); i < key.length; i += 1)
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
