/** What a person sees on the way to a token: signing in (unless the console is open) and consenting. */

import { isProblem } from '@muster/contract'
import type { Access, Principal } from '@muster/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InteractionResults, Provider } from 'oidc-provider'
import { pagePolicy } from '../headers.ts'
import { checkSameSite, sessionCookie, setSessionCookie } from '../session-cookie.ts'
import { agentOf } from '../session-routes.ts'
import type { Throttle } from '../throttle.ts'
import { consentPage, messagePage, pageStyle, signInPage } from './html.ts'
import { type Words, wordsFor } from './words.ts'

type Details = Awaited<ReturnType<Provider['interactionDetails']>>
type Form = URLSearchParams

export function interactionRoutes(
  app: FastifyInstance,
  o: { access: Access; provider(): Promise<Provider>; publicUrl: string; throttle: Throttle },
): void {
  const { access } = o
  const { origin, pathname } = new URL(o.publicUrl)
  /** A proxy may serve us below a path of its own: what the browser follows begins with it. */
  const actionOf = (details: Details) => `${pathname.replace(/\/+$/, '')}/oauth2/interaction/${details.uid}`
  const config = { access: { public: 'people sign in and consent here' } } as const

  async function consolePrincipal(request: FastifyRequest): Promise<Principal | undefined> {
    const session = sessionCookie(request)
    return session === undefined ? undefined : access.principalOfSession(session)
  }
  async function clientOf(details: Details) {
    const client = await (await o.provider()).Client.find(String(details.params.client_id))
    return client?.clientName ?? String(details.params.client_id)
  }
  /** The form's answer leads back to the client, which the page's policy must allow by name. */
  function targets(details: Details): string[] {
    const uri = details.params.redirect_uri
    if (typeof uri !== 'string' || !URL.canParse(uri)) return []
    const url = new URL(uri)
    return [url.origin === 'null' ? url.protocol : url.origin]
  }
  function show(reply: FastifyReply, details: Details | undefined, html: string, status = 200): FastifyReply {
    return (
      reply
        .code(status)
        .header('content-security-policy', pagePolicy(pageStyle, details && targets(details)))
        // Without a referrer browsers send a form with `Origin: null`, which is refused below.
        .header('referrer-policy', 'same-origin')
        .type('text/html; charset=utf-8')
        .send(html)
    )
  }
  async function finish(
    request: FastifyRequest,
    reply: FastifyReply,
    result: InteractionResults,
  ): Promise<FastifyReply> {
    const merge = { mergeWithLastSubmission: !('error' in result) && !('login' in result) }
    return reply.redirect(await (await o.provider()).interactionResult(request.raw, reply.raw, result, merge), 303)
  }
  /** Finds the interaction that the cookie and the path name, or says that it is over. */
  async function withDetails(
    request: FastifyRequest,
    reply: FastifyReply,
    prompt: string | undefined,
    work: (details: Details) => Promise<FastifyReply>,
  ): Promise<FastifyReply> {
    let details: Details
    try {
      details = await (await o.provider()).interactionDetails(request.raw, reply.raw)
    } catch (e) {
      // By its name: the library's classes are loaded with the key manager.
      if (!(e instanceof Error) || e.name !== 'SessionNotFound') throw e
      const words = wordsOf(request)
      return show(reply, undefined, messagePage(words, words.staleTitle, words.staleText), 400)
    }
    const { uid } = request.params as { uid: string }
    if (details.uid !== uid || (prompt !== undefined && details.prompt.name !== prompt)) {
      const words = wordsOf(request)
      return show(reply, undefined, messagePage(words, words.staleTitle, words.otherText), 400)
    }
    return work(details)
  }

  async function start(request: FastifyRequest, reply: FastifyReply, details: Details): Promise<FastifyReply> {
    const words = wordsOf(request, details)
    const action = actionOf(details)
    const client = await clientOf(details)
    if (details.prompt.name === 'login') {
      const known = await consolePrincipal(request)
      const fresh = details.prompt.reasons.some((r) => r === 'login_prompt' || r === 'max_age')
      if (known && !fresh) return finish(request, reply, { login: { accountId: known.id, remember: false } })
      return show(reply, details, signInPage({ words, action, client }))
    }
    const user = await access.users.get(String(details.session?.accountId ?? ''))
    return show(
      reply,
      details,
      consentPage({ words, action, client, user: user.displayName || user.name, scopes: wantedScopes(details) }),
    )
  }

  async function login(request: FastifyRequest, reply: FastifyReply, details: Details): Promise<FastifyReply> {
    await o.throttle.signIn(request)
    const form = request.body as Form
    const username = form.get('username') ?? ''
    try {
      const signed = await access.signIn(username, form.get('password') ?? '', request.ip, agentOf(request))
      void reply.header('set-cookie', setSessionCookie(request, signed.session, signed.expires))
      return await finish(request, reply, { login: { accountId: signed.user.id, remember: false } })
    } catch (e) {
      if (!isProblem(e) || (e.code !== 'wrong-credentials' && e.code !== 'throttled')) throw e
      const words = wordsOf(request, details)
      return show(
        reply,
        details,
        signInPage({
          words,
          action: actionOf(details),
          client: await clientOf(details),
          error: words[e.code],
          username,
        }),
        e.status,
      )
    }
  }

  async function confirm(request: FastifyRequest, reply: FastifyReply, details: Details): Promise<FastifyReply> {
    const provider = await o.provider()
    const accountId = String(details.session?.accountId ?? '')
    const clientId = String(details.params.client_id)
    const grant =
      (details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId)) ??
      new provider.Grant({ accountId, clientId })
    // API scopes are both: scopes of the resource and, to the key manager, scopes it knows by name.
    const missing = details.prompt.details as {
      missingOIDCScope?: string[]
      missingOIDCClaims?: string[]
      missingResourceScopes?: Record<string, string[]>
    }
    if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '))
    if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims)
    for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {})) {
      grant.addResourceScope(resource, scopes.join(' '))
      grant.addOIDCScope(scopes.join(' '))
    }
    return finish(request, reply, { consent: { grantId: await grant.save() } })
  }

  void app.register(async (inner) => {
    inner.removeAllContentTypeParsers()
    inner.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer', bodyLimit: 16 * 1024 },
      async (_request: unknown, body: Buffer) => new URLSearchParams(body.toString('utf8')),
    )
    const path = '/oauth2/interaction/:uid'
    const form = { config, preHandler: async (request: FastifyRequest) => checkSameSite(request, origin) }
    inner.get(path, { config }, (request, reply) =>
      withDetails(request, reply, undefined, (d) => start(request, reply, d)),
    )
    inner.post(`${path}/login`, form, (request, reply) =>
      withDetails(request, reply, 'login', (d) => login(request, reply, d)),
    )
    inner.post(`${path}/confirm`, form, (request, reply) =>
      withDetails(request, reply, 'consent', (d) => confirm(request, reply, d)),
    )
    inner.post(`${path}/abort`, form, (request, reply) =>
      withDetails(request, reply, undefined, () =>
        finish(request, reply, { error: 'access_denied', error_description: 'the person declined' }),
      ),
    )
  })
}

function wordsOf(request: FastifyRequest, details?: Details): Words {
  return wordsFor(details?.params.ui_locales, request.headers['accept-language'])
}

function wantedScopes(details: Details): string[] {
  const wanted = details.prompt.details as {
    missingOIDCScope?: string[]
    missingResourceScopes?: Record<string, string[]>
  }
  const all = [...(wanted.missingOIDCScope ?? []), ...Object.values(wanted.missingResourceScopes ?? {}).flat()]
  return [...new Set(all)].filter((s) => s !== 'openid' && s !== 'offline_access').sort()
}
