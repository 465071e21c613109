/** Account-driven enrolment, step by step: what a device is told before anybody has signed in, whom it lets in after, and what nobody gets. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Person, Reply } from '@muster/contract'
import { system } from '@muster/core'
import { openSigned, signData } from '@muster/kit/cms'
import { isDict, type PlistDict, readPlist, writeXmlPlist } from '@muster/kit/plist'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { certificateOf, createDevice, enrolled, newKey, scep } from './device.fixture.ts'

let bench: AppleBench
let ada: Person
let nora: Person
const key = newKey()
const certificate = certificateOf(key, { name: 'Apple iPhone Device CA' })
const topic = 'com.apple.mgmt.External.account'

before(async () => {
  bench = await openApple()
  // Any certificate with a topic will do here: nothing is pushed.
  await bench.host('apple')
    .sql`insert into push_certificate (id, state, key, certificate, topic, not_after) values (${randomUUID()}, 'current', ''::bytea, 'x', ${topic}, now() + interval '1 year')`
  const { access } = bench.core
  const role = await access.roles.create({ name: 'staff', permissions: ['device:enrol'], own: true }, system)
  const make = async (name: string, email: string, roles: { role: string }[]) => {
    const { id } = await access.users.create({ name, displayName: name, email, roles }, system)
    return { id, name, displayName: name, email }
  }
  ada = await make('ada', 'ada@corp.example', [{ role: role.id }])
  nora = await make('nora', 'nora@corp.example', [])
  await bench.core.enrollment.licences.create({
    platform: 'apple',
    language: 'en',
    version: '1.1',
    text: 'You <agree>.',
    actor: 'system',
  })
})
after(() => bench.close())

const machine = (o: PlistDict = {}) =>
  signData({
    content: Buffer.from(writeXmlPlist({ LANGUAGE: 'en', PRODUCT: 'iPhone15,3', VERSION: '22B83', ...o })),
    certificate,
    key,
  })
const post = (mode: string, o: { token?: string; body?: Uint8Array } = {}) =>
  bench.request('POST', `/account/${mode}`, {
    body: o.body ?? machine(),
    headers: o.token === undefined ? {} : { authorization: `Bearer ${o.token}` },
  })
const page = (mode: string, method: 'GET' | 'POST', person?: Person, fields: Record<string, string> = {}) =>
  bench.request(method, `/account/${mode}/sign-in`, {
    query: 'user-identifier=ada%40corp.example',
    person,
    body: Buffer.from(new URLSearchParams(fields).toString()),
  })
const tokenIn = (r: Reply) => {
  const to = new URL(r.headers?.location ?? '')
  assert.deepEqual([to.protocol, to.host], ['apple-remotemanagement-user-login:', 'authentication-results'])
  return to.searchParams.get('access-token') ?? ''
}
const signIn = async (mode: string, person = ada) => {
  const reply = await page(mode, 'POST', person, { licence: '1.1' })
  assert.equal(reply.status, 308, String(reply.body))
  return tokenIn(reply)
}
const discover = async (query = '') => {
  const reply = await bench.request('GET', '/.well-known/com.apple.remotemanagement', { query })
  return { status: reply.status, body: JSON.parse(String(reply.body)) as Record<string, unknown> }
}
function mdmIn(reply: Reply): { mdm: PlistDict; challenge: string } {
  assert.equal(reply.status, 200, String(reply.body))
  const profile = readPlist(openSigned(reply.body as Uint8Array).content)
  assert.ok(isDict(profile))
  const payload = (type: string) => (profile.PayloadContent as PlistDict[]).find((p) => p.PayloadType === type)
  const content = payload('com.apple.security.scep')?.PayloadContent
  assert.ok(isDict(content))
  return { mdm: payload('com.apple.mdm') ?? {}, challenge: String(content.Challenge) }
}
const queryOf = (url: unknown) => new URL(String(url)).search.slice(1)

/** From the sign-in to the certificate, by its own profile. */
async function certified(mode: 'user' | 'device', person = ada) {
  const token = await signIn(mode, person)
  const { mdm, challenge } = mdmIn(await post(mode, { token }))
  const identity = await scep(bench.request, challenge)
  return { token, mdm, challenge, identity, query: queryOf(mdm.CheckInURL) }
}
const choose = (modes: Record<string, string>) =>
  bench.core.platforms.setup.act({
    platform: 'apple',
    step: 'account-enrolment',
    action: 'choose',
    input: modes,
    actor: 'system',
  })

