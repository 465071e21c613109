/** Operations over HTTP: sent once whatever is repeated, followed to their end, previewed, cancelled, refused. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { nobody, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

type Created = { id: string; targets: number; refused: { device: string; code: string }[] }
type Activity = {
  id: string
  counts: Record<string, number>
  targets: number
  cancelledAt: string | null
  params: Record<string, unknown>
}
type Operation = {
  id: string
  activity: string
  state: string
  result: Record<string, unknown> | null
  reason: { code: string } | null
  attempts: number
}

describe('activities', () => {
  let t: TestServer
  let device: TestDevice
  let other: TestDevice
  before(async () => {
    t = await startTestServer()
    device = await t.enrol('one')
    other = await t.enrol('two')
  })
  after(() => t.stop())
  const message = (text: string, target: object) => ({ operation: 'device.message', params: { text }, target }) as never
  const count = async () => (await t.api<{ items: unknown[] }>(200, 'GET', '/activities?limit=200')).items.length

  it('walks from sending to the result', async () => {
    const made = await t.api<Created>(201, 'POST', '/activities', { body: message('hello', { devices: [device.id] }) })
    assert.deepEqual([made.targets, made.refused], [1, []])
    const state = async () =>
      (await t.api<{ items: Operation[] }>(200, 'GET', `/devices/${device.id}/operations`)).items[0]!
    assert.deepEqual([(await state()).state, (await state()).activity], ['pending', made.id])
    const { deliveries } = await device.sync()
    assert.deepEqual([deliveries[0]?.name, deliveries[0]?.payload], ['device.message', { title: '', text: 'hello' }])
    assert.equal((await state()).state, 'sent')
    await device.sync({ results: [{ id: deliveries[0]!.id, state: 'completed', result: { shownTo: 2 } }] })
    const done = await state()
    assert.deepEqual([done.state, done.result, done.attempts], ['completed', { shownTo: 2 }, 1])
    const activity = await t.api<Activity>(200, 'GET', `/activities/${made.id}`)
    assert.equal(activity.counts.completed, 1)
    const rows = await t.api<{ items: (Operation & { deviceName: string })[] }>(
      200,
      'GET',
      `/activities/${made.id}/devices`,
    )
    assert.deepEqual(
      rows.items.map((r) => [r.deviceName, r.state]),
      [['one', 'completed']],
    )
  })
  it('sends once for one Idempotency-Key', async () => {
    const before = await count()
    const headers = { 'idempotency-key': 'once-only' }
    const body = message('once', { devices: [device.id] })
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => t.api<Created>(201, 'POST', '/activities', { body, headers })),
    )
    assert.equal(new Set(answers.map((a) => a.id)).size, 1)
    assert.equal(await count(), before + 1)
    const other = await t.api<{ code: string }>(422, 'POST', '/activities', {
      body: message('changed', { devices: [device.id] }),
      headers,
    })
    assert.equal(other.code, 'idempotency-mismatch')
    await t.api(400, 'POST', '/activities', { body, headers: { 'idempotency-key': 'k'.repeat(201) } })
    assert.equal(await count(), before + 1)
  })
  it('previews without sending', async () => {
    const before = await count()
    const seen = await t.api<{ devices: number; targets: number }>(200, 'POST', '/activities/preview', {
      body: message('x', { all: true }),
    })
    assert.deepEqual([seen.devices, seen.targets], [2, 2])
    assert.equal(await count(), before)
  })
  it('reaches devices in every way of naming them', async () => {
    const owner = await t.api<{ id: string }>(201, 'POST', '/users', { body: { name: 'owner' } })
    const theirs = await t.enrol('theirs', { user: owner.id })
    const group = await t.api<{ id: string }>(201, 'POST', '/groups', { body: { name: 'some' } })
    await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { add: [device.id, other.id] } })
    const reached = async (target: object) =>
      (await t.api<{ devices: number }>(200, 'POST', '/activities/preview', { body: message('x', target) })).devices
    assert.equal(await reached({ groups: [group.id] }), 2)
    assert.equal(await reached({ users: [owner.id] }), 1)
    assert.equal(await reached({ query: { field: 'name', op: 'eq', value: 'theirs' } }), 1)
    assert.equal(await reached({ devices: [device.id, theirs.id] }), 2)
  })
  it('refuses what cannot be sent, and queues nothing', async () => {
    const before = await count()
    const target = { devices: [device.id] }
    const refused: [number, string, object][] = [
      [422, 'unknown-operation', { operation: 'device.teleport', params: {}, target }],
      [422, 'invalid-params', { operation: 'device.message', params: { text: 7 }, target }],
      [422, 'invalid-params', { operation: 'device.message', params: { text: 'x', colour: 'red' }, target }],
      [422, 'invalid-target', { operation: 'device.inventory', target: { devices: [nobody] } }],
      [422, 'invalid-target', { operation: 'device.inventory', target: { groups: ['77'] } }],
      [
        422,
        'invalid-query',
        { operation: 'device.inventory', target: { query: { field: 'name', op: 'sounds-like', value: 'x' } } },
      ],
      [
        422,
        'empty-target',
        { operation: 'device.inventory', target: { query: { field: 'name', op: 'eq', value: 'nobody' } } },
      ],
      [409, 'targets-changed', { operation: 'device.inventory', target, expect: 2 }],
      [400, 'invalid-request', { operation: 'device.inventory', target: {} }],
      [400, 'invalid-request', { operation: 'device.inventory', target: { devices: [] } }],
      [400, 'invalid-request', { operation: 'device.inventory', target: { devices: [device.id], all: true } }],
      [400, 'invalid-request', { operation: 'device.inventory', target, deadline: '2001-01-01T00:00:00Z' }],
    ]
    for (const [status, code, body] of refused)
      assert.equal(
        (await t.api<{ code: string }>(status, 'POST', '/activities', { body: body as never })).code,
        code,
        JSON.stringify(body),
      )
    assert.equal(await count(), before)
  })
  it('cancels what has not begun', async () => {
    await other.sync()
    const made = await t.api<Created>(201, 'POST', '/activities', { body: message('never', { devices: [other.id] }) })
    assert.deepEqual(await t.api(200, 'POST', `/activities/${made.id}/cancel`), { cancelled: 1, cancelling: 0 })
    assert.deepEqual(
      await t.api(200, 'POST', `/activities/${made.id}/cancel`),
      { cancelled: 0, cancelling: 0 },
      'a repeat changes nothing',
    )
    assert.deepEqual((await other.sync()).deliveries, [])
    const activity = await t.api<Activity>(200, 'GET', `/activities/${made.id}`)
    assert.ok(activity.cancelledAt)
    assert.equal(activity.counts.cancelled, 1)
    await t.api(404, 'POST', '/activities/999999999/cancel')
  })
  it('shows somebody whose reach ends only what touches it, and what they sent', async () => {
    const group = await t.api<{ id: string }>(201, 'POST', '/groups', { body: { name: 'theirs' } })
    await t.api(200, 'POST', `/groups/${group.id}/devices`, { body: { add: [device.id] } })
    const role = await t.api<{ id: string }>(201, 'POST', '/roles', {
      body: { name: 'looks', permissions: ['activity:read', 'operation:device.message'] },
    })
    const password = 'a long enough password'
    await t.api(201, 'POST', '/users', {
      body: { name: 'scoped', password, roles: [{ role: role.id, group: group.id }] },
    })
    const send = async (...devices: string[]) =>
      (await t.api<Created>(201, 'POST', '/activities', { body: message('secret plans', { devices }) })).id
    const [foreign, shared, own] = [await send(other.id), await send(other.id, device.id), await send(device.id)]
    const headers = await t.signIn('scoped', password)
    const look = { token: null, headers }
    const { items } = await t.api<{ items: Activity[] }>(200, 'GET', '/activities?limit=200', look)
    const seen = new Set(items.map((a) => a.id))
    assert.deepEqual([seen.has(foreign), seen.has(shared), seen.has(own)], [false, true, true])
    await t.api(404, 'GET', `/activities/${foreign}`, look)
    await t.api(404, 'POST', `/activities/${foreign}/cancel`, look)
    assert.equal((await t.api<Activity>(200, 'GET', `/activities/${foreign}`)).cancelledAt, null)
    await t.api(200, 'GET', `/activities/${shared}`, look)
    // Settled ones as well as open ones.
    await t.api(200, 'POST', `/activities/${own}/cancel`)
    await t.api(200, 'GET', `/activities/${own}`, look)
  })
  it('takes no report from another device, of nothing, or twice', async () => {
    const made = await t.api<Created>(201, 'POST', '/activities', { body: message('mine', { devices: [device.id] }) })
    const mine = (await device.sync()).deliveries.find((d) => d.payload.text === 'mine')!
    await other.sync({ results: [{ id: mine.id, state: 'completed', result: { shownTo: 9 } }] })
    await device.sync({ results: [{ id: 'o1-zzz', state: 'completed', result: {} }] })
    const state = async () =>
      (await t.api<{ items: Operation[] }>(200, 'GET', `/activities/${made.id}/devices`)).items[0]!
    assert.equal((await state()).state, 'sent')
    await device.sync({ results: [{ id: mine.id, state: 'completed', result: { shownTo: 1 } }] })
    await device.sync({ results: [{ id: mine.id, state: 'failed', code: 'late', text: 'too late' }] })
    assert.deepEqual([(await state()).state, (await state()).result], ['completed', { shownTo: 1 }])
  })
})
