/** The gateway from outside: who is let in, how refusals read, and what bytes may never do. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { Problem } from '@muster/contract'
import { DatabaseProblem, system } from '@muster/core'
import { silentLog } from '@muster/core/testing'
import { z } from 'zod'
import { createGateway } from './gateway.ts'
import { principalOf } from './index.ts'
import { adminPassword, openWorld, roleId, type World } from './world.ts'

let w: World
before(async () => {
  w = await openWorld(({ app }) => {
    app.get('/api/v1/devices', { config: { access: { permission: 'device:read' } } }, async (request) => ({
      reach: principalOf(request).reach,
      name: principalOf(request).name,
    }))
    app.post('/api/v1/echo', { config: { access: { permission: 'device:write' } } }, async (request) => ({
      got: request.body ?? null,
    }))
    app.get(
      '/api/v1/things/:id',
      {
        config: { access: { public: 'a test' } },
        schema: { params: z.object({ id: z.coerce.number().int() }) },
      },
      async (request) => request.params,
    )
    app.get('/api/v1/broken', { config: { access: { public: 'a test' } } }, async () => {
      throw new Error('secret detail in /var/lib')
    })
    app.get('/api/v1/away', { config: { access: { public: 'a test' } } }, async () => {
      throw new DatabaseProblem('database-away')
    })
    app.post('/toy/agent/sync', { config: { access: { device: true } } }, async () => ({ ok: true }))
    app.get('/toy/agent/refused', { config: { access: { device: true } } }, async () => {
      throw new Problem('unauthenticated')
    })
  })
})
after(() => w.close())

interface ProblemJson {
  code: string
  status: number
  type: string
  title: string
  detail: string
  requestId: string
  errors?: { path: string }[]
  [key: string]: unknown
}
async function problemOf(answer: Response): Promise<ProblemJson> {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  const p = (await answer.json()) as ProblemJson
  assert.equal(p.status, answer.status)
  assert.ok(p.type && p.title && p.detail && p.requestId)
  return p
}
const json = { 'content-type': 'application/json' }
async function signIn(username = 'admin', password = adminPassword) {
  const answer = await fetch(`${w.url}/api/v1/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ username, password }),
  })
  const cookie = answer.headers.get('set-cookie') ?? ''
  return {
    answer,
    cookie,
    pair: cookie.split(';')[0]!,
    body: (await answer.clone().json()) as {
      csrf: string
      permissions: string[]
      user: { name: string; displayName: string }
    },
  }
}

test('a token opens what its scopes and the client hold, and nothing else', async () => {
  const full = await w.token()
  const open = await fetch(`${w.url}/api/v1/devices`, { headers: { authorization: `Bearer ${full}` } })
  assert.deepEqual([open.status, await open.json()], [200, { reach: { all: true }, name: 'Bootstrap client' }])
  const narrow = await w.token('group:read')
  const refused = await problemOf(
    await fetch(`${w.url}/api/v1/devices`, { headers: { authorization: `Bearer ${narrow}` } }),
  )
  assert.deepEqual([refused.code, refused.permission], ['forbidden', 'device:read'])
  for (const header of [
    'Bearer nonsense',
    `Bearer ${'x'.repeat(43)}`,
    'Basic YTpi',
    'Bearer',
    `Bearer ${full} extra`,
  ]) {
    const answer = await fetch(`${w.url}/api/v1/devices`, { headers: { authorization: header } })
    assert.equal((await problemOf(answer)).code, 'unauthenticated', header)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
  }
  assert.equal((await fetch(`${w.url}/api/v1/devices`)).status, 401)
})

test('the console signs in, is known by its cookie, and signs out', async () => {
  const { answer, cookie, pair, body } = await signIn()
  assert.equal(answer.status, 200)
  assert.match(cookie, /^__Host-muster=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Expires=/)
  assert.deepEqual([body.user.name, body.user.displayName, body.permissions], ['admin', 'Ada', ['*']])
  const seen = (await (await fetch(`${w.url}/api/v1/session`, { headers: { cookie: pair } })).json()) as {
    csrf: string
  }
  assert.equal(seen.csrf, body.csrf)
  assert.equal((await fetch(`${w.url}/api/v1/session`, { method: 'DELETE', headers: { cookie: pair } })).status, 403)
  const out = await fetch(`${w.url}/api/v1/session`, {
    method: 'DELETE',
    headers: { cookie: pair, 'x-muster-csrf': body.csrf },
  })
  assert.equal(out.status, 204)
  assert.match(out.headers.get('set-cookie') ?? '', /Max-Age=0/)
  assert.equal((await fetch(`${w.url}/api/v1/session`, { headers: { cookie: pair } })).status, 401)
})

test('wrong passwords and unknown names read the same', async () => {
  const wrong = await problemOf((await signIn('admin', 'not the password')).answer)
  const unknown = await problemOf((await signIn('nobody', 'not the password')).answer)
  assert.deepEqual([wrong.code, wrong.detail], [unknown.code, unknown.detail])
  assert.equal(wrong.status, 401)
  const shape = await fetch(`${w.url}/api/v1/session`, { method: 'POST', headers: json, body: '{"username":5}' })
  assert.deepEqual(
    (await problemOf(shape)).errors?.map((e) => e.path),
    ['username', 'password'],
  )
})

test('a cookie needs the proof of its own page for unsafe methods', async () => {
  const { pair, body } = await signIn()
  const send = (headers: Record<string, string>) =>
    fetch(`${w.url}/api/v1/echo`, { method: 'POST', headers: { ...json, cookie: pair, ...headers }, body: '{}' })
  assert.equal((await send({ 'x-muster-csrf': body.csrf })).status, 200)
  assert.equal((await send({ 'x-muster-csrf': body.csrf, origin: w.url, 'sec-fetch-site': 'same-origin' })).status, 200)
  const bad: Record<string, string>[] = [
    {},
    { 'x-muster-csrf': 'x'.repeat(43) },
    { 'x-muster-csrf': body.csrf, origin: 'https://evil.example' },
    { 'x-muster-csrf': body.csrf, 'sec-fetch-site': 'cross-site' },
    { 'x-muster-csrf': body.csrf, 'sec-fetch-site': 'same-site' },
    { 'x-muster-csrf': body.csrf, origin: 'null' },
  ]
  for (const headers of bad)
    assert.equal((await problemOf(await send(headers))).code, 'csrf-refused', JSON.stringify(headers))
  const crossSignIn = await fetch(`${w.url}/api/v1/session`, {
    method: 'POST',
    headers: { ...json, origin: 'https://evil.example' },
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  })
  assert.equal(crossSignIn.status, 403)
})

test('forged cookies are nobody', async () => {
  const { pair } = await signIn()
  const value = pair.split('=')[1]!
  const flipped = `${value.slice(0, -2)}${value.endsWith('AA') ? 'BB' : 'AA'}`
  for (const cookie of [
    `muster=${value}`,
    `__Host-muster=${flipped}`,
    '__Host-muster=',
    '__Host-muster=%00',
    `__Host-muster=${'a'.repeat(43)}`,
    `__Host-muster=${'a'.repeat(4000)}`,
    `x__Host-muster=${value}`,
  ]) {
    assert.equal((await fetch(`${w.url}/api/v1/session`, { headers: { cookie } })).status, 401, cookie)
  }
})

test('disabling a user ends the session and tokens at once; roles change at once', async () => {
  const { access } = w.core
  const user = await access.users.create(
    { name: 'olga', password: 'olga olga olga', roles: [{ role: await roleId(w.core, 'viewer') }] },
    system,
  )
  const { pair, body } = await signIn('olga', 'olga olga olga')
  const get = () => fetch(`${w.url}/api/v1/devices`, { headers: { cookie: pair } })
  assert.equal((await get()).status, 200)
  assert.equal(
    (
      await fetch(`${w.url}/api/v1/echo`, {
        method: 'POST',
        headers: { ...json, cookie: pair, 'x-muster-csrf': body.csrf },
        body: '{}',
      })
    ).status,
    403,
  )
  await access.users.assign(user.id, [{ role: await roleId(w.core, 'employee') }], system)
  assert.deepEqual(await (await get()).json(), {
    reach: { all: false, groups: [], owner: Number(user.id) },
    name: 'olga',
  })
  await access.users.disable(user.id, true, system)
  assert.equal((await get()).status, 401)
  assert.equal((await signIn('olga', 'olga olga olga')).answer.status, 401)
})

test('bodies: malformed, not UTF-8, truncated, deep, NUL, huge and other types are 4xx with a code', async () => {
  const token = await w.token()
  const send = (body: BodyInit, type = 'application/json') =>
    fetch(`${w.url}/api/v1/echo`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body,
    })
  const cases: [BodyInit, string, string?][] = [
    ['{"a":', 'malformed-json'],
    ['{"a":1', 'malformed-json'],
    ['nope', 'malformed-json'],
    [new Uint8Array([0x22, 0xc3, 0x28, 0x22]), 'malformed-json'],
    ['{"a":"\\u0000"}', 'malformed-json'],
    ['{"\\u0000":1}', 'malformed-json'],
    ['{"a":"\\ud800"}', 'malformed-json'],
    ['{"__proto__":{"x":1}}', 'malformed-json'],
    ['['.repeat(33) + ']'.repeat(33), 'body-too-deep'],
    ['['.repeat(100_000), 'body-too-deep'],
    [`"${'x'.repeat(1024 * 1024)}"`, 'body-too-large'],
    ['a=b', 'unsupported-media-type', 'application/x-www-form-urlencoded'],
    ['<a/>', 'unsupported-media-type', 'text/xml'],
    ['{}', 'unsupported-media-type', 'nonsense'],
  ]
  for (const [body, code, type] of cases) {
    const p = await problemOf(await send(body, type))
    assert.equal(p.code, code, String(body).slice(0, 40))
    assert.ok(p.status < 500)
  }
  assert.deepEqual(await (await send('['.repeat(32) + ']'.repeat(32))).json(), {
    got: JSON.parse('['.repeat(32) + ']'.repeat(32)),
  })
  assert.deepEqual(await (await send('{"a":"\\\\u0000","\\ud83d\\ude00":1}')).json(), {
    got: { a: '\\u0000', '😀': 1 },
  })
  assert.deepEqual(await (await send('')).json(), { got: null })
})

/** Sends bytes as they are: fetch would tidy them. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(w.url).port), 'localhost')
    let got = ''
    socket.setTimeout(30_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (d) => {
      got += d.toString('latin1')
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(got))
    socket.write(bytes)
  })
}
const get = (path: string) => raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)

test('paths that mean two things are refused, not normalised', async () => {
  for (const path of [
    '/api/v1/devices;x',
    '/api//v1/devices',
    '/api/v1/../v1/devices',
    '/api/./v1/devices',
    '/api/v1/devices%2f',
    '/api/v1/%5cdevices',
    '/api/v1/%2e%2e/devices',
    '/api/v1/.%2E/x',
    '/%c0%af',
    '/api/v1/%00',
    '/api/v1/%zz',
    '/api/v1/devices%',
    '/a%252fb',
    '/oauth2/..%2ftoken',
    '//localhost/api',
    '/api/v1\\devices',
    'http://localhost/api/v1/devices',
  ]) {
    const answer = await get(path)
    assert.match(answer, /^HTTP\/1\.1 400 /, path)
    assert.match(answer, /"code":"invalid-path"/, path)
  }
  assert.match(await get('/api/v1/devices?q=a//b;c/../%2f'), /^HTTP\/1\.1 401 /)
})

test('bytes that are no HTTP get a problem and a closed connection', async () => {
  for (const bytes of [
    'NONSENSE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
    'POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const answer = await raw(bytes)
    assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*"code":"malformed-request"/, bytes.slice(0, 30))
  }
})

test('unknown paths, wrong methods and bad parameters say what is wrong', async () => {
  assert.equal((await problemOf(await fetch(`${w.url}/api/v1/nothing`))).code, 'not-found')
  for (const method of ['DELETE', 'OPTIONS', 'PATCH']) {
    const answer = await fetch(`${w.url}/api/v1/devices`, { method })
    assert.equal(answer.headers.get('allow'), 'GET, HEAD')
    assert.equal((await problemOf(answer)).code, 'method-not-allowed')
  }
  const p = await problemOf(await fetch(`${w.url}/api/v1/things/abc`))
  assert.deepEqual([p.code, p.errors?.length], ['invalid-request', 1])
  assert.equal((await fetch(`${w.url}/api/v1/devices`, { method: 'HEAD' })).status, 401)
})

test('what fails inside is hidden; a database that is away is a 503 that says when', async () => {
  const broken = await problemOf(await fetch(`${w.url}/api/v1/broken`))
  assert.equal(broken.code, 'internal-error')
  assert.doesNotMatch(JSON.stringify(broken), /secret detail/)
  const away = await fetch(`${w.url}/api/v1/away`)
  assert.ok(Number(away.headers.get('retry-after')) >= 1)
  assert.equal((await problemOf(away)).code, 'database-away')
})

test('device routes are let through to judge for themselves, without headers, cookies or statements', async () => {
  const spent: number[] = []
  for (let n = 0; n < 10; n += 1) {
    const before = w.core.db.statements
    const answer = await fetch(`${w.url}/toy/agent/sync`, { method: 'POST', headers: json, body: '{}' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-security-policy'), null)
    spent.push(w.core.db.statements - before)
  }
  // Beside it the outbox is read each second.
  assert.equal(Math.min(...spent), 0, spent.join())
})

test('a route without a declared permission keeps the server from starting', async () => {
  const make = () =>
    createGateway({
      access: w.core.access,
      log: silentLog,
      publicUrl: w.url,
      ports: {},
      registration: { claim: async () => assert.fail() },
    })
  const bad = make()
  bad.app.get('/api/v1/forgotten', async () => 'open')
  await assert.rejects(bad.start(), /routes without config\.access: .*GET \/api\/v1\/forgotten/)
  await bad.stop(0)
  const nested = make()
  void nested.app.register(
    async (inner) => void inner.route({ method: ['GET', 'DELETE'], url: '/hidden', handler: async () => 'open' }),
  )
  await assert.rejects(nested.start(), /DELETE \/hidden/)
  await nested.stop(0)
})

test('the route table names every route with its access, HEAD among them', () => {
  const table = w.gateway.routeTable()
  assert.ok(table.every((r) => r.access))
  assert.deepEqual(
    table
      .filter((r) => r.path === '/api/v1/devices')
      .map((r) => r.method)
      .sort(),
    ['GET', 'HEAD'],
  )
  assert.ok(w.gateway.permissions().includes('operation:device.lock'))
})

test('each caller is throttled by tier, and told when to come back', async () => {
  const own = await openWorld(
    ({ app }) => {
      app.get('/api/v1/devices', { config: { access: { permission: 'device:read' } } }, async () => [])
      app.get('/open', { config: { access: { public: 'a test' } } }, async () => [])
      app.get('/toy/poll', { config: { access: { device: true } } }, async () => [])
      app.get('/toy/refused', { config: { access: { device: true } } }, async () => {
        throw new Problem('unauthenticated')
      })
    },
    { limits: { read: 2, public: 3, signIn: 2, device: 2, deviceRefused: 2 } },
  )
  try {
    const token = await own.token()
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(own.url + path, { headers })).status
    const many = async (n: number, path: string, headers?: Record<string, string>) => {
      const seen: number[] = []
      for (let i = 0; i < n; i++) seen.push(await status(path, headers))
      return seen
    }
    assert.deepEqual(await many(3, '/api/v1/devices', { authorization: `Bearer ${token}` }), [200, 200, 429])
    assert.deepEqual(await many(4, '/open'), [200, 200, 200, 429])
    assert.deepEqual(await many(3, '/toy/poll', { authorization: 'Bearer one' }), [200, 200, 429])
    assert.deepEqual(await many(1, '/toy/poll', { authorization: 'Bearer two' }), [200])
    for (const n of [1, 2, 3])
      assert.equal(await status('/toy/refused', { authorization: `Bearer r${n}` }), n < 3 ? 401 : 429)
  } finally {
    await own.close()
  }
})

test('forwarded addresses and schemes count from configured proxies only', async () => {
  const forwarded = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'emm.example.org',
  }
  for (const [trustedProxies, expected] of [
    [[], ['http', false]],
    [['198.51.100.0/24'], ['http', false]],
    [
      ['127.0.0.0/8', '::1'],
      ['https', true],
    ],
  ] as const) {
    const own = await openWorld(
      ({ app }) =>
        void app.get('/where', { config: { access: { public: 'a test' } } }, async (request) => [
          request.protocol,
          request.ip === '203.0.113.9',
        ]),
      { trustedProxies },
    )
    try {
      assert.deepEqual(await (await fetch(`${own.url}/where`, { headers: forwarded })).json(), expected)
    } finally {
      await own.close()
    }
  }
})

test('over plain http on an address the cookie has no Secure and a name of its own', async () => {
  const at = w.url.replace('localhost', '127.0.0.1')
  const answer = await fetch(`${at}/api/v1/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  })
  const cookie = answer.headers.get('set-cookie') ?? ''
  assert.match(cookie, /^muster=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Expires=/)
  assert.equal((await fetch(`${at}/api/v1/session`, { headers: { cookie: cookie.split(';')[0]! } })).status, 200)
})