test('discovery names the way for each kind of device, as the administrator chose', async () => {
  const base = 'https://localhost/apple/account'
  const byod = { Version: 'mdm-byod', BaseURL: `${base}/user` }
  const adde = { Version: 'mdm-adde', BaseURL: `${base}/device` }
  const phone = 'user-identifier=ada%40corp.example&model-family=iPhone'
  assert.deepEqual(await discover(phone), { status: 200, body: { Servers: [byod] } })
  await choose({ Mac: 'device', RealityDevice: 'none' })
  try {
    assert.deepEqual((await discover('model-family=Mac')).body, { Servers: [adde] })
    assert.deepEqual((await discover()).body, { Servers: [byod, adde] }, 'a redirect lost the query')
    for (const family of ['RealityDevice', 'AppleTV', 'x'.repeat(5000), '%00']) {
      const { status, body } = await discover(`model-family=${family}`)
      assert.deepEqual([status, body.code], [403, 'com.apple.well-known.failed'], family)
    }
    assert.equal((await post('device')).status, 400, 'a phone is no device of the organisation here')
    assert.equal((await post('device', { body: machine({ PRODUCT: 'MacBookPro18,3' }) })).status, 401)
  } finally {
    await choose({})
  }
  const step = (await bench.core.platforms.setup.list())[0]?.steps.find((s) => s.id === 'account-enrolment')
  assert.ok(step?.details.some((d) => d.value === 'https://localhost/.well-known/com.apple.remotemanagement'))
})

test('a device without a token is told where its person signs in; garbage is told nothing', async () => {
  for (const token of [undefined, 'x'.repeat(43), 'short', '../../etc', 'x'.repeat(5000)]) {
    const reply = await post('user', { token })
    assert.equal(reply.status, 401)
    assert.equal(
      reply.headers?.['www-authenticate'],
      'Bearer method="apple-as-web", url="https://localhost/apple/account/user/sign-in"',
    )
  }
  const deep = Buffer.from('3080'.repeat(5000), 'hex')
  const list = signData({ content: Buffer.from(writeXmlPlist([])), certificate, key })
  for (const body of [Buffer.alloc(0), Buffer.from('{}'), machine().subarray(0, 200), deep, list])
    assert.equal((await post('user', { body })).status, 400)
})

test('the person signs in by our own page, sees the licence, and consents by a button', async () => {
  const away = await page('user', 'GET')
  assert.equal(away.status, 303)
  const to = new URL(away.headers?.location ?? '')
  assert.deepEqual([to.origin, to.pathname], ['https://localhost', '/sign-in'])
  assert.equal(to.searchParams.get('to'), '/apple/account/user/sign-in?user-identifier=ada%40corp.example')
  assert.equal(to.searchParams.get('name'), 'ada@corp.example')

  const asked = await page('user', 'GET', ada)
  assert.equal(asked.status, 200)
  assert.match(String(asked.body), /You &lt;agree&gt;\./)
  assert.match(String(asked.body), /name="licence" value="1\.1"/)
  assert.match(
    asked.headers?.['content-security-policy'] ?? '',
    /form-action 'self' apple-remotemanagement-user-login:/,
  )
  for (const licence of ['', '1.0', '9'])
    assert.equal((await page('user', 'POST', ada, { licence })).status, 200, 'not the licence that holds')
  assert.equal((await page('user', 'POST', undefined, { licence: '1.1' })).status, 303)
  assert.equal((await page('user', 'POST', nora, { licence: '1.1' })).status, 403)
  const accountless = { ...ada, email: undefined }
  const unnamed = await bench.request('GET', '/account/user/sign-in', { person: accountless })
  assert.equal(unnamed.status, 422)
})

