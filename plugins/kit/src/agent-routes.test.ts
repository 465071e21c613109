import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type agentChannel,
  type Channel,
  type ChannelDetail,
  type Delivery,
  deviceInventory,
  isProblem,
  type Json,
  type JsonObject,
  linuxBanner,
  type PlatformHost,
  Problem,
  type Refusal,
  type Terms,
  type Turn,
} from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { agentRoutes } from './agent-routes.ts'
import { jsonFeatureRow, jsonRow } from './json-row.ts'

const terms: Terms = {
  platform: 'linux',
  ownership: 'cope',
  organisation: 'Example',
  licence: { version: '3', language: 'en', text: 'Be kind.' },
  expiresAt: '2030-01-01T00:00:00.000Z',
}

/** An in-memory host: one device, its queue, and everything that the routes did to it. */
function fakeHost(o: { channel?: Partial<ChannelDetail>; terms?: Partial<Terms> } = {}) {
  const fake = {
    channel: { ...sampleChannel({ platform: 'linux' }), ...o.channel } as ChannelDetail,
    refusal: undefined as Refusal['refused'] | undefined,
    queue: [] as Delivery[],
    turns: [] as Turn[],
    details: 0,
    activated: [] as JsonObject[],
    gone: [] as string[],
    sent: 0,
    wake: (): void => undefined,
    waits: 0,
  }
  const no = async () => assert.fail('not for this channel')
  const host: PlatformHost = {
    identify: async (proof) =>
      'bearer' in proof && proof.bearer === 'good' && fake.refusal === undefined
        ? fake.channel
        : { refused: fake.refusal ?? 'unknown' },
    async detail() {
      fake.details += 1
      return fake.channel
    },
    organisation: async () => 'Example',
    people: { signIn: no, find: no, named: no, terms: no, mayEnrol: no, invite: no, admit: no },
    server: () => ({ url: 'https://muster.example', trust: [] }),
    async invitation(code) {
      if (code !== 'CODE-1') throw new Problem('invitation-unknown')
      return { ...terms, ...o.terms }
    },
    terms: async () => ({ ...terms, ...o.terms }),
    async activate(_c: Channel, facts: JsonObject, accepted) {
      fake.activated.push({ facts, accepted: accepted ?? null })
    },
    idle: () => undefined,
    short: () => false,
    async turn(_c, t) {
      fake.turns.push(structuredClone(t))
      if (t.state !== undefined) fake.channel = { ...fake.channel, state: t.state }
      await sleep(1)
      return fake.queue.splice(0, t.take)
    },
    sentBytes() {
      fake.sent += 1
    },
    wait: (_c, signal) => {
      fake.waits += 1
      return new Promise((resolve) => {
        fake.wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
    pace: () => 60,
    async gone(_c, reason) {
      fake.gone.push(reason.text)
    },
    key: no,
    signingKeys: () => [{ kty: 'OKP', kid: 'k1' }],
    begin: no,
    channel: no,
    desired: no,
    errand: no,
    find: no,
    certificates: { issue: no, revoke: no, authorities: () => [], own: no, ending: no },
    secrets: { put: no, get: no },
    channels: no,
    vault: { seal: () => assert.fail('not for this channel'), open: () => assert.fail('not for this channel') },
    count: no,
    alert: no,
    sql: no,
    fetch: no,
    log: { info: () => undefined, warn: () => undefined },
    clock: { now: () => new Date('2026-05-01T10:00:00Z') },
  }
  const routes = agentRoutes(host, { platform: 'linux', version: '1.2.3', minimumAgent: '0.2.0', longPollS: 1 })
  async function call(
    path: string,
    body?: unknown,
    more: { bearer?: string | null; signal?: AbortSignal; bytes?: Uint8Array } = {},
  ) {
    const route = routes.find((r) => r.path === `/agent/${path}`)
    assert.ok(route)
    const bytes = more.bytes ?? Buffer.from(body === undefined ? '' : JSON.stringify(body))
    const headers: Record<string, string> =
      more.bearer === null ? {} : { authorization: `Bearer ${more.bearer ?? 'good'}` }
    const reply = await route.handle({
      method: route.method,
      path: route.path,
      query: '',
      headers,
      body: bytes,
      remote: '',
      signal: more.signal ?? new AbortController().signal,
    })
    return {
      status: reply.status,
      body: reply.body === undefined ? undefined : (JSON.parse(String(reply.body)) as Record<string, Json>),
    }
  }
  const sync = async (body: Partial<agentChannel.Sync>, more?: Parameters<typeof call>[2]) =>
    (await call('sync', { sequence: 0, at: '2026-05-01T10:00:00Z', take: 25, ...body }, more))
      .body as unknown as agentChannel.SyncAnswer
  function deliver(id: string): Delivery {
    const d: Delivery = {
      id,
      channel: fake.channel,
      attempt: 1,
      deadline: '2026-06-01T00:00:00Z',
      secrets: {},
      kind: 'operation',
      operation: 'device.inventory',
      row: jsonRow(deviceInventory),
      params: {},
    }
    fake.queue.push(d)
    return d
  }
  return { fake, host, call, sync, deliver, routes }
}
async function problem(work: Promise<unknown>, code: string, step?: string): Promise<void> {
  await assert.rejects(work, (e) => {
    assert.ok(isProblem(e), String(e))
    assert.deepEqual([e.code, e.extra.step], [code, step])
    return true
  })
}

test('the steps: about, code, licence, ownership, done', async () => {
  const { fake, call } = fakeHost()
  assert.deepEqual((await call('about')).body, {
    product: 'muster',
    version: '1.2.3',
    protocol: 1,
    platform: 'linux',
    organisation: 'Example',
    minimumAgent: '0.2.0',
    time: '2026-05-01T10:00:00.000Z',
    registration: 'oauth2/reg',
    token: 'oauth2/token',
  })
  assert.deepEqual((await call('invitation', { code: 'CODE-1' })).body, terms)
  const done = {
    device: fake.channel.device,
    channel: 7,
    epoch: 1,
    nextS: 60,
    signingKeys: [{ kty: 'OKP', kid: 'k1' }],
  }
  const said = { licence: '3', ownership: 'cope', facts: { 'os.name': 'x', 'agent.version': '0.2.0' } }
  assert.deepEqual((await call('enrolment', said)).body, done)
  assert.deepEqual((await call('enrolment', said)).body, done)
  assert.deepEqual(fake.activated[0], { facts: said.facts, accepted: { licence: '3' } })
  assert.equal((await call('farewell', { reason: 'sold' })).status, 204)
  assert.deepEqual(fake.gone, ['sold'])
})

test('each refusal names its step and changes nothing', async () => {
  const { fake, call } = fakeHost()
  await problem(call('invitation', { code: 'NOPE' }), 'invitation-unknown', 'code')
  await problem(call('invitation', { code: 1 }), 'invalid-request', 'code')
  await problem(
    fakeHost({ terms: { platform: 'toaster' } }).call('invitation', { code: 'CODE-1' }),
    'invitation-platform',
    'code',
  )
  const said = { licence: '3', ownership: 'cope', facts: {} }
  await problem(call('enrolment', { ...said, licence: undefined }), 'licence-not-accepted', 'licence')
  await problem(call('enrolment', { ...said, licence: '2' }), 'licence-not-accepted', 'licence')
  await problem(call('enrolment', { ...said, ownership: 'byod' }), 'invalid-request', 'ownership')
  await problem(call('enrolment', { ...said, facts: { 'agent.version': '0.1.9' } }), 'agent-too-old', 'server')
  await problem(call('enrolment', said, { bearer: null }), 'unauthenticated', 'licence')
  assert.deepEqual([fake.activated, fake.turns], [[], []])
})

test('every kind of credential that is not this device’s has its own refusal', async () => {
  const { fake, call } = fakeHost()
  const cases: [Refusal['refused'], string][] = [
    ['none', 'unauthenticated'],
    ['unknown', 'unauthenticated'],
    ['expired', 'token-expired'],
    ['revoked', 'token-revoked'],
    ['gone', 'device-gone'],
    ['foreign', 'foreign-device'],
  ]
  for (const [refused, code] of cases) {
    fake.refusal = refused
    for (const path of ['enrolment', 'sync', 'farewell']) await assert.rejects(call(path, {}), { code })
  }
  fake.refusal = undefined
  for (const bearer of ['bad', '', 'a b', 'x'.repeat(5000)])
    await assert.rejects(call('sync', {}, { bearer }), { code: 'unauthenticated' })
  await assert.rejects(fakeHost({ channel: { platform: 'toaster' } }).call('sync', {}), { code: 'foreign-device' })
  await assert.rejects(fakeHost({ channel: { lifecycle: 'removed' } }).call('sync', {}), { code: 'device-gone' })
  await problem(fakeHost({ channel: { lifecycle: 'created' } }).sync({}), 'wrong-state', 'licence')
  assert.deepEqual(fake.turns, [])
})

test('an idle poll reads and writes nothing: one turn that only takes', async () => {
  const { fake, sync } = fakeHost()
  assert.deepEqual(await sync({ sequence: 4 }), {
    deliveries: [],
    nextS: 60,
    waitS: 1,
    sequence: 4,
    time: '2026-05-01T10:00:00.000Z',
  })
  assert.deepEqual(fake.turns, [{ take: 25, expectInS: 150 }])
  assert.deepEqual([fake.details, fake.sent, fake.waits], [0, 0, 0])
})

test('a report is one turn, with its number and its bytes', async () => {
  const { fake, sync, deliver } = fakeHost({ channel: { state: { mine: 1 } } })
  deliver('o7-1')
  const result = { id: 'o7-0', state: 'completed' as const, result: { facts: 1 } }
  const answer = await sync({
    sequence: 1,
    results: [result],
    facts: { a: 1 },
    partial: true,
    events: [{ type: 'agent.started', at: '2026-05-01T10:00:00Z', data: {} }],
  })
  assert.deepEqual(answer.deliveries, [
    {
      id: 'o7-1',
      kind: 'operation',
      name: 'device.inventory',
      payload: {},
      attempt: 1,
      deadline: '2026-06-01T00:00:00Z',
    },
  ])
  assert.equal(fake.turns.length, 1)
  const { raw, state, ...turn } = fake.turns[0] as Turn
  assert.deepEqual(turn, {
    take: 25,
    expectInS: 150,
    said: [{ id: 'o7-0', reply: result }],
    facts: { a: 1 },
    partial: true,
    events: [{ type: 'agent.started', at: '2026-05-01T10:00:00Z', data: {} }],
  })
  assert.ok(raw && raw.length > 0)
  assert.deepEqual([(state as JsonObject).mine, ((state as JsonObject).agent as JsonObject).sequence], [1, 1])
  assert.equal(fake.sent, 1)
})

test('a repeat says nothing again; an older report or another under the same number only settles results', async () => {
  const { fake, sync } = fakeHost()
  const results = [{ id: 'o7-0', state: 'completed' as const }]
  await sync({ sequence: 5, results, facts: { a: 1 } })
  assert.equal((await sync({ sequence: 5, results, facts: { a: 1 }, take: 3, waitS: 0 })).sequence, 5)
  assert.deepEqual(fake.turns[1], { take: 3, expectInS: 150 })
  assert.equal((await sync({ sequence: 3, results, facts: { a: 0 } })).sequence, 5)
  assert.equal((await sync({ sequence: 5, results, facts: { a: 2 } })).sequence, 5)
  for (const t of fake.turns.slice(2))
    assert.deepEqual([t.said?.length, t.facts, t.state, t.events], [1, undefined, undefined, undefined])
})

test('raced repeats of one report have one effect', async () => {
  const { fake, sync } = fakeHost()
  await Promise.all(Array.from({ length: 5 }, () => sync({ sequence: 1, facts: { a: 1 } })))
  assert.equal(fake.turns.filter((t) => t.facts).length, 1)
})

test('any order of reports, repeats and replays: facts follow the highest number, once each', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { maxLength: 15 }),
      async (steps) => {
        const { fake, sync } = fakeHost()
        let highest = -1
        let expected = 0
        for (const [sequence, idle] of steps) {
          const answer = await sync(idle ? { sequence } : { sequence, facts: { n: sequence } })
          if (!idle && sequence > highest) {
            highest = sequence
            expected += 1
          }
          if (!idle) assert.equal(answer.sequence, highest)
        }
        const seen = fake.turns.flatMap((t) => (t.facts ? [t.facts.n as number] : []))
        assert.equal(seen.length, expected)
        assert.deepEqual(
          seen,
          [...seen].sort((a, b) => a - b),
        )
      },
    ),
    { numRuns: 30 },
  )
})

