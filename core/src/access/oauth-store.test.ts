/** The store behind the key manager, and whom its tokens speak for. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { may, reachFor, system } from './permissions.ts'
import { openWorld, problem, type World } from './world.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

const token = (n: number) => `token-${n}-${'x'.repeat(30)}`

test('what is kept comes back by id, uid and user code, and nothing of it is readable in the table', async () => {
  const { oauth } = w.access
  await oauth.upsert('Session', 'sid-1', { jti: 'sid-1', uid: 'uid-1', accountId: '5', loginTs: 7 }, 60)
  await oauth.upsert(
    'DeviceCode',
    'dev-1',
    { jti: 'dev-1', userCode: 'ABCD-EFGH', clientId: 'c', params: { state: 'a\u0000b' } },
    60,
  )
  await oauth.upsert('AccessToken', token(1), { jti: token(1), clientId: 'c', scope: 'device:read' }, 60)
  assert.deepEqual(await oauth.findByUid('Session', 'uid-1'), {
    jti: 'sid-1',
    uid: 'uid-1',
    accountId: '5',
    loginTs: 7,
  })
  assert.equal((await oauth.findByUserCode('DeviceCode', 'ABCD-EFGH'))?.jti, 'dev-1')
  assert.deepEqual(await oauth.find('AccessToken', token(1)), { jti: token(1), clientId: 'c', scope: 'device:read' })
  assert.equal(await oauth.find('AccessToken', token(2)), undefined)
  assert.equal(await oauth.find('AccessToken', 'nul\0'), undefined)
  const rows = JSON.stringify(await w.db.query(sql`select row_to_json(i)::text r from oauth_item i`))
  for (const secret of ['sid-1', 'dev-1', 'ABCD-EFGH', token(1)]) assert.ok(!rows.includes(secret), secret)
})

test('of several that consume at once exactly one does, and the payload says so afterwards', async () => {
  const { oauth } = w.access
  await oauth.upsert('RefreshToken', 'r-1', { jti: 'r-1', grantId: 'g-1' }, 60)
  const won = await Promise.all([1, 2, 3, 4, 5].map(() => oauth.consume('RefreshToken', 'r-1')))
  assert.equal(won.filter(Boolean).length, 1)
  assert.equal(typeof (await oauth.find('RefreshToken', 'r-1'))?.consumed, 'number')
  assert.equal(await oauth.consume('RefreshToken', 'none'), false)
})

test('a token says whom it speaks for, or why it is refused', async () => {
  const { access } = w
  const { client } = await access.clients.create({ name: 'job', scopes: ['device:*'] }, system)
  const user = await w.user('vera', ['viewer'])
  await access.oauth.upsert('ClientCredentials', token(10), { clientId: client.id, scope: 'device:read' }, 60)
  await access.oauth.upsert(
    'AccessToken',
    token(11),
    { clientId: client.id, accountId: user.id, grantId: 'g-2', scope: 'device:read group:write' },
    60,
  )
  await access.oauth.upsert(
    'AccessToken',
    token(12),
    { clientId: client.id, accountId: user.id, grantId: 'g-2', scope: 'device:read' },
    0,
  )
  const job = await access.principalOfToken(token(10))
  assert.ok(
    'kind' in job &&
      job.actor === `client:${client.id}` &&
      may(job, 'device:read') &&
      !may(job, 'device:write') &&
      reachFor(job, 'device:read').all,
  )
  const vera = await access.principalOfToken(token(11))
  assert.ok(
    'kind' in vera &&
      vera.actor === 'user:vera' &&
      may(vera, 'device:read') &&
      !may(vera, 'group:write') &&
      !may(vera, 'user:read'),
  )
  assert.deepEqual(await access.principalOfToken(token(12)), { refused: 'expired' })
  assert.deepEqual(await access.principalOfToken(token(13)), { refused: 'unknown' })
  assert.deepEqual(await access.channelOfToken(token(10)), { refused: 'foreign' })
  await access.oauth.revokeByGrant('g-2')
  assert.deepEqual(await access.principalOfToken(token(11)), { refused: 'revoked' })
  assert.equal(await access.oauth.find('AccessToken', token(11)), undefined)
  await access.clients.revoke(client.id, system)
  assert.deepEqual(await access.principalOfToken(token(10)), { refused: 'revoked' })
})

test('another node hears of a revoked token, without its cache having ended', async (own) => {
  const other = w.node()
  try {
    const { client } = await w.access.clients.create({ name: 'far', scopes: ['device:read'] }, system)
    await w.access.oauth.upsert('ClientCredentials', token(20), { clientId: client.id, scope: 'device:read' }, 60)
    assert.ok('kind' in (await other.access.principalOfToken(token(20))))
    await w.access.oauth.destroy('ClientCredentials', token(20))
    // The caches' clock stands still: none of them ends by itself.
    const still = performance.now()
    own.mock.method(performance, 'now', () => still)
    const end = Date.now() + 20_000
    while ('kind' in (await other.access.principalOfToken(token(20)))) {
      assert.ok(Date.now() < end, 'it is not heard')
      await new Promise((r) => setTimeout(r, 20))
    }
  } finally {
    await other.stop()
  }
})

test('clients: shapes refused, listed in pages, rotated with and without grace, made by the bootstrap once', async () => {
  const { clients } = w.access
  const bad = [
    { name: '', scopes: ['a:b'] },
    { name: 'x', scopes: [] },
    { name: 'x', scopes: ['nonsense'] },
    { name: 'x', scopes: ['a:b'], grants: ['authorization_code' as const] },
    { name: 'x', scopes: ['a:b'], grants: ['authorization_code' as const], redirectUris: ['http://example.org/'] },
    { name: 'x', scopes: ['a:b'], grants: ['authorization_code' as const], redirectUris: ['javascript:alert(1)'] },
    { name: 'x', scopes: ['a:b'], public: true },
  ]
  for (const input of bad)
    await assert.rejects(clients.create(input, system), problem('invalid-request'), JSON.stringify(input))
  const { client, secret } = await clients.create({ name: 'rota', scopes: ['a:b'] }, system)
  assert.ok(await clients.verifySecret(client.id, secret!))
  const { secret: second } = await clients.rotate(client.id, system, 60)
  assert.ok((await clients.verifySecret(client.id, secret!)) && (await clients.verifySecret(client.id, second)))
  const { secret: third } = await clients.rotate(client.id, system)
  assert.ok(
    !(await clients.verifySecret(client.id, second)) &&
      (await clients.verifySecret(client.id, third)) &&
      !(await clients.verifySecret(client.id, '')),
  )
  await clients.revoke(client.id, system)
  await assert.rejects(clients.rotate(client.id, system), problem('wrong-state'))
  await assert.rejects(clients.get('nobody'), problem('not-found'))

  const boot = { id: 'boot', name: 'Boot', secret: 's3cret', scopes: ['*'], metadata: {} }
  const acts = (await w.acts()).length
  await clients.ensure(boot)
  await clients.ensure(boot)
  assert.equal((await w.acts()).length - acts, 1, 'a second start changes nothing')
  await clients.ensure({ ...boot, secret: 'other' })
  assert.ok((await clients.verifySecret('boot', 'other')) && !(await clients.verifySecret('boot', 's3cret')))
  for (let i = 0; i < 4; i++) await clients.create({ name: `list${i}`, scopes: ['a:b'] }, system)
  const first = await clients.list({ limit: 3 })
  const rest = await clients.list({ limit: 50, cursor: first.next! })
  const names = [...first.items, ...rest.items].map((c) => c.name)
  assert.deepEqual(names, [...names].sort())
  assert.ok(names.includes('list3') && !names.includes('rota'))
})

test("the key manager's keys are made once, by whoever comes first, and shared", async () => {
  const other = w.node()
  try {
    const [a, b] = await Promise.all([w.access.oauthKeys(), other.access.oauthKeys()])
    assert.deepEqual(a, b)
    assert.deepEqual(a.sign.map((k) => k.alg).sort(), ['ES256', 'RS256'])
    assert.equal(a.cookie.length, 1)
  } finally {
    await other.stop()
  }
})

test('the sweep removes what expired long ago and nothing else', async () => {
  const { oauth } = w.access
  await oauth.upsert('Grant', 'old', {}, 60)
  await oauth.upsert('Grant', 'fresh', {}, 60)
  await w.db.query(sql`update oauth_item set expires = now() - interval '2 days' where hash = sha256('old')`)
  assert.ok((await oauth.sweep()) >= 1)
  assert.equal(await oauth.find('Grant', 'old'), undefined)
  assert.deepEqual(await oauth.find('Grant', 'fresh'), { jti: 'fresh' })
})