test('a user enrolment: its own mode and account in the profile, no hardware, a personal device', async () => {
  const { token, mdm, challenge, identity, query } = await certified('user')
  assert.deepEqual(
    [mdm.EnrollmentMode, mdm.AssignedManagedAppleID, mdm.AccessRights, mdm.Topic],
    ['BYOD', 'ada@corp.example', undefined, topic],
  )
  assert.match(query, /licence=1\.1&account=user/)
  assert.equal(mdmIn(await post('user', { token })).challenge, challenge, 'the same profile again')

  const o = { identity, query, token, enrollmentId: randomUUID() }
  assert.equal((await createDevice(bench.request, { ...o, token: undefined }).authenticate()).status, 401)
  const other = await certified('user')
  assert.equal((await createDevice(bench.request, { ...o, token: other.token }).authenticate()).status, 401)
  const known = createDevice(bench.request, { ...o, enrollmentId: undefined })
  assert.equal((await known.authenticate()).status, 400, 'it tells what device it is')
  const device = await enrolled(bench.request, '', o)
  const channel = await bench.channelOf(device)
  const { facts, ownership } = await bench.host('apple').detail(channel)
  assert.equal(ownership, 'byod')
  assert.deepEqual(
    ['apple.enrolment', 'apple.account', 'apple.udid', 'device.serial', 'device.name'].map((f) => facts[f]),
    ['account-user', 'ada@corp.example', undefined, undefined, 'ada (iPhone15,3)'],
  )
  const [owner] = await bench.db.query<{ name: string; accepted: boolean }>({
    text: `select u.name, e.licence is not null as accepted from channel c join device d on d.no = c.device join app_user u on u.no = d.owner join enrolment e on e.no = c.enrolment where c.no = $1`,
    values: [channel.no],
  })
  assert.deepEqual(owner, { name: 'ada', accepted: true })

  await bench.host('apple').errand(channel, 'renewal', {}, 'renewal')
  const [renewal] = (await device.connect()).filter((c) => c.Command.RequestType === 'InstallProfile')
  const renewed = mdmIn({ status: 200, body: renewal?.Command.Payload as Uint8Array })
  const same = ['EnrollmentMode', 'AssignedManagedAppleID', 'ServerURL', 'CheckInURL', 'Topic', 'AccessRights']
  // The topic is the one that the device itself told.
  assert.deepEqual(
    same.map((k) => renewed.mdm[k]),
    same.map((k) => (k === 'Topic' ? 'com.apple.mgmt.External.test' : mdm[k])),
    'nothing that may never change',
  )

  assert.equal((await post('user', { token })).status, 401, 'who is in does not come in twice by one sign-in')
  assert.equal((await device.authenticate()).status, 200, 'it begins again with what it has')
  await assert.rejects(scep(bench.request, challenge), /refused/)
})

test('a device enrolment: the organisation’s, with all rights and its serial number', async () => {
  await choose({ iPhone: 'device' })
  try {
    const { mdm, identity, query, token } = await certified('device')
    assert.deepEqual([mdm.EnrollmentMode, mdm.AccessRights], ['ADDE', 8191])
    const nameless = createDevice(bench.request, { identity, query, token, enrollmentId: randomUUID() })
    assert.equal((await nameless.authenticate()).status, 400)
    const device = await enrolled(bench.request, '', { identity, query, token })
    const { facts, ownership } = await bench.host('apple').detail(await bench.channelOf(device))
    assert.deepEqual([facts['apple.enrolment'], ownership], ['account-device', 'cope'])
  } finally {
    await choose({})
  }
})

test('a token is for its own mode, a challenge for one key, and both for an hour', async () => {
  const { token, challenge } = await certified('user')
  await choose({ iPhone: 'device' })
  assert.equal((await post('device', { token })).status, 401)
  await choose({})
  await assert.rejects(scep(bench.request, challenge), /refused/, 'another key')
  await assert.rejects(scep(bench.request, `account-${'x'.repeat(43)}`), /refused/)
  const late = await signIn('user')
  const { challenge: lateToo } = mdmIn(await post('user', { token: late }))
  await bench.host('apple').sql`update account_sign_in set expires = now() - interval '1 second'`
  assert.equal((await post('user', { token: late })).status, 401)
  await assert.rejects(scep(bench.request, lateToo), /refused/)
})

test('what a user enrolment may not do is refused with its reason, and the rest is not', async () => {
  const { identity, query, token } = await certified('user')
  const device = await enrolled(bench.request, '', { identity, query, token, enrollmentId: randomUUID() })
  const channel = await bench.channelOf(device)
  const detail = await bench.host('apple').detail(channel)
  const apple = bench.core.registry.platforms.get('apple')
  const rowsOf = (id: string) => apple?.operationRows[id] ?? assert.fail(`no ${id}`)
  const reason = (id: string) => {
    const can = rowsOf(id)[0]?.when?.(detail) ?? true
    return can === true ? undefined : can.code
  }
  for (const id of [
    'device.wipe',
    'apple.erase',
    'device.passcode.clear',
    'device.reboot',
    'device.shutdown',
    'device.lost-mode.enable',
    'device.locate',
    'device.ring',
    'apple.activation-lock.fetch-bypass-code',
    'apple.command.restrictions',
    'apple.command.requestUnlockToken',
  ])
    assert.equal(reason(id), 'user-enrolment', id)
  for (const id of ['device.lock', 'device.inventory', 'device.disenrol', 'apple.app.install', 'apple.app.list'])
    assert.equal(reason(id), undefined, id)
})