test('a full answer asks the agent back at once', async () => {
  const { sync, deliver } = fakeHost()
  deliver('o7-1')
  deliver('o7-2')
  assert.equal((await sync({ take: 1 })).nextS, 0)
  assert.equal((await sync({ take: 2 })).nextS, 60)
})

test('a held sync answers when something is queued, or when its time is over', async () => {
  const { fake, sync, deliver } = fakeHost()
  const held = sync({ waitS: 50 })
  await until(() => fake.waits === 1)
  fake.wake()
  await until(() => fake.waits === 2)
  deliver('o7-1')
  fake.wake()
  assert.equal((await held).deliveries[0]?.id, 'o7-1')
  assert.equal(fake.turns.length, 3)
  const begun = performance.now()
  assert.deepEqual((await sync({ waitS: 50 })).deliveries, [])
  assert.ok(performance.now() - begun > 900)
  assert.equal(fake.turns.length, 4, 'time over: nothing more is asked')
})

test('a listener that went away takes nothing; a blocked device is not held', async () => {
  const { fake, sync, deliver } = fakeHost()
  const away = new AbortController()
  const held = sync({ waitS: 1 }, { signal: away.signal })
  await until(() => fake.waits === 1)
  deliver('o7-1')
  away.abort()
  assert.deepEqual((await held).deliveries, [])
  assert.equal(fake.queue.length, 1)
  const blocked = fakeHost({ channel: { blocked: true } })
  assert.equal((await blocked.sync({ waitS: 50 })).waitS, 0)
  assert.equal(blocked.fake.waits, 0)
})

