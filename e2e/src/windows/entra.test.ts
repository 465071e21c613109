/** Joined to Microsoft Entra: terms of use, then a token that a configured tenant signed. Every claim of it is looked at. */
import assert from 'node:assert/strict'
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { Reply } from '@muster/contract'
import { system } from '@muster/core'
import { openWindows, type WindowsBench } from './bench.fixture.ts'
import { enrol, faultOf, type Items, jwtToken, reasonOf, requestToken, rsaKey } from './client.fixture.ts'

const tenant = '4f7c2a90-5b1d-4c3e-9a6f-0d1e2f3a4b5c'
const audience = 'https://muster.corp.example'
const issuer = `https://sts.windows.net/${tenant}/`
const [key, next] = [rsaKey(), rsaKey()]
let published: [string, KeyObject][] = [['one', key]]
let asked = 0
let broken = false
let keys: Server
let bench: WindowsBench
/** Of the server, by hand: what ends within seconds ends only when it is moved, however slow the machine. */
const began = Date.now()
let passedMs = 0

before(async () => {
  keys = createServer((_q, s) => {
    asked++
    if (broken) {
      s.writeHead(503).end()
      return
    }
    const jwks = published.map(([kid, k]) => ({ ...createPublicKey(k).export({ format: 'jwk' }), kid, use: 'sig' }))
    s.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: jwks }))
  })
  await new Promise<void>((r) => keys.listen(0, '127.0.0.1', r))
  const { port } = keys.address() as AddressInfo
  bench = await openWindows(
    { enrolment: { tenants: [{ tenant, audience: [audience], keys: `http://127.0.0.1:${port}/keys` }] } },
    { clock: { now: () => new Date(began + passedMs) } },
  )
})
after(async () => {
  await bench.close()
  keys.closeAllConnections()
  await new Promise((r) => keys.close(r))
})