test('by OAuth 2: a code for an hour’s token, which is renewed; whatever is not right gets neither', async () => {
  await choose({ method: 'oauth2' })
  try {
    const told = (await post('user')).headers?.['www-authenticate'] ?? ''
    const of = (name: string) => new RegExp(`[ ,]${name}="([^"]*)"`).exec(told)?.[1] ?? ''
    const base = 'https://localhost/apple/account/user'
    assert.deepEqual(['method', 'authorization-url', 'token-url', 'scope'].map(of), [
      'apple-oauth2',
      `${base}/authorize`,
      `${base}/token`,
      'MDM',
    ])
    const redirect = of('redirect-url')
    assert.equal(new URL(redirect).protocol, 'apple-remotemanagement-user-login:')
    const asked = { response_type: 'code', client_id: of('client-id'), redirect_uri: redirect, state: 'S&1=' }
    const authorize = (more: Record<string, string>, person = ada, method: 'GET' | 'POST' = 'POST', query = '') =>
      bench.request(method, '/account/user/authorize', {
        query: `${new URLSearchParams({ ...asked, login_hint: 'ada@corp.example', ...more })}${query}`,
        person,
        body: Buffer.from(method === 'POST' ? 'licence=1.1' : ''),
      })
    const code = async (more = {}) => {
      const reply = await authorize(more)
      assert.equal(reply.status, 308, String(reply.body))
      const [to, given] = (reply.headers?.location ?? '').split('?')
      const back = new URLSearchParams(given)
      assert.deepEqual([to, back.get('state')], [redirect, asked.state])
      return back.get('code') ?? ''
    }
    const token = async (form: Record<string, string>) => {
      const body = Buffer.from(new URLSearchParams({ client_id: asked.client_id, ...form }).toString())
      const reply = await bench.request('POST', '/account/user/token', { body })
      return { status: reply.status, said: JSON.parse(String(reply.body)) as Record<string, string> }
    }
    const exchange = (given: string, more = {}) =>
      token({ grant_type: 'authorization_code', code: given, redirect_uri: redirect, ...more })

    // Nothing is sent to an address that is not the device's own.
    const strange: Record<string, string>[] = [
      { client_id: 'x' },
      { redirect_uri: 'https://evil.example/' },
      { response_type: 'token' },
    ]
    for (const wrong of strange) assert.equal((await authorize(wrong)).status, 400, JSON.stringify(wrong))
    assert.equal((await authorize({}, ada, 'POST', '&redirect_uri=https%3A%2F%2Fevil.example')).status, 400)
    assert.equal((await authorize({}, nora)).status, 403)
    const page = await authorize({}, ada, 'GET')
    assert.match(String(page.body), /You &lt;agree&gt;\./)
    assert.match(
      page.headers?.['content-security-policy'] ?? '',
      /form-action 'self' apple-remotemanagement-user-login:/,
    )

    const good = await code()
    const errors: [string, Record<string, string>][] = [
      ['invalid_client', { client_id: 'x' }],
      ['invalid_grant', { redirect_uri: 'apple-remotemanagement-user-login:/x' }],
      ['invalid_grant', { code: 'x' }],
      ['invalid_grant', { code_verifier: 'x'.repeat(43) }],
      ['unsupported_grant_type', { grant_type: 'password' }],
    ]
    for (const [error, more] of errors)
      assert.deepEqual(await exchange(good, more), { status: 400, said: { error } }, JSON.stringify(more))
    const first = await exchange(good)
    assert.equal(first.status, 200, JSON.stringify(first.said))
    assert.deepEqual([first.said.token_type, first.said.expires_in], ['Bearer', 3600])
    const before = mdmIn(await post('user', { token: first.said.access_token }))

    // Renewed, the old one is over, and the profile is the same.
    const renewed = await token({ grant_type: 'refresh_token', refresh_token: first.said.refresh_token ?? '' })
    assert.equal(renewed.status, 200)
    assert.equal((await post('user', { token: first.said.access_token })).status, 401)
    const after = mdmIn(await post('user', { token: renewed.said.access_token }))
    assert.deepEqual([after.challenge, after.mdm.AssignedManagedAppleID], [before.challenge, 'ada@corp.example'])
    // A code that comes twice is stolen: what was given for it ends.
    assert.equal((await exchange(good)).status, 400)
    assert.equal((await post('user', { token: renewed.said.access_token })).status, 401)
    assert.equal(
      (await token({ grant_type: 'refresh_token', refresh_token: first.said.refresh_token ?? '' })).status,
      400,
    )

    // RFC 7636, appendix B.
    const pkce = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' }
    const bound = await code(pkce)
    assert.equal((await exchange(bound)).status, 400)
    assert.equal((await exchange(bound, { code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' })).status, 200)

    const late = await code()
    await bench.host('apple').sql`update account_grant set code_expires = now() - interval '1 second'`
    assert.equal((await exchange(late)).status, 400)
  } finally {
    await choose({})
  }
})