test('taken for a listener that went away meanwhile: it is given back', async () => {
  const { fake, host, sync, deliver } = fakeHost()
  const away = new AbortController()
  const { turn } = host
  host.turn = async (c, t) => {
    const given = await turn(c, t)
    if (given.length > 0) away.abort()
    return given
  }
  const held = sync({ waitS: 50 }, { signal: away.signal })
  await until(() => fake.waits === 1)
  deliver('o7-1')
  fake.wake()
  assert.deepEqual((await held).deliveries, [])
  const { take, said } = fake.turns.at(-1) as Turn
  assert.deepEqual([take, said?.map((s) => [s.id, 'state' in s && s.state])], [0, [['o7-1', 'returned']]])
})

test('who asks anew ends their older long poll, which takes nothing from then on', async () => {
  const { fake, host, sync, deliver } = fakeHost()
  const first = sync({ waitS: 50 })
  await until(() => fake.waits === 1)
  const second = sync({ waitS: 50 })
  assert.deepEqual((await first).deliveries, [])
  await until(() => fake.waits === 2)
  await sync({ sequence: 1, facts: { a: 1 }, take: 0 })
  deliver('o7-1')
  fake.wake()
  assert.equal((await second).deliveries[0]?.id, 'o7-1', 'who only tells ends nothing')

  // Under way when the newer one comes: it is given back, unless the newer one says what is there.
  for (const has of [undefined, []]) {
    const { turn } = host
    const older = sync({ waitS: 50 })
    const waited = fake.waits
    await until(() => fake.waits > waited)
    let newer: Promise<unknown> | undefined
    host.turn = async (c, t) => {
      const given = await turn(c, t)
      if (given.length > 0) {
        newer = sync({ waitS: 0, has })
        await until(() => fake.turns.length > 1)
      }
      return given
    }
    fake.turns.length = 0
    deliver('o7-2')
    fake.wake()
    assert.deepEqual((await older).deliveries, [])
    await newer
    host.turn = turn
    assert.equal(fake.turns.filter((t) => t.said).length, has === undefined ? 1 : 0)
  }
})