const seconds = () => Math.floor((began + passedMs) / 1000)
const part = (o: object) => Buffer.from(JSON.stringify(o)).toString('base64url')
function token(claims: object = {}, o: { head?: object; by?: KeyObject } = {}): string {
  const usual = {
    iss: issuer,
    aud: audience,
    tid: tenant,
    upn: 'ada@corp.example',
    nbf: seconds() - 10,
    exp: seconds() + 3600,
  }
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: 'one', ...o.head })}.${part({ ...usual, deviceid: 'd-1', ...claims })}`
  return `${text}.${sign('sha256', Buffer.from(text), o.by ?? key).toString('base64url')}`
}
const proof = (jwt: string) => ({ token: jwt, type: jwtToken })
const join = (jwt: string, items: Items = {}) =>
  requestToken(bench.request, { proof: proof(jwt), items: { EnrollmentType: 'Device', ...items } })
async function refused(jwt: string, why: RegExp, fault = 's:Authentication'): Promise<void> {
  const before = await bench.written()
  const reply = await join(jwt)
  assert.equal(faultOf(reply), fault)
  assert.match(reasonOf(reply), why)
  assert.deepEqual(await bench.written(), before)
}

test('a machine that joins is the organisation’s, and its user’s', async () => {
  const e = await enrol(bench.request, { proof: proof(token()), items: { EnrollmentType: 'Device' } })
  const c = await bench.host('windows').identify({ certificate: e.certificate }, true)
  assert.ok('no' in c)
  const { facts } = await bench.host('windows').detail(c)
  assert.deepEqual(
    [
      c.ownership,
      facts['windows.enrolledBy'],
      facts['windows.entraTenant'],
      facts['windows.entraDeviceId'],
      facts['windows.upn'],
    ],
    ['cope', 'entra', tenant, 'd-1', 'ada@corp.example'],
  )
  const full = await enrol(bench.request, {
    proof: proof(
      token({
        upn: undefined,
        preferred_username: 'ADA@corp.example',
        iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
      }),
    ),
  })
  const own = await bench.host('windows').identify({ certificate: full.certificate }, true)
  assert.ok('no' in own && own.ownership === 'byod')
})

test('each claim is looked at, and the signature', async () => {
  await refused(token({ tid: '00000000-5b1d-4c3e-9a6f-0d1e2f3a4b5c' }), /tenant is not configured/)
  await refused(token({ iss: 'https://sts.windows.net/other/' }), /issuer/)
  await refused(token({ aud: 'https://graph.microsoft.com' }), /another service/)
  await refused(token({ exp: seconds() - 400 }), /expired/)
  await refused(token({ nbf: seconds() + 400 }), /not valid yet/)
  await refused(token({ upn: undefined }), /no user/)
  await refused(token({}, { by: next }), /signature/)
  await refused(token({}, { head: { alg: 'none' } }), /no signed JSON Web Token/)
  await refused(token({}, { head: { alg: 'HS256' } }), /no signed JSON Web Token/)
  const [head, , signature] = token().split('.')
  await refused(
    `${head}.${part({ iss: issuer, aud: audience, tid: tenant, upn: 'nora@corp.example', exp: seconds() + 60 })}.${signature}`,
    /signature/,
  )
  for (const odd of ['', 'x', 'a.b.c', `${token()}.x`, 'x'.repeat(20_000)])
    await refused(odd || ' ', /no signed JSON Web Token/)
  await refused(token({ upn: 'nobody@corp.example' }), /Nobody here is called/, 's:Authorization')
  await refused(token({ upn: 'nora@corp.example' }), /./, 's:Authorization')
})

test('keys are read once an hour, for an unknown one once a minute, and a tenant that does not answer lets nobody in', async () => {
  await enrol(bench.request, { proof: proof(token()) })
  const before = asked
  published = [
    ['one', key],
    ['two', next],
  ]
  const rolled = token({}, { head: { kid: 'two' }, by: next })
  for (let i = 0; i < 3; i++) await refused(rolled, /signature/)
  assert.equal(asked, before, 'within the minute')
  passedMs += 61_000
  const fresh = token({}, { head: { kid: 'two' }, by: next })
  await enrol(bench.request, { proof: proof(fresh) })
  assert.equal(asked, before + 1)
  passedMs += 3_700_000
  broken = true
  await refused(token(), /signature/)
  broken = false
  await refused(token(), /signature/)
  passedMs += 6000
  await enrol(bench.request, { proof: proof(token()) })
})

test('a user who may not sign in any more joins nothing', async () => {
  const { users } = bench.core.access
  const made = await users.create({ name: 'bea@corp.example', password: 'correct horse battery' }, system)
  const jwt = token({ upn: 'BEA@corp.example' })
  await refused(jwt, /permission|not allowed|may not/i, 's:Authorization')
  await users.disable(made.id, true, system)
  await refused(jwt, /Nobody here is called/, 's:Authorization')
})

const terms = (o: { jwt?: string; query?: Record<string, string> } = {}): Promise<Reply> =>
  bench.request('GET', '/terms', {
    query: new URLSearchParams({
      redirect_uri: 'ms-appx-web://ContosoMdm/ToUResponse',
      'client-request-id': 'r-1',
      'api-version': '1.0',
      ...o.query,
    }).toString(),
    headers: { authorization: `Bearer ${o.jwt ?? token()}` },
  })
const linksIn = (r: Reply) =>
  [...String(r.body).matchAll(/href="([^"]+)"/g)].map((m) => new URL((m[1] ?? '').replaceAll('&amp;', '&')))

test('terms of use: accepted by going back with a word of ours, which only this user’s enrolment may show', async () => {
  await bench.licence('5')
  await refused(token(), /terms of use/, 's:Authorization')
  const page = await terms()
  assert.equal(page.status, 200)
  assert.match(String(page.body), /You &lt;agree&gt;\./)
  const [accept, decline] = linksIn(page)
  assert.ok(accept && decline)
  assert.deepEqual(
    [
      accept.protocol,
      accept.searchParams.get('IsAccepted'),
      accept.searchParams.get('client-request-id'),
      decline.searchParams.get('IsAccepted'),
    ],
    ['ms-appx-web:', 'true', 'r-1', 'false'],
  )
  assert.equal(
    linksIn(await terms({ query: { mode: 'azureadjoin' } })).length,
    1,
    'who joins is not offered to decline',
  )
  const blob = accept.searchParams.get('OpaqueBlob') ?? ''
  const bea = await join(token({ upn: 'nora@corp.example' }), { EnrollmentData: blob })
  assert.match(reasonOf(bea), /terms of use/)
  assert.match(reasonOf(await join(token(), { EnrollmentData: `${blob.slice(0, -2)}AA` })), /terms of use/)
  assert.equal((await join(token(), { EnrollmentData: blob })).status, 200)
  await bench.licence('6')
  assert.match(reasonOf(await join(token(), { EnrollmentData: blob })), /terms of use/)
})

test('terms of use for nobody that is known, or with another way back', async () => {
  const { headers, status } = await terms({ jwt: token({ aud: 'x' }) })
  assert.equal(status, 302)
  const to = new URL(headers?.location ?? '')
  assert.deepEqual([to.protocol, to.searchParams.get('error')], ['ms-appx-web:', 'unauthorized_client'])
  const version = await terms({ query: { 'api-version': '9' } })
  assert.match(version.headers?.location ?? '', /error=invalid_request/)
  for (const bad of ['', 'https://evil.example/', 'javascript:alert(1)', 'ms-appx-web://x y']) {
    const reply = await terms({ query: { redirect_uri: bad } })
    assert.equal(reply.status, 400)
    assert.ok(!String(reply.body).includes('OpaqueBlob'))
  }
})
