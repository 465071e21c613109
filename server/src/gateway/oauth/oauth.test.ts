/** Every way to a token, walked by a strict client and a browser without script, against a listening gateway and a real database. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DatabaseProblem, system } from '@muster/core'
import * as oauth from 'oauth4webapi'
import { adminPassword, bootstrap, openWorld, post, roleId, type World } from '../world.ts'

let w: World
let as: oauth.AuthorizationServer
const insecure = { [oauth.allowInsecureRequests]: true }
const redirect = 'http://localhost:9/callback'
before(async () => {
  w = await openWorld(({ app }) => {
    app.get('/api/v1/devices', { config: { access: { permission: 'device:read' } } }, async () => [])
    app.get('/api/v1/groups', { config: { access: { permission: 'group:read' } } }, async () => [])
  })
  const issuer = new URL(`${w.url}/oauth2`)
  as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...insecure }),
  )
})
after(() => w.close())

/** A browser as far as these pages need one: cookies by path, redirects by hand, forms read from the page. */
function browser() {
  const jar = new Map<string, { value: string; path: string }>()
  async function go(
    url: string,
    form?: Record<string, string>,
  ): Promise<{ url: string; status: number; html: string; headers: Headers }> {
    for (let hops = 0; hops < 12; hops++) {
      const path = new URL(url).pathname
      const cookie = [...jar]
        .filter(([, c]) => path.startsWith(c.path))
        .map(([name, c]) => `${name}=${c.value}`)
        .join('; ')
      const answer = await fetch(url, {
        method: form ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { accept: 'text/html', ...(cookie ? { cookie } : {}) },
        ...(form ? { body: new URLSearchParams(form) } : {}),
      })
      for (const set of answer.headers.getSetCookie()) {
        const [pair, ...attributes] = set.split(/; */)
        const eq = pair!.indexOf('=')
        const at = attributes.find((a) => a.toLowerCase().startsWith('path='))?.slice(5) ?? '/'
        if (/expires=Thu, 01 Jan 1970|Max-Age=0/i.test(set)) jar.delete(pair!.slice(0, eq))
        else jar.set(pair!.slice(0, eq), { value: pair!.slice(eq + 1), path: at })
      }
      const next = answer.headers.get('location')
      if (!next) return { url, status: answer.status, html: await answer.text(), headers: answer.headers }
      url = new URL(next, url).href
      form = undefined
      if (url.startsWith(redirect)) return { url, status: answer.status, html: '', headers: answer.headers }
    }
    throw new Error('redirected without end')
  }
  /** Presses the page's button: hidden fields as they are, the rest as given. */
  function submit(
    page: { url: string; html: string },
    fields: Record<string, string> = {},
    action = /<form method="post" action="([^"]+)"/.exec(page.html)?.[1],
  ) {
    assert.ok(action, page.html)
    const hidden = Object.fromEntries(
      [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((m) => [m[1]!, m[2]!]),
    )
    return go(new URL(action, page.url).href, { ...hidden, ...fields })
  }
  return { jar, go, submit }
}
type Browser = ReturnType<typeof browser>

async function publicClient(scopes = ['device:read', 'group:read']) {
  const { client } = await w.core.access.clients.create(
    {
      name: 'Reporter <b>',
      scopes,
      grants: ['authorization_code', 'refresh_token'],
      redirectUris: [redirect],
      public: true,
    },
    system,
  )
  return { client_id: client.id }
}

/** The whole code flow, to the address it ends at. */
async function authorize(b: Browser, client: oauth.Client, scope: string, more: Record<string, string> = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const url = new URL(as.authorization_endpoint!)
  url.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirect,
    scope,
    state: 'st',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }).toString()
  return { verifier, page: await b.go(url.href) }
}
async function signedIn(
  b: Browser,
  page: Awaited<ReturnType<Browser['go']>>,
  username = 'admin',
  password = adminPassword,
) {
  assert.match(page.html, /<h1>Sign in<\/h1>/)
  return b.submit(page, { username, password })
}
async function exchange(client: oauth.Client, url: string, verifier: string) {
  const params = oauth.validateAuthResponse(as, client, new URL(url), 'st')
  return oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, redirect, verifier, insecure)
}
const tokensOf = async (client: oauth.Client, answer: Response) =>
  oauth.processAuthorizationCodeResponse(as, client, answer)