test('what the agent has rides its turn, and makes no other report of a repeat', async () => {
  const { fake, call } = fakeHost()
  // In the order in which an agent writes it.
  const sync = ({ has, ...said }: Partial<agentChannel.Sync>) =>
    call('sync', { sequence: 0, at: '2026-05-01T10:00:00Z', ...said, take: 25, waitS: 0, has })
  await sync({ has: ['o7-1'] })
  assert.deepEqual([...fake.turns], [{ take: 25, expectInS: 150, has: ['o7-1'] }])
  const results = [{ id: 'o7-0', state: 'completed' as const }]
  await sync({ sequence: 1, results })
  await sync({ sequence: 1, results, has: ['o7-0', 'o7-1'] })
  await sync({ sequence: 2, facts: { a: 1 }, has: [] })
  await sync({ sequence: 2, facts: { a: 1 }, has: ['x'] })
  assert.deepEqual(
    fake.turns.slice(1).map((t) => [t.said?.length, t.has, t.facts]),
    [
      [1, undefined, undefined],
      [undefined, ['o7-0', 'o7-1'], undefined],
      [undefined, [], { a: 1 }],
      [undefined, ['x'], undefined],
    ],
  )
})

test('settings and errands are written in the words of the channel', async () => {
  const { fake, sync } = fakeHost()
  const head = { channel: fake.channel, attempt: 2, deadline: 'd', secrets: {} }
  const row = jsonFeatureRow(linuxBanner, { check: () => ({ state: 'verified' }) })
  const settings = { text: 'x', where: ['motd'] }
  fake.queue.push(
    { ...head, id: 's1', kind: 'setting', verb: 'put', feature: 'linux.banner', row, settings },
    { ...head, id: 's2', kind: 'setting', verb: 'drop', feature: 'linux.banner', row, settings },
    { ...head, id: 'o3', kind: 'errand', name: 'tidy', payload: [1] },
    {
      ...head,
      id: 'o4',
      kind: 'operation',
      operation: 'device.inventory',
      row: jsonRow(deviceInventory),
      params: {},
      envelope: 'a.b.c',
    },
  )
  const line = { attempt: 2, deadline: 'd' }
  assert.deepEqual((await sync({})).deliveries, [
    { ...line, id: 's1', kind: 'put', name: 'linux.banner', payload: settings },
    { ...line, id: 's2', kind: 'drop', name: 'linux.banner', payload: {} },
    { ...line, id: 'o3', kind: 'errand', name: 'tidy', payload: [1] },
    { ...line, id: 'o4', kind: 'operation', name: 'device.inventory', payload: {}, envelope: 'a.b.c' },
  ])
})

