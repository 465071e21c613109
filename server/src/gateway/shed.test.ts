/** Overload, made by hand: what is let go in which order, what never is, how those sent away are told to come back, and that calm returns. */
import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import { eventually, startTestServer, type TestServer } from '../testing.ts'
import { createPressure, type Signals } from './pressure.ts'
import { weightOf } from './shed.ts'

/** A pressure whose timer and clock are turned by hand. */
function bench() {
  const signals: Signals = { turns: 0, pool: 0, requests: 0 }
  let at = 0
  let tick: (() => void) | undefined
  const changes: number[] = []
  const pressure = createPressure({
    signals: () => signals,
    now: () => at,
    repeat: (f) => {
      tick = f
      return () => {
        tick = undefined
      }
    },
    onChange: (level) => changes.push(level),
  })
  const pass = (times: number, lateMs = 0) => {
    for (let i = 0; i < times; i++) {
      at += 100 + lateMs
      tick?.()
    }
  }
  return { signals, pressure, changes, pass, measures: () => tick !== undefined }
}

describe('pressure', () => {
  it('measures nothing until somebody asks, and nothing again once nobody does', () => {
    const b = bench()
    assert.equal(b.measures(), false)
    b.pressure.note()
    assert.equal(b.measures(), true)
    b.pass(40)
    assert.equal(b.measures(), false)
    b.pressure.note()
    assert.equal(b.measures(), true)
  })
  it('takes one bad moment for chance, and several in a row for load', () => {
    for (const [name, steps] of [
      ['turns', [2_500, 3_750, 4_500]],
      ['pool', [50, 100, 200]],
      ['requests', [250, 500, 1_000]],
    ] as const) {
      for (const [i, value] of steps.entries()) {
        const b = bench()
        b.pressure.note()
        b.signals[name] = value
        b.pass(4)
        assert.equal(b.pressure.level(), 0, `${name} ${value}, but not for long`)
        b.pass(1)
        assert.equal(b.pressure.level(), i + 1, `${name} ${value}`)
      }
    }
  })
  it('hears the event loop come late', () => {
    const b = bench()
    b.pressure.note()
    b.pass(10, 90)
    assert.equal(b.pressure.level(), 0)
    b.pass(5, 450)
    assert.equal(b.pressure.level(), 1)
    b.pass(5, 2_000)
    assert.equal(b.pressure.level(), 3)
  })
  it('does not swing: it calms down late, and only well below', () => {
    const b = bench()
    b.pressure.note()
    b.signals.turns = 4_600
    b.pass(5)
    assert.equal(b.pressure.level(), 3)
    // Around the border nothing changes, however long it lasts.
    for (let i = 0; i < 50; i++) {
      b.signals.turns = i % 2 === 0 ? 4_400 : 4_600
      b.pass(1)
    }
    b.signals.turns = 2_000
    b.pass(19)
    assert.equal(b.pressure.level(), 3, 'not before it was low for two seconds')
    b.pass(1)
    assert.equal(b.pressure.level(), 1)
    b.signals.turns = 0
    b.pass(20)
    assert.deepEqual([b.pressure.level(), b.changes], [0, [3, 1, 0]])
  })
})

test('every place in the order follows from what a route declares', () => {
  const permission = { permission: 'x:read' }
  const cases: [string, string, Parameters<typeof weightOf>[2], string][] = [
    ['POST', '/linux/agent/sync', { device: true }, 'never'],
    ['POST', '/api/v1/activities/:id/cancel', { principal: true }, 'never'],
    ['POST', '/api/v1/session', { public: 'x' }, 'never'],
    ['POST', '/oauth2/token', { public: 'x' }, 'never'],
    ['GET', '/healthz', { public: 'x' }, 'never'],
    ['POST', '/api/v1/activities', { principal: true }, 'work'],
    ['DELETE', '/api/v1/devices/:id', permission, 'work'],
    ['GET', '/api/v1/audit/export', permission, 'report'],
    ['GET', '/api/v1/metrics-summary', permission, 'report'],
    ['POST', '/api/v1/groups/preview', permission, 'report'],
    ['GET', '/api/v1/devices', permission, 'inventory'],
    ['GET', '/api/v1/devices/:id', permission, 'inventory'],
    ['GET', '/api/v1/policies', permission, 'page'],
    ['GET', '/api/v1/activities/:id', permission, 'page'],
    ['GET', '/devices', { public: 'the web app itself holds no data' }, 'page'],
  ]
  for (const [method, path, access, weight] of cases)
    assert.equal(weightOf(method, path, access), weight, `${method} ${path}`)
})

