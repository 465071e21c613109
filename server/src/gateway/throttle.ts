/** Throttling of people and programs, in memory and per node: each caller by tier, strangers by address. */
import { Problem } from '@muster/contract'
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { DeviceThrottle } from './device-throttle.ts'
import type { Limits } from './limits.ts'
import type { AsyncHook } from './permission.ts'
import { principalOf } from './principal.ts'
import { placeOf } from './remote.ts'

export interface Throttle {
  principal(request: FastifyRequest): Promise<void>
  public: AsyncHook
  signIn(request: FastifyRequest): Promise<void>
  /** By the credentials as they were sent, right or wrong. */
  token(request: FastifyRequest): Promise<void>
  /** Throws when this address was refused too often; `refused` counts one. */
  strangers: { check(remote: string): Promise<void>; refused(remote: string): Promise<void> }
  device: onRequestHookHandler
  /** For an onResponse hook of device routes: counts refused credentials. */
  deviceAnswered(request: FastifyRequest, reply: FastifyReply): void
}

/** Devices are counted by who counts them at the entrance, too. */
export function createThrottle(limits: Limits, devices: DeviceThrottle): Throttle {
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
    device: (request, _reply, done) => {
      const key = request.headers.authorization ?? `at ${request.ip}:${request.socket.remotePort}`
      done(devices.refusal(key, request.ip))
    },
    deviceAnswered: (request, reply) => {
      if (reply.statusCode === 401) devices.refused(request.ip)
    },
  }
}