test('bodies of any kind are refused as Problems and reach no turn', async () => {
  const { fake, call } = fakeHost()
  const at = '2026-05-01T10:00:00Z'
  const bad: unknown[] = [
    [],
    null,
    'x',
    {},
    { sequence: -1, at, take: 1 },
    { sequence: 1, at: 'yesterday', take: 1 },
    { sequence: 1, at, take: 26 },
    { sequence: 1, at, take: 1, waitS: 51 },
    { sequence: 1, at, take: 1, has: 'o1-1' },
    { sequence: 1, at, take: 1, has: [''] },
    { sequence: 1, at, take: 1, has: Array.from({ length: 501 }, () => 'o1-1') },
    { sequence: 1, at, take: 1, results: [{ id: '', state: 'completed' }] },
    { sequence: 1, at, take: 1, results: [{ id: 'a', state: 'won' }] },
    { sequence: 1, at, take: 1, facts: { '': 1 } },
    { sequence: 1, at, take: 1, results: Array.from({ length: 101 }, () => ({ id: 'a', state: 'completed' })) },
  ]
  for (const body of bad) await assert.rejects(call('sync', body), { code: 'invalid-request' }, JSON.stringify(body))
  await assert.rejects(call('sync', undefined, { bytes: Buffer.alloc(2 * 1024 * 1024 + 1, 0x20) }), {
    code: 'body-too-large',
  })
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 100 }),
        fc.json().map((s) => Buffer.from(s)),
      ),
      async (bytes) => {
        await assert.rejects(call('sync', undefined, { bytes }), (e) => isProblem(e) && e.status === 400)
      },
    ),
  )
  assert.deepEqual(fake.turns, [])
})

test('routes tell what they need', () => {
  const { routes } = fakeHost()
  assert.deepEqual(
    routes.map((r) => [r.method, r.path, Object.keys(r.access)[0]]),
    [
      ['GET', '/agent/about', 'public'],
      ['POST', '/agent/invitation', 'public'],
      ['POST', '/agent/enrolment', 'device'],
      ['POST', '/agent/sync', 'device'],
      ['POST', '/agent/farewell', 'device'],
    ],
  )
})

async function until(done: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !done(); ) {
    assert.ok(performance.now() < end, 'it did not come')
    await sleep(5)
  }
}
