/** Bodies, queries and headers that no caller should send: each has its code, changes nothing, and is never a 5xx. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { nobody, startTestServer, type TestServer } from '../testing.ts'

type Problem = { code: string; errors?: { path: string }[] }

describe('bad input', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer()
  })
  after(() => t.stop())
  const post = (path: string, body: Uint8Array, headers: Record<string, string> = {}) =>
    t.call<Problem>('POST', `/api/v1${path}`, { body, headers })

  it('refuses bodies that are not JSON in UTF-8', async () => {
    const bad: [string, Uint8Array][] = [
      ['truncated', Buffer.from('{"name":"x"')],
      ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ['NUL', Buffer.from('{"name":"a\\u0000b"}')],
      ['half a surrogate pair', Buffer.from('{"name":"\\ud800"}')],
    ]
    for (const [what, body] of bad) {
      const got = await post('/groups', body)
      assert.deepEqual([got.status, got.body.code], [400, 'malformed-json'], what)
    }
  })
  it('refuses bodies that are deep, huge, or of another kind', async () => {
    const deep = await post('/groups', Buffer.from(`{"query":${'['.repeat(5000)}${']'.repeat(5000)}}`))
    assert.deepEqual([deep.status, deep.body.code], [400, 'body-too-deep'])
    const huge = await post('/groups', Buffer.from(`{"name":"${'x'.repeat(2_000_000)}"}`))
    assert.deepEqual([huge.status, huge.body.code], [413, 'body-too-large'])
    const form = await post('/groups', Buffer.from('name=x'), { 'content-type': 'application/x-www-form-urlencoded' })
    assert.deepEqual([form.status, form.body.code], [415, 'unsupported-media-type'])
    assert.deepEqual((await t.api<{ items: unknown[] }>(200, 'GET', '/groups')).items, [])
  })
  it('names the fields that are wrong', async () => {
    const got = await t.api<Problem>(400, 'POST', '/invitations', {
      body: { platform: 7, ownership: 'mine', expiresIn: 1, more: true },
    })
    assert.equal(got.code, 'invalid-request')
    const paths = (got.errors ?? []).map((e) => e.path)
    for (const path of ['platform', 'ownership', 'expiresIn'])
      assert.ok(paths.includes(path), `${path} in ${paths.join()}`)
  })
  it('refuses members and filters that it does not know', async () => {
    await t.api(400, 'GET', '/devices?platfrom=linux')
    await t.api(400, 'POST', '/groups', { body: { name: 'x', quary: null } })
  })
  it('refuses cursors that no list gave', async () => {
    const lists = [
      '/devices',
      '/activities',
      '/invitations',
      '/policies',
      '/groups',
      '/users',
      '/clients',
      '/licences',
      '/certificates',
      '/audit',
    ]
    for (const path of lists) {
      for (const cursor of [
        'nonsense',
        'WyJ4Il0',
        'W10',
        Buffer.from('[1e999]').toString('base64url'),
        Buffer.from('["\\u0000"]').toString('base64url'),
        'A'.repeat(2049),
      ]) {
        const got = await t.call<Problem>('GET', `/api/v1${path}?cursor=${cursor}`)
        assert.equal(got.status, 400, `${path}?cursor=${cursor}: ${JSON.stringify(got.body)}`)
      }
      for (const limit of ['0', '201', '-1', 'x', '1.5', ''])
        assert.equal((await t.call('GET', `/api/v1${path}?limit=${limit}`)).status, 400, `${path}?limit=${limit}`)
    }
  })
  it('finds nothing for ids that are not there, whatever they look like', async () => {
    const ids = [nobody, '0', '1e3', '99999999999999999', '-1', 'x', '%F0%9F%98%80', "'--"]
    const paths = [
      '/devices/ID',
      '/devices/ID/operations',
      '/devices/ID/effective-policy',
      '/devices/ID/compliance',
      '/devices/ID/events',
      '/devices/ID/messages',
      '/activities/ID',
      '/policies/ID',
      '/policies/ID/versions',
      '/groups/ID',
      '/groups/ID/devices',
      '/users/ID',
      '/roles/ID',
      '/clients/ID',
    ]
    for (const path of paths) {
      for (const id of ids) {
        const got = await t.call<Problem>('GET', `/api/v1${path.replace('ID', id)}`)
        assert.deepEqual([got.status, got.body.code], [404, 'not-found'], `${path} ${id}`)
      }
    }
  })
  it('answers wrong methods and paths as such', async () => {
    const method = await t.call<Problem>('PUT', '/api/v1/devices', { body: {} })
    assert.deepEqual([method.status, method.body.code], [405, 'method-not-allowed'])
    assert.equal((await t.call('POST', '/api/v1/nonsense', { body: {} })).status, 404)
    for (const path of ['/api/v1/devices;x', '/api/v1//devices', '/api/v1/devices%2fx', '/api/v1/%00'])
      assert.equal((await t.call<Problem>('GET', path)).body.code, 'invalid-path', path)
  })
  it('never fails on any query', async () => {
    const lists = [
      '/devices',
      '/activities',
      '/invitations',
      '/policies',
      '/groups',
      '/users',
      '/audit',
      '/certificates',
    ]
    const names = [
      'q',
      'group',
      'owner',
      'platform',
      'actor',
      'act',
      'subject',
      'operation',
      'state',
      'device',
      'cursor',
      'limit',
      'lifecycle',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...lists),
        fc.constantFrom(...names),
        fc.string({ unit: 'binary', maxLength: 20 }),
        async (path, name, value) => {
          const got = await t.call<Problem>('GET', `/api/v1${path}?${name}=${encodeURIComponent(value.toWellFormed())}`)
          assert.ok(
            got.status === 200 || got.status === 400,
            `${path}?${name}=${JSON.stringify(value)}: ${got.status} ${JSON.stringify(got.body)}`,
          )
        },
      ),
      { numRuns: 300 },
    )
  })
  it('does not begin a stream for a HEAD', async () => {
    assert.equal((await t.call('HEAD', '/api/v1/events')).status, 405)
  })
  it('never fails on any JSON', async () => {
    const bodies = [
      '/groups',
      '/policies',
      '/activities',
      '/activities/preview',
      '/users',
      '/roles',
      '/clients',
      '/licences',
      '/invitations',
      '/groups/preview',
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...bodies), fc.jsonValue({ maxDepth: 4 }), async (path, value) => {
        const got = await t.call<Problem>('POST', `/api/v1${path}`, { body: value as never })
        assert.ok(
          got.status >= 400 && got.status < 500,
          `${path} ${JSON.stringify(value)}: ${got.status} ${JSON.stringify(got.body)}`,
        )
        assert.ok(got.body.code)
      }),
      { numRuns: 200 },
    )
  })
})
