/** Who asks: from a bearer token or the session cookie to a principal. */

import { Problem, type ProblemCode, type Refusal } from '@muster/contract'
import type { Access, Principal } from '@muster/core'
import type { FastifyRequest } from 'fastify'
import type { AsyncHook } from './permission.ts'
import { checkCsrf, sessionCookie } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on routes with `permission` (its reach narrowed to that permission) or `principal`. */
    principal: Principal | null
    /** The console session, when that is how the caller is known. */
    session: string | null
  }
}

const refusals: Readonly<Record<Refusal['refused'], ProblemCode>> = {
  none: 'unauthenticated',
  unknown: 'unauthenticated',
  foreign: 'unauthenticated',
  expired: 'token-expired',
  revoked: 'token-revoked',
  gone: 'token-revoked',
}
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The token of an Authorization header; undefined without the header, a Problem for another scheme. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const read = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)
  if (!read) throw new Problem('unauthenticated')
  return read[1]
}

/** A principal hook: a token wins over a cookie, and a cookie needs the proof of its own page for unsafe methods. */
export function identifyPrincipal(access: Access, publicOrigin: string): AsyncHook {
  return async function identify(request) {
    const token = bearerToken(request.headers.authorization)
    if (token !== undefined) {
      const found = await access.principalOfToken(token)
      if ('refused' in found) throw new Problem(refusals[found.refused])
      if ('device' in found) throw new Problem('forbidden')
      request.principal = found
      return
    }
    const session = sessionCookie(request)
    const found = session === undefined ? undefined : await access.principalOfSession(session)
    if (session === undefined || !found) throw new Problem('unauthenticated')
    if (!safe.has(request.method)) checkCsrf(request, session, publicOrigin)
    request.principal = found
    request.session = session
  }
}

/** The principal of a route that declared `permission` or `principal`. */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Problem('unauthenticated')
  return request.principal
}