const status = async (path: string, token: string) =>
  (await fetch(w.url + path, { headers: { authorization: `Bearer ${token}` } })).status

test('discovery names what there is, by the public address, at both well-known places', async () => {
  assert.equal(as.issuer, `${w.url}/oauth2`)
  assert.equal(as.registration_endpoint, `${w.url}/oauth2/reg`)
  assert.deepEqual(as.code_challenge_methods_supported, ['S256'])
  assert.ok(as.scopes_supported?.includes('operation:device.lock'))
  for (const place of [
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/oauth2',
    '/oauth2/.well-known/openid-configuration',
  ]) {
    const answer = await fetch(w.url + place, { headers: { host: 'evil.example' } })
    assert.equal(((await answer.json()) as { token_endpoint: string }).token_endpoint, `${w.url}/oauth2/token`, place)
  }
  const keys = (await (await fetch(as.jwks_uri!)).json()) as { keys: { d?: string; kid: string }[] }
  assert.ok(keys.keys.length >= 2 && keys.keys.every((k) => k.kid && !k.d))
})

test('code with PKCE through sign-in and consent, without script; then the token works within its scopes', async () => {
  const client = await publicClient()
  const b = browser()
  const { verifier, page } = await authorize(b, client, 'openid profile device:read')
  assert.match(page.html, /Reporter &#60;b&#62;/)
  assert.doesNotMatch(page.html, /<script|onfocus|javascript:/i)
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'; style-src 'sha256-/)
  assert.match(policy, /form-action 'self' http:\/\/localhost:9$/)

  const wrong = await b.submit(page, { username: 'admin"><x', password: 'wrong' })
  assert.equal(wrong.status, 401)
  assert.match(wrong.html, /role="alert"/)
  assert.match(wrong.html, /value="admin&#34;&#62;&#60;x"/)

  const consent = await signedIn(b, wrong)
  assert.match(consent.html, /<li>device:read<\/li>/)
  const end = await b.submit(consent)
  const tokens = await tokensOf(client, await exchange(client, end.url, verifier))
  assert.equal(tokens.token_type, 'bearer')
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  assert.deepEqual([claims?.name, claims?.preferred_username, claims?.iss], ['Ada', 'admin', as.issuer])
  assert.equal(await status('/api/v1/devices', tokens.access_token), 200)
  assert.equal(await status('/api/v1/groups', tokens.access_token), 403)
  // The console is signed in by the same cookie.
  assert.ok(b.jar.has('__Host-muster'))
})

test('an open console session needs no second sign-in, consent is asked once, and its sign-out counts', async () => {
  // A confidential client: a native one is asked about each time, because anybody can claim its name (RFC 8252 section 8.6).
  const { client: made } = await w.core.access.clients.create(
    { name: 'Site', scopes: ['device:read', 'group:read'], grants: ['authorization_code'], redirectUris: [redirect] },
    system,
  )
  const client = { client_id: made.id }
  const b = browser()
  const first = await authorize(b, client, 'device:read')
  const consent = await signedIn(b, first.page)
  await b.submit(consent)
  const again = await authorize(b, client, 'device:read')
  assert.ok(again.page.url.startsWith(`${redirect}?code=`), again.page.html)
  const more = await authorize(b, client, 'device:read group:read')
  assert.match(more.page.html, /<li>group:read<\/li>/)
  await w.core.access.signOut(b.jar.get('__Host-muster')!.value)
  const out = await authorize(b, client, 'device:read')
  assert.match(out.page.html, /<h1>Sign in<\/h1>/)
})

test('declining, an unknown scope, a missing challenge and a foreign redirect end as errors', async () => {
  const client = await publicClient(['device:read'])
  const b = browser()
  const { page } = await authorize(b, client, 'device:read')
  const declined = await b.submit(page, {}, /formaction="([^"]+)"/.exec(page.html)![1])
  assert.match(declined.url, /error=access_denied/)
  assert.match((await authorize(browser(), client, 'user:write')).page.url, /error=invalid_scope/)
  assert.match(
    (await authorize(browser(), client, 'device:read', { code_challenge: '', code_challenge_method: '' })).page.url,
    /error=invalid_request/,
  )
  const foreign = await authorize(browser(), client, 'device:read', { redirect_uri: 'https://evil.example/' })
  assert.equal(foreign.page.status, 400)
  assert.ok(foreign.page.url.startsWith(w.url))
})

