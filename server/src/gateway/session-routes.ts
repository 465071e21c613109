/** GET, POST and DELETE /api/v1/session: the console's sign-in. */

import { Problem } from '@muster/contract'
import { type Access, covers, type Principal } from '@muster/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { checkSameSite, csrfToken, sessionCookie, setSessionCookie } from './session-cookie.ts'
import type { Throttle } from './throttle.ts'

const credentials = z.object({ username: z.string().min(1).max(128), password: z.string().min(1).max(1024) })

export function sessionRoutes(
  app: FastifyInstance,
  o: { access: Access; publicOrigin: string; throttle: Throttle },
): void {
  const { access } = o

  async function shown(principal: Principal, session: string | null) {
    const user = principal.user === undefined ? undefined : await access.users.get(String(principal.user))
    return {
      user: { id: principal.id, name: principal.name, displayName: user?.displayName || principal.name },
      // What a token's scopes leave of them.
      permissions: effective(principal),
      ...(session === null ? {} : { csrf: csrfToken(session) }),
    }
  }

  app.get('/api/v1/session', { config: { access: { principal: true } } }, async (request) => {
    if (!request.principal) throw new Problem('unauthenticated')
    return shown(request.principal, request.session)
  })

  app.post(
    '/api/v1/session',
    { config: { access: { public: 'signing in needs no session yet' } }, bodyLimit: 16 * 1024 },
    async (request, reply) => {
      await o.throttle.signIn(request)
      checkSameSite(request, o.publicOrigin)
      const read = credentials.safeParse(request.body)
      if (!read.success)
        throw new Problem('invalid-request', {
          errors: read.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message })),
        })
      const signed = await access.signIn(read.data.username, read.data.password, request.ip, agentOf(request))
      const principal = await access.principalOfSession(signed.session)
      if (!principal) throw new Problem('wrong-credentials')
      await dropOld(request)
      void reply.header('set-cookie', setSessionCookie(request, signed.session, signed.expires))
      return shown(principal, signed.session)
    },
  )

  app.delete('/api/v1/session', { config: { access: { principal: true } } }, async (request, reply) => {
    if (request.session !== null) await access.signOut(request.session)
    return reply.header('set-cookie', setSessionCookie(request, undefined)).code(204).send()
  })

  /** A session that is replaced ends: signing in again leaves no second key behind. */
  async function dropOld(request: FastifyRequest): Promise<void> {
    const old = sessionCookie(request)
    if (old !== undefined) await access.signOut(old)
  }
}

/** Patterns of a token's holder, narrowed to its scopes; of two that overlap the narrower one. */
function effective(p: Principal): readonly string[] {
  if (p.scopes === undefined) return p.permissions
  const { permissions, scopes } = p
  const both = [
    ...permissions.filter((held) => scopes.some((s) => covers(s, held))),
    ...scopes.filter((s) => permissions.some((held) => covers(held, s))),
  ]
  return [...new Set(both)].sort()
}

export const agentOf = (request: FastifyRequest) => request.headers['user-agent'] ?? ''
