/** Saved queries, targets by filter and rows by id over HTTP: whose they are, and that no body or address breaks them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Json } from '@muster/contract'
import fc from 'fast-check'
import { nobody, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

type Saved = { id: string; name: string; shared: boolean; filter: Record<string, string>; revision: number }
type List<T> = { items: T[]; next?: string }

describe('saved queries', () => {
  let t: TestServer
  const devices: TestDevice[] = []
  before(async () => {
    t = await startTestServer()
    for (const name of ['one', 'two', 'three']) devices.push(await t.enrol(name))
  })
  after(() => t.stop())

  it('are made, found by name, changed under If-Match, and removed', async () => {
    const filter = { platform: 'linux', q: 'one' }
    const made = await t.api<Saved>(201, 'POST', '/queries', { body: { name: 'Ones', filter } })
    assert.deepEqual([made.name, made.shared, made.filter, made.revision], ['Ones', false, filter, 1])
    const { items } = await t.api<List<Saved>>(200, 'GET', '/queries?name=ones')
    assert.deepEqual(items, [made])
    const change = { name: 'Only ones', shared: true, filter }
    await t.api(400, 'PUT', `/queries/${made.id}`, { body: change })
    const changed = await t.api<Saved>(200, 'PUT', `/queries/${made.id}`, {
      body: change,
      headers: { 'if-match': '"1"' },
    })
    assert.deepEqual([changed.name, changed.shared, changed.revision], ['Only ones', true, 2])
    await t.api(412, 'PUT', `/queries/${made.id}`, { body: change, headers: { 'if-match': '"1"' } })
    await t.api(409, 'POST', '/queries', { body: { name: 'only ONES', shared: true, filter: {} } })
    const reader = await t.tokenWith('device:read')
    assert.equal((await t.api<List<Saved>>(200, 'GET', '/queries', { token: reader })).items.length, 1)
    await t.api(403, 'DELETE', `/queries/${made.id}`, { token: reader })
    await t.api(403, 'POST', '/queries', { token: reader, body: { name: 'x', shared: true, filter: {} } })
    const own = await t.api<Saved>(201, 'POST', '/queries', { token: reader, body: { name: 'x', filter: {} } })
    await t.api(404, 'GET', `/queries/${own.id}`)
    await t.api(403, 'GET', '/queries', { token: await t.tokenWith('group:read') })
    await t.api(204, 'DELETE', `/queries/${made.id}`)
    await t.api(404, 'GET', `/queries/${made.id}`)
  })
  it('show what the list shows, which a target reaches whole', async () => {
    const { items } = await t.api<List<{ id: string }>>(200, 'GET', '/devices?q=t')
    const preview = await t.api<{ devices: number; targets: number }>(200, 'POST', '/activities/preview', {
      body: { operation: 'device.inventory', target: { filter: { q: 't' } } },
    })
    assert.deepEqual([items.length, preview.devices, preview.targets], [2, 2, 2])
    const sent = await t.api<{ id: string; targets: number }>(201, 'POST', '/activities', {
      body: { operation: 'device.inventory', target: { filter: { q: 't' } } },
    })
    assert.equal(sent.targets, 2)
    await t.api(422, 'POST', '/activities', {
      body: { operation: 'device.inventory', target: { filter: { q: 'nothing' } } },
    })
  })
  it('read rows by id, within reach, whatever else is asked', async () => {
    const ids = devices.map((d) => d.id)
    const page = await t.api<List<{ id: string }>>(200, 'GET', `/devices?ids=${[...ids, nobody].join()}`)
    assert.deepEqual(page.items.map((d) => d.id).sort(), [...ids].sort())
    assert.equal((await t.api<List<unknown>>(200, 'GET', `/devices?ids=${ids[0]}&q=nothing`)).items.length, 1)
    for (const wrong of ['', 'x', `${ids[0]},`, Array.from({ length: 201 }, () => nobody).join()])
      await t.api(400, 'GET', `/devices?ids=${wrong}`)
  })
  it('never fail on any JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), fc.boolean(), async (value, inside) => {
        const body = inside ? { name: 'x', filter: value as Json } : (value as Json)
        const got = await t.call<{ code: string }>('POST', '/api/v1/queries', { body })
        assert.ok(
          got.status === 201 || (got.status >= 400 && got.status < 500),
          `${JSON.stringify(body)}: ${got.status}`,
        )
      }),
      { numRuns: 60 },
    )
  })
})
