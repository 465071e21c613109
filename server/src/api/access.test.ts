/** Who may do what: every route of the API asked without a token, with a wrong one, a device's, and one that lacks the permission. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { nobody, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

describe('access of every route', () => {
  let t: TestServer
  let device: TestDevice
  let little: string
  before(async () => {
    t = await startTestServer()
    device = await t.enrol('matrix')
    little = await t.tokenWith('platform:read')
  })
  after(() => t.stop())

  const routes = () =>
    t.server.routeTable().filter((r) => r.path.startsWith('/api/v1') && r.method !== 'HEAD' && !('public' in r.access))
  const ask = (method: string, path: string, token: string | null) =>
    t.call<{ code: string; permission?: string }>(
      method,
      path.replace(':id', nobody).replace(':key', 'organisation').replace(':serial', 'ab').replace(':code', 'x'),
      { token, ...(method === 'GET' ? {} : { body: {} }) },
    )

  it('knows a caller, or refuses with 401', async () => {
    assert.ok(routes().length > 50, 'the table holds the API')
    for (const { method, path } of routes()) {
      assert.equal((await ask(method, path, null)).status, 401, `${method} ${path} without a token`)
      assert.equal((await ask(method, path, 'A'.repeat(43))).status, 401, `${method} ${path} with a token nobody gave`)
      assert.equal((await ask(method, path, device.token)).status, 403, `${method} ${path} with a device's token`)
    }
  })
  it('asks for the permission that the route declares', async () => {
    for (const { method, path, access } of routes()) {
      if (!('permission' in access) || access.permission === 'platform:read') continue
      const got = await ask(method, path, little)
      assert.deepEqual(
        [got.status, got.body.code, got.body.permission],
        [403, 'forbidden', access.permission],
        `${method} ${path}`,
      )
    }
  })
  it('checks the permission of an operation inside', async () => {
    const body = { operation: 'device.inventory', params: {}, target: { all: true as const } }
    const got = await t.api<{ code: string; permission: string }>(403, 'POST', '/activities', { token: little, body })
    assert.deepEqual([got.code, got.permission], ['forbidden', 'operation:device.inventory'])
    const allowed = await t.tokenWith('operation:device.inventory')
    await t.api(201, 'POST', '/activities', { token: allowed, body })
  })
  it('gives nobody the client of a device: its secret would make them that device', async () => {
    const own = await t.tokenWith('client:read', 'client:write')
    for (const token of [own, undefined]) {
      await t.api(404, 'POST', `/clients/${device.client}/rotate`, { token })
      await t.api(404, 'DELETE', `/clients/${device.client}`, { token })
    }
    assert.equal((await t.call('POST', '/linux/agent/sync', { token: device.token, body: {} })).status, 400)
  })
  it('refuses a token once its client is revoked', async () => {
    const made = await t.api<{ client: { id: string }; secret: string }>(201, 'POST', '/clients', {
      body: { name: 'short life', scopes: ['device:read'] },
    })
    const basic = Buffer.from(`${made.client.id}:${made.secret}`).toString('base64')
    const token = await t.call<{ access_token: string }>('POST', '/oauth2/token', {
      token: null,
      body: Buffer.from('grant_type=client_credentials'),
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${basic}` },
    })
    await t.api(200, 'GET', '/devices', { token: token.body.access_token })
    await t.api(204, 'DELETE', `/clients/${made.client.id}`)
    const refused = await t.api<{ code: string }>(401, 'GET', '/devices', { token: token.body.access_token })
    assert.equal(refused.code, 'token-revoked')
  })
  it('lets nobody give a permission they do not hold', async () => {
    const token = await t.tokenWith('client:write', 'role:write', 'user:write', 'device:read')
    await t.api(403, 'POST', '/clients', { token, body: { name: 'more', scopes: ['device:write'] } })
    await t.api(403, 'POST', '/roles', { token, body: { name: 'more', permissions: ['*'] } })
    const roles = await t.api<{ items: { id: string; name: string }[] }>(200, 'GET', '/roles')
    const administrator = roles.items.find((r) => r.name === 'administrator')
    await t.api(403, 'POST', '/users', {
      token,
      body: { name: 'mallory', password: 'long enough password', roles: [{ role: administrator!.id }] },
    })
    const users = await t.api<{ items: { name: string }[] }>(200, 'GET', '/users?q=mallory')
    assert.deepEqual(users.items, [], 'nothing was made')
  })
})