test('a code works once: a second use fails and takes the tokens of the first along', async () => {
  const client = await publicClient()
  const b = browser()
  const { verifier, page } = await authorize(b, client, 'device:read')
  const end = await b.submit(await signedIn(b, page))
  const tokens = await tokensOf(client, await exchange(client, end.url, verifier))
  assert.equal((await exchange(client, end.url, verifier)).status, 400)
  assert.equal(await status('/api/v1/devices', tokens.access_token), 401)
})

test('refresh rotates; a used refresh token ends the whole grant; two at once give at most one', async () => {
  const client = await publicClient()
  const b = browser()
  const { verifier, page } = await authorize(b, client, 'device:read')
  const end = await b.submit(await signedIn(b, page))
  const first = await tokensOf(client, await exchange(client, end.url, verifier))
  const refresh = (token: string) => oauth.refreshTokenGrantRequest(as, client, oauth.None(), token, insecure)
  const second = await oauth.processRefreshTokenResponse(as, client, await refresh(first.refresh_token!))
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal(await status('/api/v1/devices', second.access_token), 200)
  const raced = await Promise.all([1, 2, 3].map(() => refresh(second.refresh_token!)))
  assert.ok(raced.filter((r) => r.status === 200).length <= 1)
  assert.equal((await refresh(first.refresh_token!)).status, 400)
  assert.equal(await status('/api/v1/devices', second.access_token), 401)
})

test('a refresh token of a disabled user is worthless', async () => {
  const client = await publicClient()
  const user = await w.core.access.users.create(
    { name: 'tmp', password: 'tmp tmp tmp tmp', roles: [{ role: await roleId(w.core, 'viewer') }] },
    system,
  )
  const b = browser()
  const { verifier, page } = await authorize(b, client, 'device:read')
  const end = await b.submit(await signedIn(b, page, 'tmp', 'tmp tmp tmp tmp'))
  const tokens = await tokensOf(client, await exchange(client, end.url, verifier))
  assert.equal(await status('/api/v1/devices', tokens.access_token), 200)
  await w.core.access.users.disable(user.id, true, system)
  assert.equal(await status('/api/v1/devices', tokens.access_token), 401)
  assert.equal(
    (await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token!, insecure)).status,
    400,
  )
})

test('client credentials: own scopes by default, asked ones otherwise; wrong secrets are 401', async () => {
  const { client: made, secret } = await w.core.access.clients.create(
    { name: 'Job', scopes: ['device:*', 'operation:device.lock'] },
    system,
  )
  const client = { client_id: made.id }
  const auth = oauth.ClientSecretBasic(secret!)
  const grant = async (params: Record<string, string> = {}) =>
    oauth.processClientCredentialsResponse(
      as,
      client,
      await oauth.clientCredentialsGrantRequest(as, client, auth, new URLSearchParams(params), insecure),
    )
  assert.deepEqual((await grant()).scope?.split(' ').sort(), [
    'device:enrol',
    'device:read',
    'device:remove',
    'device:write',
    'operation:device.lock',
  ])
  const one = await grant({ scope: 'device:read' })
  assert.deepEqual(
    [one.scope, one.expires_in, await status('/api/v1/devices', one.access_token)],
    ['device:read', 3600, 200],
  )
  // Not its own, and one that is mistyped: a token that may do nothing would tell nobody why.
  for (const scope of ['user:write', 'device:raed', 'device:read device:*']) {
    const asked = { grant_type: 'client_credentials', scope }
    const refused = await post(`${w.url}/oauth2/token`, asked, { id: made.id, secret: secret! })
    assert.equal(refused.status, 400, scope)
    assert.equal(((await refused.json()) as { error: string }).error, 'invalid_scope', scope)
  }
  for (const c of [
    { id: made.id, secret: 'wrong' },
    { id: 'nobody', secret: 'x' },
    { id: '\u0000', secret: 'x' },
  ])
    assert.ok(
      [400, 401].includes((await post(`${w.url}/oauth2/token`, { grant_type: 'client_credentials' }, c)).status),
    )
  // The body may carry the secret too.
  const inBody = await post(`${w.url}/oauth2/token`, {
    grant_type: 'client_credentials',
    client_id: made.id,
    client_secret: secret!,
  })
  assert.equal(inBody.status, 200)

  const { secret: next } = await w.core.access.clients.rotate(made.id, system)
  assert.equal(
    (await post(`${w.url}/oauth2/token`, { grant_type: 'client_credentials' }, { id: made.id, secret: secret! }))
      .status,
    401,
  )
  const last = await w.token(undefined, { id: made.id, secret: next })
  await w.core.access.clients.revoke(made.id, system)
  assert.equal(await status('/api/v1/devices', last), 401)
  assert.equal(await status('/api/v1/devices', one.access_token), 401)
  assert.equal(
    (await post(`${w.url}/oauth2/token`, { grant_type: 'client_credentials' }, { id: made.id, secret: next })).status,
    401,
  )
})

