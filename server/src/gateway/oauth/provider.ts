/** The key manager's settings: what of OAuth2 and OpenID Connect we speak, and with which lives. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Problem } from '@muster/contract'
import type { Access, Log, OAuthKeys } from '@muster/core'
import {
  type Configuration,
  errors,
  interactionPolicy,
  type JWK,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { problemReply } from '../problems.ts'
import { createAdapter, granted, personScopes } from './adapter.ts'
import { codeConfirmPage, codeInputPage, messagePage } from './html.ts'
import { prefilledCode } from './prefilled.ts'
import { type Words, wordsFor } from './words.ts'

export interface KeyManagerOptions {
  access: Access
  keys: OAuthKeys
  log: Log
  /** `<public url>/oauth2` */
  issuer: string
  /** The one resource there is: `<public url>/api`. */
  resource: string
  /** All scopes there are. */
  scopes: readonly string[]
  /** The user number of the console session that came with a request. */
  consoleUser(request: IncomingMessage): Promise<string | undefined>
}

/** Seconds. A device's token outlives a day of polls; a person's is renewed by the hour. */
const lives = {
  deviceToken: 24 * 3600,
  clientToken: 3600,
  accessToken: 3600,
  refreshToken: 30 * 24 * 3600,
  session: 12 * 3600,
  interaction: 15 * 60,
  code: 60,
  deviceCode: 10 * 60,
}

export function createKeyManager(o: KeyManagerOptions): Provider {
  const provider = new Provider(o.issuer, configuration(o))
  // Fastify already decided whom to believe about the scheme; see mount.
  provider.proxy = true
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value: async function compare(this: { clientId: string; clientSecret?: string }, given: string): Promise<boolean> {
      const hash = createHash('sha256').update(given).digest()
      const wanted = Buffer.from(this.clientSecret ?? '', 'hex')
      if (wanted.length === hash.length && timingSafeEqual(wanted, hash)) return true
      // The secret before the last rotation may still be good.
      return o.access.clients.verifySecret(this.clientId, given)
    },
  })
  // The key manager cannot keep a session that it never began: a code form sent without one (cookies off, or too late), or a
  // way back into a flow that nobody was in, starts again.
  provider.use(async (ctx, next) => {
    try {
      await next()
    } catch (e) {
      if (
        !(e instanceof TypeError) ||
        !(ctx.method === 'POST' ? ctx.path === '/device' : ctx.path.startsWith('/device/'))
      )
        throw e
      ctx.status = 303
      ctx.set('location', `${new URL(o.issuer).pathname}/device`)
      ctx.body = ''
    }
  })
  // What it has no page for is answered as everywhere else.
  provider.use(async (ctx, next) => {
    await next()
    if (ctx.status !== 404 || ctx.body) return
    const { status, headers, body } = problemReply(new Problem('not-found'), randomUUID())
    ctx.status = status
    ctx.body = body
    ctx.set(headers ?? {})
  })
  ;(provider as NodeJS.EventEmitter).on('error', (err: unknown) => o.log.error({ err }, 'the key manager failed'))
  provider.on('server_error', (_ctx, err) => o.log.error({ err }, 'the key manager failed'))
  return provider
}

