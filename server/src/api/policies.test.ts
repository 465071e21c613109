/** Policies over HTTP: drafts with revisions, publishing to devices, order, versions, and what each device has of them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

type Policy = {
  id: string
  name: string
  revision: number
  version: number
  priority: number
  state: string
  unpublished: boolean
  features: { feature: string; settings: Record<string, unknown>; action: string }[]
}
type Effective = {
  features: {
    feature: string
    state: string
    settings: Record<string, unknown>
    policy: { name: string; version: number }
  }[]
}
const passcode = (minLength: number) => ({ feature: 'passcode', settings: { minLength } })

describe('policies', () => {
  let t: TestServer
  let device: TestDevice
  let policy: Policy
  const put = (status: number, revision: number, body: object) =>
    t.api<Policy & { code: string }>(status, 'PUT', `/policies/${policy.id}`, {
      body: body as never,
      headers: { 'if-match': `"${revision}"` },
    })
  before(async () => {
    t = await startTestServer()
    device = await t.enrol('one')
    policy = await t.api<Policy>(201, 'POST', '/policies', {
      body: { name: 'Basics', platform: 'linux', features: [passcode(10)] },
    })
  })
  after(() => t.stop())

  it('begins as a draft that nobody has', async () => {
    assert.deepEqual(
      [policy.version, policy.state, policy.unpublished, policy.features[0]?.action],
      [0, 'inactive', true, 'enforce'],
    )
    assert.deepEqual(await t.api(200, 'GET', `/devices/${device.id}/effective-policy`), {
      set: null,
      desired: null,
      applied: null,
      features: [],
    })
  })
  it('lets the second of two administrators see the conflict', async () => {
    const saved = await put(200, policy.revision, { name: 'Basics', features: [passcode(12)] })
    const stale = await put(412, policy.revision, { name: 'Mine', features: [passcode(4)] })
    assert.equal(stale.code, 'revision-mismatch')
    const seen = { headers: { 'if-match': `"${policy.revision}"` } }
    const other = await t.api<{ code: string }>(412, 'POST', `/policies/${policy.id}/publish`, seen)
    assert.equal(other.code, 'revision-mismatch', 'nobody publishes what another wrote meanwhile')
    const now = await t.api<Policy>(200, 'GET', `/policies/${policy.id}`)
    assert.deepEqual([now.name, now.revision, now.features[0]?.settings.minLength], ['Basics', saved.revision, 12])
    await t.api(400, 'PUT', `/policies/${policy.id}`, { body: { name: 'x', features: [] } })
    policy = now
  })
  it('reaches the device when it is published, and is known by its report', async () => {
    const published = await t.api<{ version: number; devices: number }>(200, 'POST', `/policies/${policy.id}/publish`)
    assert.deepEqual([published.version, published.devices], [1, 1])
    const effective = () => t.api<Effective>(200, 'GET', `/devices/${device.id}/effective-policy`)
    const [feature] = (await effective()).features
    assert.deepEqual(
      [feature?.feature, feature?.state, feature?.settings.minLength, feature?.policy.name],
      ['passcode', 'pending', 12, 'Basics'],
    )
    const put = await eventually(async () => (await device.sync()).deliveries.find((d) => d.kind === 'put'))
    assert.equal(put.name, 'passcode')
    await device.sync({ results: [{ id: put.id, state: 'completed' }] })
    assert.equal((await effective()).features[0]?.state, 'acknowledged')
    const compliance = await t.api<{ state: string; features: { feature: string }[] }>(
      200,
      'GET',
      `/devices/${device.id}/compliance`,
    )
    assert.ok(['unknown', 'compliant'].includes(compliance.state), compliance.state)
  })
  it('keeps its versions and goes back to one', async () => {
    const { revision } = await t.api<Policy>(200, 'GET', `/policies/${policy.id}`)
    await put(200, revision, { name: 'Basics', features: [passcode(20)] })
    await t.api(200, 'POST', `/policies/${policy.id}/publish`)
    const back = await t.api<{ version: number }>(200, 'POST', `/policies/${policy.id}/rollback`, {
      body: { version: 1 },
    })
    assert.equal(back.version, 3)
    const { items } = await t.api<{ items: { version: number; features: { settings: Record<string, unknown> }[] }[] }>(
      200,
      'GET',
      `/policies/${policy.id}/versions`,
    )
    assert.deepEqual(items.map((v) => [v.version, v.features[0]?.settings.minLength]).sort(), [
      [1, 12],
      [2, 20],
      [3, 12],
    ])
    await t.api(404, 'POST', `/policies/${policy.id}/rollback`, { body: { version: 9 } })
  })
  it('stands in an order that is changed as a whole', async () => {
    const second = await t.api<Policy>(201, 'POST', '/policies', {
      body: { name: 'Second', platform: 'linux', features: [] },
    })
    await t.api(204, 'PUT', '/policies/order', { body: { platform: 'linux', ids: [second.id, policy.id] } })
    const { items } = await t.api<{ items: Policy[] }>(200, 'GET', '/policies?platform=linux')
    assert.deepEqual(
      items.map((p) => p.name),
      ['Second', 'Basics'],
    )
    await t.api(409, 'PUT', '/policies/order', { body: { platform: 'linux', ids: [policy.id] } })
    await t.api(400, 'PUT', '/policies/order', { body: { platform: 'linux', ids: ['x'] } })
  })
  it('refuses settings and features that no platform could take', async () => {
    const make = (status: number, body: object) =>
      t.api<{ code: string; errors?: { path: string }[] }>(status, 'POST', '/policies', {
        body: { name: `n${Math.random()}`, platform: 'linux', ...body } as never,
      })
    assert.equal((await make(422, { features: [{ feature: 'warp-drive', settings: {} }] })).code, 'unknown-feature')
    const invalid = await make(422, { features: [{ feature: 'passcode', settings: { minLength: 'long' } }] })
    assert.equal(invalid.code, 'invalid-settings')
    assert.ok(
      invalid.errors?.some((e) => e.path.includes('minLength')),
      JSON.stringify(invalid.errors),
    )
    assert.equal((await make(422, { platform: 'beos', features: [] })).code, 'unknown-platform')
    assert.equal((await make(409, { name: 'Basics', features: [] })).code, 'already-exists')
    await make(400, { features: [], assignment: { ownership: ['theirs'] } })
  })
  it('is removed only when it counts no more', async () => {
    assert.equal((await t.api<{ code: string }>(409, 'DELETE', `/policies/${policy.id}`)).code, 'wrong-state')
    const off = await t.api<Policy>(200, 'POST', `/policies/${policy.id}/deactivate`)
    assert.equal(off.state, 'inactive')
    await t.api(204, 'DELETE', `/policies/${policy.id}`)
    await t.api(404, 'GET', `/policies/${policy.id}`)
  })
})
