/** Devices over HTTP: lists with filters and pages, one device, changes with revisions, blocking, leaving. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually, nobody, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

type Summary = {
  id: string
  name: string
  lifecycle: string
  liveness: string
  owner: { name: string } | null
  osName: string
}
type Page = { items: Summary[]; next?: string }
type Device = Summary & {
  revision: number
  facts: Record<string, unknown>
  operations: { id: string; available: boolean; reason?: { code: string } }[]
  enrolment: { epoch: number }
  ownership: string
  blocked: boolean
}

describe('devices', () => {
  let t: TestServer
  const devices: TestDevice[] = []
  before(async () => {
    t = await startTestServer()
    for (const name of ['alpha', 'beta', 'gamma'])
      devices.push(await t.enrol(name, { facts: { 'device.manufacturer': name === 'gamma' ? 'Acme' : 'Other' } }))
    await devices[0]!.sync()
  })
  after(() => t.stop())

  it('lists them newest first, in pages that neither repeat nor skip', async () => {
    const first = await t.api<Page>(200, 'GET', '/devices?limit=2')
    assert.deepEqual(
      first.items.map((d) => d.name),
      ['gamma', 'beta'],
    )
    assert.ok(first.next)
    const second = await t.api<Page>(200, 'GET', `/devices?limit=2&cursor=${first.next}`)
    assert.deepEqual([second.items.map((d) => d.name), second.next], [['alpha'], undefined])
  })
  it('filters', async () => {
    const names = async (query: string) => (await t.api<Page>(200, 'GET', `/devices?${query}`)).items.map((d) => d.name)
    assert.deepEqual(await names('q=eta'), ['beta'])
    assert.deepEqual(await names('q=%25'), [], 'wildcards are plain letters')
    assert.deepEqual(await names('platform=linux&lifecycle=active'), ['gamma', 'beta', 'alpha'])
    assert.deepEqual(await names('platform=other'), [])
    assert.deepEqual(await names('ownership=byod'), [])
    assert.deepEqual(await names('compliance=violated'), [])
  })
  it('shows one with its facts and what can be sent to it', async () => {
    const device = await t.api<Device>(200, 'GET', `/devices/${devices[2]!.id}`)
    assert.equal(device.facts['device.manufacturer'], 'Acme')
    assert.equal(device.enrolment.epoch, 1)
    assert.equal(device.operations.find((o) => o.id === 'device.inventory')?.available, true)
    const reader = await t.tokenWith('device:read')
    const seen = await t.api<Device>(200, 'GET', `/devices/${devices[2]!.id}`, { token: reader })
    assert.deepEqual(seen.operations.find((o) => o.id === 'device.inventory')?.reason?.code, 'forbidden')
  })
  it('renames it for the one who read it last', async () => {
    const path = `/devices/${devices[1]!.id}`
    const { revision } = await t.api<Device>(200, 'GET', path)
    const missing = await t.api<{ code: string; errors: { path: string }[] }>(400, 'PATCH', path, {
      body: { name: 'x' },
    })
    assert.deepEqual([missing.code, missing.errors[0]?.path], ['invalid-request', 'headers.if-match'])
    const renamed = await t.api<Device>(200, 'PATCH', path, {
      body: { name: 'Bet "ä"' },
      headers: { 'if-match': `"${revision}"` },
    })
    assert.deepEqual([renamed.name, renamed.revision], ['Bet "ä"', revision + 1])
    const stale = await t.api<{ code: string }>(412, 'PATCH', path, {
      body: { name: 'overwritten' },
      headers: { 'if-match': `"${revision}"` },
    })
    assert.equal(stale.code, 'revision-mismatch')
    assert.equal((await t.api<Device>(200, 'GET', path)).name, 'Bet "ä"')
    for (const header of ['7', '""', '"x"', '*'])
      await t.api(400, 'PATCH', path, { body: { name: 'x' }, headers: { 'if-match': header } })
  })
  it('gives it a new owner with a new epoch, or nothing at all', async () => {
    const user = await t.api<{ id: string }>(201, 'POST', '/users', { body: { name: 'otto' } })
    const path = `/devices/${devices[1]!.id}`
    const { revision } = await t.api<Device>(200, 'GET', path)
    const headers = { 'if-match': `"${revision}"` }
    await t.api(400, 'PATCH', path, { body: { owner: '999999' }, headers })
    await t.api(400, 'PATCH', path, { body: { owner: user.id, name: 'both' }, headers })
    const owned = await t.api<Device>(200, 'PATCH', path, { body: { owner: user.id }, headers })
    assert.deepEqual([owned.owner?.name, owned.enrolment.epoch], ['otto', 2])
    await t.api(412, 'PATCH', path, { body: { owner: null }, headers })
  })
  it('hands nothing to a blocked one until it is let in again', async () => {
    const [device] = devices
    await t.api(204, 'POST', `/devices/${device!.id}/block`, { body: { blocked: true } })
    assert.equal((await t.api<Device>(200, 'GET', `/devices/${device!.id}`)).blocked, true)
    await t.api(201, 'POST', '/activities', {
      body: { operation: 'device.inventory', target: { devices: [device!.id] } },
    })
    assert.deepEqual((await device!.sync()).deliveries, [])
    await t.api(204, 'POST', `/devices/${device!.id}/block`, { body: { blocked: false } })
    const [handed] = await eventually(async () => {
      const { deliveries } = await device!.sync()
      return deliveries.length > 0 && deliveries
    })
    assert.equal(handed?.name, 'device.inventory')
  })
  it('hides what is beyond the reach of the reader', async () => {
    const anna = await t.api<{ id: string }>(201, 'POST', '/users', {
      body: { name: 'anna', password: 'a long enough word', roles: [{ role: await role('employee') }] },
    })
    const hers = await t.enrol('annas', { user: anna.id })
    const headers = await t.signIn('anna', 'a long enough word')
    const seen = await t.api<Page>(200, 'GET', '/devices', { token: null, headers })
    assert.deepEqual(
      seen.items.map((d) => d.name),
      ['annas'],
    )
    await t.api(200, 'GET', `/devices/${hers.id}`, { token: null, headers })
    await t.api(404, 'GET', `/devices/${devices[0]!.id}`, { token: null, headers })
    await t.api(404, 'GET', `/devices/${devices[0]!.id}/compliance`, { token: null, headers })
    await t.api(403, 'POST', `/devices/${hers.id}/block`, { token: null, headers, body: { blocked: true } })
  })
  it('lets nobody gain permissions by becoming the owner', async () => {
    const make = (name: string, permissions: string[], own = false) =>
      t.api<{ id: string }>(201, 'POST', '/roles', { body: { name, permissions, own } })
    const [own, desk] = [
      await make('own-wipes', ['device:read', 'operation:*'], true),
      await make('desk', ['device:read', 'device:write']),
    ]
    const roles = [{ role: own.id }, { role: desk.id }]
    const body = { name: 'desk', password: 'a long enough word', roles }
    const user = await t.api<{ id: string }>(201, 'POST', '/users', { body })
    const other = await t.api<{ id: string }>(201, 'POST', '/users', { body: { ...body, name: 'else' } })
    const signed = await t.signIn('desk', 'a long enough word')
    const path = `/devices/${devices[1]!.id}`
    const give = async (status: number, owner: string | null) => {
      const { revision } = await t.api<{ revision: number }>(200, 'GET', path)
      const headers = { ...signed, 'if-match': `"${revision}"` }
      return t.api<{ permission: string }>(status, 'PATCH', path, { token: null, headers, body: { owner } })
    }
    assert.equal((await give(403, user.id)).permission, 'operation:*')
    await give(200, other.id)
    await give(200, null)
  })
  it('counts them', async () => {
    const counts = await t.api<{ devices: { total: number; platform: Record<string, number> } }>(
      200,
      'GET',
      '/metrics-summary',
    )
    assert.deepEqual([counts.devices.total, counts.devices.platform], [4, { linux: 4 }])
  })
  it('shows events and messages; reading contents is audited', async () => {
    await t.api<{ items: unknown[] }>(200, 'GET', `/devices/${devices[0]!.id}/events`)
    const list = await t.api<{ items: { direction: string; content?: string }[] }>(
      200,
      'GET',
      `/devices/${devices[0]!.id}/messages?limit=5`,
    )
    assert.ok(list.items.every((m) => m.content === undefined))
    await t.api(200, 'GET', `/devices/${devices[0]!.id}/messages?content=true`)
    const audit = await t.api<{ items: { act: string; subject: string }[] }>(200, 'GET', '/audit?act=message.read')
    assert.equal(audit.items[0]?.subject, `device:${devices[0]!.id}`)
  })
  it('lets it go', async () => {
    const path = `/devices/${devices[2]!.id}`
    assert.deepEqual(await t.api(202, 'DELETE', path), { state: 'disenrolling' })
    assert.deepEqual(await t.api(202, 'DELETE', path), { state: 'disenrolling' }, 'a repeat changes nothing')
    const sent = await devices[2]!.sync()
    const farewell = sent.deliveries.find((d) => d.name === 'device.disenrol')
    assert.ok(farewell)
    await devices[2]!.sync({ results: [{ id: farewell.id, state: 'completed', result: {} }] }).catch(() => undefined)
    const gone = await eventually(async () => {
      const d = await t.api<Device>(200, 'GET', path)
      return d.lifecycle === 'removed' && d
    })
    assert.equal(gone.name, 'gamma', 'it stays readable')
    assert.ok(!(await t.api<Page>(200, 'GET', '/devices')).items.some((d) => d.id === gone.id))
    await t.api(409, 'DELETE', path)
    await t.api(404, 'DELETE', `/devices/${nobody}`)
  })

  async function role(name: string): Promise<string> {
    const { items } = await t.api<{ items: { id: string; name: string }[] }>(200, 'GET', '/roles')
    return items.find((r) => r.name === name)!.id
  }
})
