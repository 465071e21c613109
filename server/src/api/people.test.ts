/** Users, roles, clients and the console's session over HTTP. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

type User = {
  id: string
  name: string
  revision: number
  disabled: boolean
  displayName: string
  roles: { name: string }[]
}
type Role = { id: string; name: string; revision: number; builtin: boolean; permissions: string[] }

describe('people and programs', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer()
  })
  after(() => t.stop())
  const ifMatch = (revision: number) => ({ headers: { 'if-match': `"${revision}"` } })

  it('makes the first administrator, who signs in', async () => {
    const headers = await t.signIn('admin', 'first administrator')
    const session = await t.api<{ user: { name: string }; permissions: string[]; csrf: string }>(
      200,
      'GET',
      '/session',
      { token: null, headers },
    )
    assert.deepEqual([session.user.name, session.permissions], ['admin', ['*']])
    await t.api(201, 'POST', '/groups', { token: null, headers, body: { name: 'with proof' } })
    const { 'x-muster-csrf': _proof, ...without } = headers
    assert.equal(
      (
        await t.api<{ code: string }>(403, 'POST', '/groups', {
          token: null,
          headers: without,
          body: { name: 'without proof' },
        })
      ).code,
      'csrf-refused',
    )
    await t.api(403, 'POST', '/groups', {
      token: null,
      headers: { ...headers, origin: 'https://elsewhere.example' },
      body: { name: 'from elsewhere' },
    })
    await t.api(204, 'DELETE', '/session', { token: null, headers })
    await t.api(401, 'GET', '/session', { token: null, headers })
  })
  it('makes, changes and disables users; a disabled one is out at once', async () => {
    const user = await t.api<User>(201, 'POST', '/users', {
      body: { name: 'berta', password: 'long enough word', displayName: 'Berta B' },
    })
    assert.equal(
      (await t.api<{ code: string }>(409, 'POST', '/users', { body: { name: 'BERTA' } })).code,
      'already-exists',
    )
    await t.api(400, 'POST', '/users', { body: { name: 'short', password: 'short' } })
    const changed = await t.api<User>(200, 'PATCH', `/users/${user.id}`, {
      body: { displayName: 'B. Berta' },
      ...ifMatch(user.revision),
    })
    assert.equal(changed.displayName, 'B. Berta')
    await t.api(412, 'PATCH', `/users/${user.id}`, { body: { displayName: 'lost' }, ...ifMatch(user.revision) })
    const headers = await t.signIn('berta', 'long enough word')
    await t.api(200, 'PATCH', `/users/${user.id}`, { body: { disabled: true }, ...ifMatch(changed.revision) })
    await t.api(401, 'GET', '/session', { token: null, headers })
    await t.api(401, 'POST', '/session', { token: null, body: { username: 'berta', password: 'long enough word' } })
    await t.api(204, 'DELETE', `/users/${user.id}`)
    await t.api(404, 'GET', `/users/${user.id}`)
  })
  it('sets passwords, which ends sessions', async () => {
    const user = await t.api<User>(201, 'POST', '/users', { body: { name: 'carla', password: 'first long word' } })
    const headers = await t.signIn('carla', 'first long word')
    await t.api(204, 'PUT', `/users/${user.id}/password`, { body: { password: 'second long word' } })
    await t.api(401, 'GET', '/session', { token: null, headers })
    await t.signIn('carla', 'second long word')
    await t.api(400, 'PUT', `/users/${user.id}/password`, { body: { password: 'carla' } })
  })
  it('gives roles, and keeps the last administrator', async () => {
    const { items } = await t.api<{ items: Role[] }>(200, 'GET', '/roles')
    assert.deepEqual(
      items
        .filter((r) => r.builtin)
        .map((r) => r.name)
        .sort(),
      ['administrator', 'employee', 'operator', 'viewer'],
    )
    const user = await t.api<User>(201, 'POST', '/users', { body: { name: 'dora' } })
    const viewer = items.find((r) => r.name === 'viewer')!
    const given = await t.api<User>(200, 'PUT', `/users/${user.id}/roles`, { body: { roles: [{ role: viewer.id }] } })
    assert.deepEqual(
      given.roles.map((r) => r.name),
      ['viewer'],
    )
    await t.api(400, 'PUT', `/users/${user.id}/roles`, { body: { roles: [{ role: '4711' }] } })
    const admin = (await t.api<{ items: User[] }>(200, 'GET', '/users?q=admin')).items[0]!
    assert.equal(
      (await t.api<{ code: string }>(409, 'PUT', `/users/${admin.id}/roles`, { body: { roles: [] } })).code,
      'last-administrator',
    )
    assert.equal((await t.api<{ code: string }>(409, 'DELETE', `/users/${admin.id}`)).code, 'last-administrator')
  })
  it('makes roles of known permissions', async () => {
    const role = await t.api<Role>(201, 'POST', '/roles', {
      body: { name: 'helpdesk', permissions: ['device:read', 'operation:device.*'] },
    })
    await t.api(409, 'POST', '/roles', { body: { name: 'helpdesk', permissions: [] } })
    await t.api(400, 'POST', '/roles', { body: { name: 'broken', permissions: ['Everything!'] } })
    const changed = await t.api<Role>(200, 'PUT', `/roles/${role.id}`, {
      body: { name: 'helpdesk', permissions: ['device:read'] },
      ...ifMatch(role.revision),
    })
    assert.deepEqual(changed.permissions, ['device:read'])
    await t.api(412, 'PUT', `/roles/${role.id}`, {
      body: { name: 'helpdesk', permissions: [] },
      ...ifMatch(role.revision),
    })
    const builtin = (await t.api<{ items: Role[] }>(200, 'GET', '/roles')).items.find((r) => r.builtin)!
    assert.equal((await t.api<{ code: string }>(409, 'DELETE', `/roles/${builtin.id}`)).code, 'wrong-state')
    await t.api(204, 'DELETE', `/roles/${role.id}`)
    const { items } = await t.api<{ items: { id: string; title: string }[] }>(200, 'GET', '/permissions')
    assert.ok(items.some((p) => p.id === 'operation:device.inventory' && p.title.includes('Refresh inventory')))
    assert.equal(new Set(items.map((p) => p.id)).size, items.length)
  })
  it('tells a token what its scopes leave', async () => {
    const token = await t.tokenWith('device:read', 'group:read')
    const session = await t.api<{ permissions: string[] }>(200, 'GET', '/session', { token })
    assert.deepEqual(session.permissions, ['device:read', 'group:read'])
  })
  it('makes API clients and gives them new secrets', async () => {
    const made = await t.api<{ client: { id: string; owner: unknown }; secret: string }>(201, 'POST', '/clients', {
      token: null,
      headers: await t.signIn('admin', 'first administrator'),
      body: { name: 'export', scopes: ['device:read'] },
    })
    const { client, secret } = made
    assert.deepEqual(client.owner, { id: '1', name: 'admin' })
    const token = async (word: string) =>
      (
        await t.call('POST', '/oauth2/token', {
          token: null,
          body: Buffer.from('grant_type=client_credentials'),
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            authorization: `Basic ${Buffer.from(`${client.id}:${word}`).toString('base64')}`,
          },
        })
      ).status
    assert.equal(await token(secret), 200)
    const rotated = await t.api<{ secret: string }>(200, 'POST', `/clients/${client.id}/rotate`)
    assert.deepEqual([await token(secret), await token(rotated.secret)], [401, 200])
    assert.ok(!JSON.stringify(await t.api(200, 'GET', `/clients/${client.id}`)).includes(rotated.secret))
    await t.api(204, 'DELETE', `/clients/${client.id}`)
    assert.equal(await token(rotated.secret), 401)
    await t.api(409, 'DELETE', `/clients/${client.id}`)
  })
})