function configuration(o: KeyManagerOptions): Configuration {
  const device = (client: object | undefined) =>
    client !== undefined && 'muster_device' in client && client.muster_device === true
  return {
    adapter: createAdapter(o.access, () => o.scopes),
    jwks: { keys: o.keys.sign as unknown as JWK[] },
    cookies: {
      keys: o.keys.cookie,
      names: { session: 'muster_oauth', interaction: 'muster_interaction', resume: 'muster_resume' },
      long: { httpOnly: true, sameSite: 'lax', path: new URL(o.issuer).pathname },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    scopes: [...personScopes, ...o.scopes],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    responseTypes: ['code'],
    subjectTypes: ['public'],
    pkce: { required: () => true },
    extraClientMetadata: { properties: ['muster_device'] },
    discovery: {
      registration_endpoint: `${o.issuer}/reg`,
      service_documentation: `${new URL(o.issuer).origin}/openapi.json`,
    },
    ttl: {
      AccessToken: lives.accessToken,
      AuthorizationCode: lives.code,
      DeviceCode: lives.deviceCode,
      Grant: lives.refreshToken,
      IdToken: 3600,
      Interaction: lives.interaction,
      RefreshToken: lives.refreshToken,
      Session: lives.session,
      ClientCredentials: (_ctx, _token, client) => (device(client) ? lives.deviceToken : lives.clientToken),
    },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: async () => false,
    // A revoked access token takes its whole grant along: whoever revokes means the program, not the hour.
    revokeGrantPolicy: () => true,
    clientBasedCORS: () => false,
    findAccount: async (_ctx, sub) => {
      const user = await o.access.users.get(sub).catch(() => undefined)
      if (!user || user.disabled) return undefined
      return {
        accountId: sub,
        claims: async () => ({ sub, name: user.displayName || user.name, preferred_username: user.name }),
      }
    },
    interactions: {
      policy: policy(o),
      url: (_ctx, interaction) => `${new URL(o.issuer).pathname}/interaction/${interaction.uid}`,
    },
    features: features(o),
    renderError: async (ctx, out) => {
      ctx.type = 'html'
      const words = wordsOf(ctx)
      ctx.body = messagePage(words, words.stuckTitle, [out.error, out.error_description].filter(Boolean).join(': '))
    },
  }
}

function features(o: KeyManagerOptions): Configuration['features'] {
  const manages = (client: { scope?: string }, scope: string) => client.scope?.split(' ').includes(scope) === true
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: false },
    // Our access tokens are for one resource, the API; who signed in is told in the ID token.
    userinfo: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    revocation: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) =>
        token.clientId === client.clientId || manages(client, 'client:write'),
    },
    introspection: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) =>
        token.clientId === client.clientId || (client.clientAuthMethod !== 'none' && manages(client, 'client:read')),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => o.resource,
      useGrantedResource: async () => true,
      getResourceServerInfo: async (ctx, resource, client) => {
        if (resource !== o.resource) throw new errors.InvalidTarget()
        const scope = granted(client.scope?.split(' ') ?? [], o.scopes).join(' ')
        // RFC 6749 section 3.3: a client that names no scope gets all of its own.
        const params = ctx.oidc.params as { grant_type?: string; scope?: string } | undefined
        if (params?.grant_type === 'client_credentials') {
          if (params.scope === undefined && scope !== '') params.scope = scope
          // The key manager passes over words it does not know: a mistyped scope would be a token that may do nothing.
          const unknown = params.scope?.split(' ').find((s) => s !== '' && !o.scopes.includes(s))
          if (unknown !== undefined) throw new errors.InvalidScope('requested scope is not known', unknown)
        }
        return { scope, audience: o.resource, accessTokenFormat: 'opaque' }
      },
    },
    deviceFlow: {
      enabled: true,
      deviceInfo: (ctx) => ({ agent: ctx.get('user-agent').slice(0, 300) }),
      userCodeInputSource: async (ctx, _form, _out, err) => {
        const words = wordsOf(ctx)
        ctx.body = codeInputPage({
          words,
          action: ctx.oidc.urlFor('code_verification'),
          xsrf: xsrf(ctx),
          code: shownCode(err) ?? prefilledCode.get(ctx.req),
          error: codeError(words, err),
        })
      },
      userCodeConfirmSource: async (ctx, _form, client, _info, code) => {
        ctx.body = codeConfirmPage({
          words: wordsOf(ctx),
          action: ctx.oidc.urlFor('code_verification'),
          xsrf: xsrf(ctx),
          code,
          client: client.clientName ?? client.clientId,
        })
      },
      successSource: async (ctx) => {
        const words = wordsOf(ctx)
        ctx.body = messagePage(words, words.doneTitle, words.doneText)
      },
    },
  }
}

const xsrf = (ctx: KoaContextWithOIDC) =>
  (ctx.oidc.session as { state?: { secret?: string } } | undefined)?.state?.secret ?? ''

function shownCode(err: object | undefined): string | undefined {
  return err && 'userCode' in err && typeof err.userCode === 'string' ? err.userCode : undefined
}

function wordsOf(ctx: KoaContextWithOIDC): Words {
  return wordsFor(ctx.oidc?.params?.ui_locales, ctx.get('accept-language'))
}

function codeError(words: Words, err: Error | undefined): string | undefined {
  if (!err) return undefined
  if (err.name === 'AbortedError') return words.cancelled
  if (shownCode(err) !== undefined || err.name === 'NoCodeError') return words.wrongCode
  return words.failed
}

/** The key manager's own session counts only while the console's session is there and of the same person: one sign-out ends both. */
function policy(o: KeyManagerOptions) {
  const base = interactionPolicy.base()
  const login = base.get('login')!
  login.checks.add(
    new interactionPolicy.Check('console_session', 'sign in to the console first', async (ctx) => {
      const known = ctx.oidc.session?.accountId
      if (known === undefined || ctx.oidc.result?.login) return interactionPolicy.Check.NO_NEED_TO_PROMPT
      return (await o.consoleUser(ctx.req)) === known
        ? interactionPolicy.Check.NO_NEED_TO_PROMPT
        : interactionPolicy.Check.REQUEST_PROMPT
    }),
  )
  return base
}
