/** The key manager below /oauth2: it reads and answers the raw request, so nothing of ours parses or serialises in between. */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Provider } from 'oidc-provider'
import { pagePolicy } from '../headers.ts'
import type { Throttle } from '../throttle.ts'
import { pageStyle } from './html.ts'
import { prefilledCode } from './prefilled.ts'

export interface MountOptions {
  publicUrl: string
  throttle: Throttle
  /** The key manager, made when all routes and so all scopes are known, and when it is asked for. */
  provider(): Promise<Provider>
  /** Called with each request before the key manager sees it. */
  before(request: FastifyRequest): void
}

const policy = pagePolicy(pageStyle)

export function mountKeyManager(app: FastifyInstance, o: MountOptions): void {
  let callback: ReturnType<Provider['callback']> | undefined

  /** Programs are counted by their credentials, people by where they are; whoever types device codes (RFC 8628 section 5.1) strictly. */
  async function bound(request: FastifyRequest, path: string): Promise<void> {
    await o.throttle.strangers.check(request.ip)
    if (path.startsWith('/token')) return o.throttle.token(request)
    await o.throttle.public(request)
    if (request.method === 'POST' && /^\/device(\?|$)/.test(path)) await o.throttle.signIn(request)
  }

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { raw } = request
    const path = raw.url!.slice('/oauth2'.length)
    await bound(request, path)
    callback ??= (await o.provider()).callback()
    o.before(request)
    adjust(request, o.publicUrl, path)
    raw.url = withoutUserCode(raw, path)
    reply.raw.setHeader('content-security-policy', policy)
    reply.raw.once('finish', () => {
      if (reply.raw.statusCode === 401) void o.throttle.strangers.refused(request.ip)
    })
    reply.hijack()
    await callback(raw, reply.raw)
  }

  void app.register(async (inner) => {
    inner.removeAllContentTypeParsers()
    inner.addContentTypeParser('*', (_request, _payload, done) => done(null))
    const config = { access: { public: 'OAuth2 authenticates clients itself' }, ownThrottle: true } as const
    inner.route({ method: ['GET', 'POST'], url: '/oauth2/*', config, exposeHeadRoute: false, handler: handle })
  })

  // RFC 8414 section 3.1: the well-known part goes before the issuer's path; some clients append it to the host alone.
  for (const url of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/oauth2']) {
    app.get(url, { config: { access: { public: 'discovery (RFC 8414)' } } }, async (request, reply) => {
      request.raw.url = '/oauth2/.well-known/openid-configuration'
      return handle(request, reply)
    })
  }
}

/** The key manager builds its addresses from the original one: the public one, never a Host header. Only Fastify judges proxies. */
function adjust(request: FastifyRequest, publicUrl: string, path: string): void {
  const raw = request.raw as IncomingMessage & { originalUrl?: string }
  raw.originalUrl = `${publicUrl}/oauth2${path}`
  raw.headers['x-forwarded-proto'] = request.protocol
  raw.headers['x-forwarded-for'] = request.ip
  delete raw.headers['x-forwarded-host']
  // HTTP/2 needs no content-length, but the body reader looks for one of these before it looks at the body.
  if (raw.httpVersionMajor === 2 && raw.method === 'POST' && raw.headers['content-length'] === undefined)
    raw.headers['transfer-encoding'] = 'chunked'
}

/** `/device?user_code=X` would answer with a form that submits itself by script. Here the person presses the button. */
function withoutUserCode(raw: IncomingMessage, path: string): string {
  const [route, query] = path.split('?', 2)
  if (raw.method !== 'GET' || route !== '/device' || !query) return path
  const code = new URLSearchParams(query).get('user_code')
  if (code) prefilledCode.set(raw, code.slice(0, 32))
  return '/device'
}
