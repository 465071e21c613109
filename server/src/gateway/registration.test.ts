/** A device registers with its invitation, gets tokens, rotates its secret and leaves: one winner per code, nothing spent by a failure. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openWorld, post, type World } from './world.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

interface Registered {
  client_id: string
  client_secret: string
  registration_access_token: string
  registration_client_uri: string
  error?: string
  code?: string
  error_description?: string
}
const metadata = (serial: string) => ({
  muster_platform: 'toy',
  muster_identifiers: [{ kind: 'serial', value: serial }],
  software_id: 'toy-agent',
  software_version: '1.0.0',
  grant_types: ['client_credentials'],
  client_name: 'toy agent',
})
async function register(
  code: string | undefined,
  body: unknown = metadata('S1'),
): Promise<{ status: number; body: Registered }> {
  const answer = await fetch(`${w.url}/oauth2/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(code === undefined ? {} : { authorization: `Bearer ${code}` }) },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Registered }
}
const tokenFor = (c: Registered) => w.token(undefined, { id: c.client_id, secret: c.client_secret })

test('of five raced registrations with one code exactly one wins, and its token speaks for its channel', async () => {
  const code = await w.invite()
  const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => register(code, metadata(`R${n}`))))
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409, 409])
  for (const { status, body } of answers)
    if (status === 409) assert.deepEqual([body.error, body.code], ['invalid_token', 'invitation-used'])
  const won = answers.find((a) => a.status === 201)!.body
  const found = await w.core.access.principalOfToken(await tokenFor(won))
  assert.ok('device' in found, JSON.stringify(found))
  assert.ok(found.expires.getTime() - Date.now() > 23 * 3600_000, 'a device token lives for a day')
  assert.equal(await w.core.db.affected({ text: 'select from device' }), 1)
})

test('wrong, used, expired and revoked codes, and none, are told apart', async () => {
  const used = await w.invite()
  assert.equal((await register(used, metadata('U1'))).status, 201)
  const expired = await w.invite()
  await w.core.db.query({
    text: `update invitation set expires = now() - interval '1 second' where no = (select max(no) from invitation)`,
  })
  const revoked = await w.invite()
  await w.core.db.query({ text: `update invitation set revoked = now() where no = (select max(no) from invitation)` })
  const seen: [number, string | undefined, string | undefined][] = []
  for (const code of [undefined, 'AAAAA-BBBBB-CCCCC-DDDDD', used, expired, revoked]) {
    const { status, body } = await register(code, metadata('U2'))
    assert.ok(body.error_description)
    seen.push([status, body.error, body.code])
  }
  assert.deepEqual(seen, [
    [401, 'invalid_token', 'unauthenticated'],
    [401, 'invalid_token', 'invitation-unknown'],
    [409, 'invalid_token', 'invitation-used'],
    [410, 'invalid_token', 'invitation-expired'],
    [410, 'invalid_token', 'invitation-revoked'],
  ])
})

test('bad metadata is refused before the code is spent', async () => {
  const code = await w.invite()
  const bad: unknown[] = [
    {},
    [],
    7,
    { ...metadata('B'), redirect_uris: ['https://evil.example/'] },
    { ...metadata('B'), grant_types: ['authorization_code'] },
    { ...metadata('B'), token_endpoint_auth_method: 'none' },
    { ...metadata('B'), muster_identifiers: [{ kind: 'shoe-size', value: '42' }] },
    { ...metadata('B'), response_types: ['code'] },
    { ...metadata('B'), jwks_uri: 'https://evil.example/' },
  ]
  for (const body of bad) {
    const { status, body: said } = await register(code, body)
    assert.deepEqual([status, said.code], [400, 'invalid-client-metadata'], JSON.stringify(body))
  }
  assert.equal((await register(code, bad[3])).body.error, 'invalid_redirect_uri')
  const other = await register(code, { ...metadata('B'), muster_platform: 'windows' })
  assert.deepEqual([other.status, other.body.code], [422, 'invitation-platform'])
  const { status, body } = await register(code, {
    ...metadata('B'),
    scope: '*',
    client_id: 'mine',
    client_secret: 'chosen',
  })
  assert.equal(status, 201)
  assert.notEqual(body.client_id, 'mine')
  assert.notEqual(body.client_secret, 'chosen')
})

test('a device token opens no administrator route, and a device cannot ask for scopes', async () => {
  const { body } = await register(await w.invite(), metadata('D1'))
  const token = await tokenFor(body)
  const answer = await fetch(`${w.url}/api/v1/session`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(answer.status, 403)
  const asked = await post(
    `${w.url}/oauth2/token`,
    { grant_type: 'client_credentials', scope: 'device:read user:write' },
    { id: body.client_id, secret: body.client_secret },
  )
  if (asked.status === 200) assert.ok(!((await asked.json()) as { scope?: string }).scope)
})

test('the secret is rotated by its registration token; the old one stays good for a while; deleting ends everything', async () => {
  const { body: first } = await register(await w.invite(), metadata('M1'))
  const manage = (method: string, body?: unknown, token = first.registration_access_token) =>
    fetch(first.registration_client_uri, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const read = (await (await manage('GET')).json()) as Partial<Registered> & { registration_hash?: string }
  assert.equal(read.client_id, first.client_id)
  assert.equal(read.client_secret, undefined)
  assert.equal(read.registration_hash, undefined)
  assert.equal((await manage('GET', undefined, 'x'.repeat(43))).status, 401)
  assert.equal((await manage('PUT', { client_id: 'another' })).status, 400)

  const second = (await (await manage('PUT', { client_id: first.client_id })).json()) as Registered
  assert.notEqual(second.client_secret, first.client_secret)
  const token = await tokenFor({ ...first, client_secret: second.client_secret })
  await tokenFor(first)
  await w.core.db.query({
    text: 'update oauth_client set previous_until = now() where id = $1',
    values: [first.client_id],
  })
  assert.equal(
    (
      await post(
        `${w.url}/oauth2/token`,
        { grant_type: 'client_credentials' },
        { id: first.client_id, secret: first.client_secret },
      )
    ).status,
    401,
  )

  assert.ok('device' in (await w.core.access.principalOfToken(token)))
  assert.equal((await manage('DELETE')).status, 204)
  assert.deepEqual(await w.core.access.principalOfToken(token), { refused: 'revoked' })
  assert.equal((await manage('GET')).status, 401)
  assert.equal(
    (
      await post(
        `${w.url}/oauth2/token`,
        { grant_type: 'client_credentials' },
        { id: first.client_id, secret: second.client_secret },
      )
    ).status,
    401,
  )
})

test('registrations that are refused again and again are throttled by address', async () => {
  const own = await openWorld(undefined, { limits: { refused: 3 } })
  try {
    const attempt = () =>
      fetch(`${own.url}/oauth2/reg`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer AAAAA-BBBBB-CCCCC-DDDDD' },
        body: JSON.stringify(metadata('T')),
      })
    for (let i = 0; i < 3; i++) assert.equal((await attempt()).status, 401)
    const refused = await attempt()
    assert.equal(refused.status, 429)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
  } finally {
    await own.close()
  }
})