test('device code: the link prefills, the person confirms, and the program gets its token', async () => {
  const client = { client_id: 'muster-cli' }
  const started = await oauth.processDeviceAuthorizationResponse(
    as,
    client,
    await oauth.deviceAuthorizationRequest(
      as,
      client,
      oauth.None(),
      new URLSearchParams({ scope: 'device:read' }),
      insecure,
    ),
  )
  const poll = () => oauth.deviceCodeGrantRequest(as, client, oauth.None(), started.device_code, insecure)
  assert.equal(((await (await poll()).json()) as { error: string }).error, 'authorization_pending')
  const b = browser()
  const input = await b.go(started.verification_uri_complete!)
  assert.match(input.html, new RegExp(`value="${started.user_code}"`))
  assert.doesNotMatch(input.html, /<script/)
  const missed = await b.submit(input, { user_code: 'AAAA-AAAA' })
  assert.match(missed.html, /role="alert"/)
  const confirm = await b.submit(missed, { user_code: started.user_code })
  assert.match(confirm.html, new RegExp(`<code>${started.user_code}</code>`))
  const consent = await signedIn(b, await b.submit(confirm, { confirm: 'yes' }))
  const done = await b.submit(consent)
  assert.match(done.html, /<h1>Done<\/h1>/)
  const tokens = await oauth.processDeviceCodeResponse(as, client, await poll())
  assert.equal(await status('/api/v1/devices', tokens.access_token), 200)
  assert.ok(tokens.refresh_token)
  assert.equal((await poll()).status, 400)
})