describe('a server that is pressed', () => {
  let t: TestServer
  let turns = 0
  /** So many exchanges wait, by the server's own reckoning: what asks for levels 0 to 3. */
  const rising = [0, 3_000, 4_000, 4_800]
  /** Each level is left only well below where it began. */
  const falling = [0, 2_000, 2_500]
  before(async () => {
    t = await startTestServer({ waiting: () => ({ turns, pool: 0 }) })
  })
  after(() => t.stop())
  const status = async (method: string, path: string, body?: unknown) =>
    (await t.call(method, path, { body: body as never })).status
  /** One of each kind, in the order in which they are let go. */
  const look = async () => ({
    report: await status('GET', '/api/v1/metrics-summary'),
    inventory: await status('GET', '/api/v1/devices'),
    page: await status('GET', '/api/v1/policies'),
  })
  const send = async (device: string) =>
    t.api<{ id: string }>(201, 'POST', '/activities', {
      body: { operation: 'device.inventory', params: {}, target: { devices: [device] } },
    })

  const looks = ['200 200 200', '503 200 200', '503 503 200', '503 503 503']
  const reach = async (level: number, asking = rising) => {
    turns = asking[level] ?? 0
    const seen = { last: '' }
    await eventually(async () => {
      seen.last = Object.values(await look()).join(' ')
      return seen.last === looks[level]
    }, 30_000).catch(() => assert.fail(`level ${level} never came: ${seen.last}`))
  }

  it('lets reports go first, then inventory, then pages, and takes them back in the reverse order', async () => {
    for (const level of [0, 1, 2, 3]) await reach(level)
    for (const level of [2, 1, 0]) await reach(level, falling)
  })
  it('says when to come back, and not to all the same', async () => {
    await reach(3)
    const waits = new Set<string>()
    for (let i = 0; i < 30; i++) {
      const got = await t.call<{ code: string }>('GET', '/api/v1/metrics-summary')
      assert.deepEqual([got.status, got.body.code], [503, 'overloaded'])
      waits.add(got.headers.get('retry-after') ?? 'none')
    }
    assert.ok(waits.size > 2 && [...waits].every((w) => Number(w) >= 1 && Number(w) <= 60), [...waits].join())
    await reach(0)
  })
  it('never lets go what devices acknowledge, what they fetch, a cancel, a sign-in or a token', async () => {
    await reach(0)
    const device = await t.enrol('busy')
    await send(device.id)
    const { deliveries } = await device.sync({ take: 10 })
    const [first] = deliveries
    assert.ok(first)
    const second = await send(device.id)
    await reach(3)
    // An answer goes in, with whatever rides along; inventory alone is asked to wait.
    await device.sync({
      take: 0,
      results: [{ id: first.id, state: 'completed', result: {} }],
      facts: { 'os.name': 'Debian' },
    })
    const told = await t.call<{ code: string }>('POST', '/linux/agent/sync', {
      token: device.token,
      body: { sequence: 50, at: new Date().toISOString(), take: 0, facts: { 'os.name': 'Other' } },
    })
    assert.deepEqual([told.status, told.body.code], [503, 'overloaded'])
    assert.ok(Number(told.headers.get('retry-after')) >= 5)
    await device.sync({ take: 0 })
    await t.api(200, 'POST', `/activities/${second.id}/cancel`)
    assert.equal(await status('POST', '/api/v1/session', { username: 'admin', password: 'first administrator' }), 200)
    await t.tokenWith('device:read')
    assert.equal(await status('GET', '/healthz'), 200)
    await reach(0)
    const facts = (await t.api<{ facts: Record<string, unknown> }>(200, 'GET', `/devices/${device.id}`)).facts
    assert.equal(facts['os.name'], 'Debian', 'what was refused was not kept')
    // Said again when it is calm, it goes in.
    await t.call('POST', '/linux/agent/sync', {
      token: device.token,
      body: { sequence: 51, at: new Date().toISOString(), take: 0, facts: { 'os.name': 'Other' } },
    })
    assert.equal(
      (await t.api<{ facts: Record<string, unknown> }>(200, 'GET', `/devices/${device.id}`)).facts['os.name'],
      'Other',
    )
  })
  it('gives every route a place, and devices, cancels and writes none where they would be let go', () => {
    const table = t.server.routeTable()
    for (const { method, path, access } of table) {
      const weight = weightOf(method, path, access)
      if ('device' in access || path.endsWith('/cancel')) assert.equal(weight, 'never', `${method} ${path}`)
      else if (!['GET', 'HEAD'].includes(method) && !path.endsWith('/preview'))
        assert.ok(weight === 'work' || weight === 'never', `${method} ${path}: ${weight}`)
    }
    assert.ok(table.length > 100)
  })
})
