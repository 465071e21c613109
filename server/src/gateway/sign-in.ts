/** GET and POST /sign-in: our own sign-in for pages of platforms, which need to know who is there; and who that is. */
import { isProblem, type Person, signInPath } from '@muster/contract'
import { type Access, personOf } from '@muster/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pagePolicy } from './headers.ts'
import { messagePage, pageStyle, placeSignInPage } from './oauth/html.ts'
import { wordsFor } from './oauth/words.ts'
import { checkSameSite, sessionCookie, setSessionCookie } from './session-cookie.ts'
import { agentOf } from './session-routes.ts'
import type { Throttle } from './throttle.ts'

/** Who is signed in in the browser that sent this. Problem csrf-refused, when another site's page sent what changes something. */
export type PersonReader = (request: FastifyRequest) => Promise<Person | undefined>

export function createPersonReader(access: Access, publicOrigin: string): PersonReader {
  return async (request) => {
    const session = sessionCookie(request)
    if (session === undefined) return undefined
    if (request.method !== 'GET' && request.method !== 'HEAD') checkSameSite(request, publicOrigin)
    const principal = await access.principalOfSession(session)
    if (principal?.user === undefined) return undefined
    const user = await access.users.get(principal.id)
    return user.disabled ? undefined : personOf(user)
  }
}

/** Where to go on: below our own address by construction, since ours is put before it. */
const place = /^\/[^\p{Cc}\\]{0,2000}$/u

export function signInRoutes(
  app: FastifyInstance,
  o: { access: Access; publicUrl: string; throttle: Throttle; personOf: PersonReader },
): void {
  const { origin, pathname } = new URL(o.publicUrl)
  /** A proxy may serve us below a path of its own: what the browser follows begins with it. */
  const action = `${pathname.replace(/\/+$/, '')}${signInPath}`
  const words = (request: FastifyRequest) => wordsFor(undefined, request.headers['accept-language'])
  const onward = (to: string) => new URL(`${o.publicUrl}${to}`).href

  function show(reply: FastifyReply, status: number, html: string): FastifyReply {
    return (
      reply
        .code(status)
        .header('content-security-policy', pagePolicy(pageStyle))
        // Without a referrer browsers send a form with `Origin: null`, which is refused below.
        .header('referrer-policy', 'same-origin')
        .type('text/html; charset=utf-8')
        .send(html)
    )
  }
  function lost(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const w = words(request)
    return show(reply, 400, messagePage(w, w.stuckTitle, w.otherText))
  }

  async function ask(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { to, name, again } = request.query as Record<string, unknown>
    if (typeof to !== 'string' || !place.test(to)) return lost(request, reply)
    if (again === undefined && (await o.personOf(request))) return reply.redirect(onward(to), 303)
    const username = typeof name === 'string' ? name.slice(0, 128) : undefined
    return show(reply, 200, placeSignInPage({ words: words(request), action, to, username }))
  }

  async function signIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await o.throttle.signIn(request)
    checkSameSite(request, origin)
    const form = request.body as URLSearchParams
    const [to, username] = [form.get('to') ?? '', form.get('username') ?? '']
    if (!place.test(to)) return lost(request, reply)
    try {
      const signed = await o.access.signIn(username, form.get('password') ?? '', request.ip, agentOf(request))
      const old = sessionCookie(request)
      if (old !== undefined) await o.access.signOut(old)
      void reply.header('set-cookie', setSessionCookie(request, signed.session, signed.expires))
      return reply.redirect(onward(to), 303)
    } catch (e) {
      if (!isProblem(e) || (e.code !== 'wrong-credentials' && e.code !== 'throttled')) throw e
      const w = words(request)
      return show(reply, e.status, placeSignInPage({ words: w, action, to, username, error: w[e.code] }))
    }
  }

  void app.register(async (inner) => {
    inner.removeAllContentTypeParsers()
    inner.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: 16 * 1024 },
      async (_request: unknown, body: Buffer) => new URLSearchParams(body.toString('utf8')),
    )
    const config = { access: { public: 'people sign in here on their way to a page of a platform' } } as const
    const schema = { hide: true }
    inner.get(signInPath, { config, schema }, ask)
    inner.post(signInPath, { config, schema }, signIn)
  })
}