test('introspection and revocation: own tokens, or by who manages clients; a revoked token is refused at once', async () => {
  const { client: made, secret } = await w.core.access.clients.create(
    { name: 'Other', scopes: ['device:read'] },
    system,
  )
  const own = { id: made.id, secret: secret! }
  const token = await w.token(undefined, own)
  const introspect = async (t: string, by: { id: string; secret: string }) =>
    (await (await post(as.introspection_endpoint!, { token: t }, by)).json()) as {
      active: boolean
      scope?: string
      client_id?: string
    }
  const seen = await introspect(token, own)
  assert.deepEqual([seen.active, seen.scope, seen.client_id], [true, 'device:read', made.id])
  assert.equal((await introspect(token, bootstrap)).active, true)
  assert.equal((await introspect(await w.token(), own)).active, false)
  assert.equal((await introspect('nonsense', own)).active, false)

  assert.equal(await status('/api/v1/devices', token), 200)
  const foreign = await w.token('device:read')
  await post(as.revocation_endpoint!, { token: foreign }, own)
  assert.equal(await status('/api/v1/devices', foreign), 200)
  assert.equal((await post(as.revocation_endpoint!, { token }, own)).status, 200)
  const refused = await fetch(`${w.url}/api/v1/devices`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(((await refused.json()) as { code: string }).code, 'token-revoked')
  assert.equal((await introspect(token, own)).active, false)
})

test('an expired token says so', async () => {
  const token = await w.token('device:read')
  await w.core.db.query({
    text: `update oauth_item set expires = now() - interval '1 second' where kind = 'ClientCredentials'`,
  })
  const refused = await fetch(`${w.url}/api/v1/devices`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(((await refused.json()) as { code: string }).code, 'token-expired')
})

test('no token, code or secret is in the database in the clear', async () => {
  const token = await w.token('device:read')
  const dump = JSON.stringify(
    await w.core.db.query({
      text: `select row_to_json(i)::text r from oauth_item i union all select row_to_json(c)::text from oauth_client c union all select row_to_json(k)::text from oauth_key k`,
    }),
  )
  assert.ok(!dump.includes(token))
  assert.ok(!dump.includes(bootstrap.secret))
  assert.ok(!dump.includes('"d"'))
})

test('bad input to the key manager is never a 5xx', async () => {
  const tricks: [string, RequestInit][] = [
    [
      '/token',
      { method: 'POST', body: 'x'.repeat(100_000), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    ['/token', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
    [
      '/token',
      {
        method: 'POST',
        body: new Uint8Array([0xff, 0xfe, 0x3d, 0x00]),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      '/token',
      {
        method: 'POST',
        body: 'grant_type=client_credentials&client_id=%00&client_secret=%00',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      '/token',
      {
        method: 'POST',
        body: 'grant_type=authorization_code&code=%00%ff&client_id=muster-cli',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      '/token',
      {
        method: 'POST',
        body: 'grant_type=refresh_token&refresh_token=%00&client_id=muster-cli',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      '/token',
      {
        method: 'POST',
        body: 'grant_type=client_credentials&grant_type=x',
        headers: { authorization: 'Basic %%%', 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    ['/auth?client_id=%00&response_type=code', {}],
    ['/auth?client_id=muster-cli&response_type=code&state=%00', {}],
    ['/auth/%20', {}],
    ['/device?user_code=%00', {}],
    ['/interaction/nonsense', {}],
    ['/nothing', {}],
    [
      '/device',
      {
        method: 'POST',
        body: 'user_code=%00&xsrf=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      '/interaction/nonsense/login',
      { method: 'POST', body: 'username=%00', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    ['/reg', { method: 'POST', body: '{', headers: { 'content-type': 'application/json', authorization: 'Bearer x' } }],
    ['/reg/%00', { headers: { authorization: 'Bearer x' } }],
    ['/reg/nobody', { headers: { authorization: 'Bearer x' } }],
    ['/token/introspection', { method: 'POST' }],
    ['/me', { headers: { authorization: 'Bearer %00' } }],
    ['/me', {}],
  ]
  for (const [path, init] of tricks) {
    const answer = await fetch(`${w.url}/oauth2${path}`, { redirect: 'manual', ...init })
    assert.ok(answer.status < 500, `${path} ${String(init.body).slice(0, 60)}: ${answer.status}`)
  }
})

test('a sign-in form from another site is refused', async () => {
  const b = browser()
  const { page } = await authorize(b, await publicClient(), 'device:read')
  const action = /<form method="post" action="([^"]+)"/.exec(page.html)![1]!
  const cookie = [...b.jar].map(([name, c]) => `${name}=${c.value}`).join('; ')
  const answer = await fetch(w.url + action, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: 'https://evil.example' },
    body: new URLSearchParams({ username: 'admin', password: adminPassword }),
  })
  assert.equal(answer.status, 403)
  const without = await fetch(w.url + action, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ username: 'admin', password: adminPassword }),
  })
  assert.equal(without.status, 400)
})

test('a database that is away is said in the words of OAuth, with the status that means later', async () => {
  let away = false
  const own = await openWorld(undefined, {}, async (core) => ({
    access: {
      ...core.access,
      clients: {
        ...core.access.clients,
        record: async (id) => {
          if (away) throw new DatabaseProblem('database-away')
          return core.access.clients.record(id)
        },
      },
    },
  }))
  try {
    await own.token()
    away = true
    const answer = await post(`${own.url}/oauth2/token`, { grant_type: 'client_credentials' }, bootstrap)
    assert.equal(answer.status, 503)
    assert.equal(((await answer.json()) as { error: string }).error, 'temporarily_unavailable')
    away = false
    await own.token()
  } finally {
    await own.close()
  }
})
