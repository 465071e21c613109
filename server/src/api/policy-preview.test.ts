/** Previews of policies over HTTP: counts with the lists behind them, one device value by value, and nothing that breaks them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Json } from '@muster/contract'
import fc from 'fast-check'
import { startTestServer, type TestDevice, type TestServer } from '../testing.ts'

type Count = { devices: number; pick: string }
type Preview = {
  version: number
  reached: Count
  gains: Count
  features: { feature: string; delivers: Count; cannot: (Count & { reason: { code: string } })[] }[]
  conflicts: { with: { name: string }; wins: boolean; ours: Json; theirs: Json }[]
}
const passcode = (minLength: number) => ({ feature: 'passcode', settings: { minLength } })

describe('a preview of a policy', () => {
  let t: TestServer
  let device: TestDevice
  let id: string
  before(async () => {
    t = await startTestServer()
    device = await t.enrol('one')
    await t.enrol('two', { ownership: 'byod' })
    const policy = await t.api<{ id: string }>(201, 'POST', '/policies', {
      body: { name: 'Base', platform: 'linux', assignment: { ownership: ['cope'] }, features: [passcode(10)] },
    })
    id = policy.id
  })
  after(() => t.stop())
  const preview = (body: Json, status = 200) => t.api<Preview>(status, 'POST', `/policies/${id}/preview`, { body })

  it('counts whom the draft would reach, and lists them', async () => {
    const p = await preview({})
    assert.deepEqual([p.version, p.reached.devices, p.gains.devices], [1, 1, 1])
    assert.equal(p.features[0]?.delivers.devices, 1)
    const behind = await t.api<{ items: { id: string; name: string }[] }>(
      200,
      'POST',
      `/policies/${id}/preview/devices?limit=10`,
      { body: { pick: p.gains.pick } },
    )
    assert.deepEqual(
      behind.items.map((d) => d.id),
      [device.id],
    )
    const other = await preview({ draft: { name: 'Base', features: [passcode(12)] } })
    assert.equal(other.reached.devices, 2)
    const what = await t.api<{
      before: boolean
      after: boolean
      features: { outcome: string; after: { settings: Json } }[]
    }>(200, 'POST', `/policies/${id}/preview/devices/${device.id}`, { body: {} })
    assert.deepEqual([what.before, what.after, what.features[0]?.outcome], [false, true, 'delivers'])
  })
  it('is right about what publishing then does, and of a policy that is not yet made', async () => {
    const p = await preview({})
    const published = await t.api<{ devices: number; version: number }>(200, 'POST', `/policies/${id}/publish`)
    assert.deepEqual([published.devices, published.version], [p.reached.devices, p.version])
    const made = await t.api<Preview>(200, 'POST', '/policies/preview', {
      body: { name: 'Stricter', platform: 'linux', priority: 1, features: [passcode(14)] },
    })
    assert.equal(made.gains.devices, 2)
    assert.deepEqual(
      made.conflicts.map((c) => [c.with.name, c.wins]),
      [['Base', true]],
    )
    assert.equal((await t.api<{ items: unknown[] }>(200, 'GET', '/policies')).items.length, 1, 'nothing was made')
  })
  it('refuses what it cannot say', async () => {
    await preview({ act: 'explode' }, 400)
    await preview({ draft: { name: 'x', features: [{ feature: 'passcode', settings: { minLength: 'x' } }] } }, 422)
    await t.api(404, 'POST', '/policies/999/preview', { body: {} })
    await t.api(404, 'POST', `/policies/${id}/preview/devices/nonsense`, { body: {} })
    await t.api(422, 'POST', '/policies/preview', { body: { name: 'x', platform: 'nothing', features: [] } })
    await t.api(403, 'POST', `/policies/${id}/preview`, { body: {}, token: await t.tokenWith('device:read') })
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('draft', 'pick', ''), async (value, key) => {
        const body = (key === '' ? value : { [key]: value }) as Json
        for (const path of [`/policies/${id}/preview`, `/policies/${id}/preview/devices`, '/policies/preview']) {
          const got = await t.call('POST', `/api/v1${path}`, { body })
          assert.ok(got.status < 500, `${path} ${JSON.stringify(body)}: ${got.status}`)
        }
      }),
      { numRuns: 40 },
    )
  })
})
