import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Credential, Json, Wake } from '@muster/contract'
import type { Adapter, Sent } from './adapter.ts'
import { createApns } from './apns.ts'
import { type FakeApns, type Pushed, startFakeApns, testCertificate } from './testing/index.ts'

const topic = 'com.apple.mgmt.External.one'
const log = { info: () => undefined, warn: () => undefined }
let fake: FakeApns
let adapter: Adapter
let credential: Credential
let other: Credential
before(async () => {
  fake = await startFakeApns({ streams: 10 })
  credential = credentialOf(topic)
  other = credentialOf('com.apple.mgmt.External.two')
})
after(() => fake.close())
beforeEach(() => {
  adapter = open()
})
afterEach(() => adapter.close())

const open = (o: Partial<Parameters<typeof createApns>[0]> = {}) =>
  createApns({ url: fake.url, ca: fake.ca, log, answerMs: 20_000, ...o })
function credentialOf(name: string): Credential {
  const { certificateText, keyText } = fake.certificate(name)
  return { id: name, certificate: certificateText, key: keyText }
}
let numbered = 0
const token = () => (++numbered).toString(16).padStart(64, '0')
const wake = (to: string, o: { topic?: string; mdm?: string } = {}): Wake => ({
  via: 'apns',
  to: { token: to, topic: o.topic ?? topic },
  body: Buffer.from(JSON.stringify({ mdm: o.mdm ?? 'magic' })),
})
const known = (on = topic) => {
  const t = token()
  fake.register(t, on)
  return t
}
/** Again while it is told to come later: whoever is given so little time finds a busy machine too slow now and then. */
async function sentAtLast(over: Adapter): Promise<void> {
  let last: Sent = { state: 'later', reason: '' }
  for (const end = Date.now() + 20_000; last.state === 'later' && Date.now() < end; )
    last = await over.send(wake(known()), credential)
  assert.equal(reason(last), 'sent')
}
const reason = (s: Sent) => (s.state === 'sent' ? 'sent' : `${s.state} ${s.reason}`)

test('a push arrives with topic, type, payload and an expiration in a day', async () => {
  const t = token()
  const pushed: Pushed[] = []
  fake.register(t, topic, (p) => pushed.push(p))
  assert.deepEqual(await adapter.send(wake(t, { mdm: 'M' }), credential), { state: 'sent' })
  assert.deepEqual(
    pushed.map(({ expiration, ...p }) => p),
    [{ token: t, topic, type: 'mdm', payload: { mdm: 'M' } }],
  )
  assert.ok(Math.abs((pushed[0]?.expiration ?? 0) - Date.now() / 1000 - 86_400) < 60)
})

test('many at once keep to the streams that the peer allows, over several connections', async () => {
  fake.latency(20)
  const all = await Promise.all(Array.from({ length: 400 }, () => adapter.send(wake(known()), credential)))
  fake.latency(0)
  assert.deepEqual([...new Set(all.map(reason))], ['sent'])
  assert.ok(fake.seen.mostStreams <= 10, `${fake.seen.mostStreams} streams`)
  assert.ok(adapter.connections() >= 2 && adapter.connections() <= 8, `${adapter.connections()} connections`)
})

test('each refusal means what Apple says it means', async () => {
  const gone = known()
  fake.unregister(gone)
  const cases: [Wake, Credential, string][] = [
    [wake(gone), credential, 'dead Unregistered'],
    [wake(token()), credential, 'dead BadDeviceToken'],
    [wake(known('com.apple.mgmt.External.two')), credential, 'refused DeviceTokenNotForTopic'],
    [wake(known()), { ...other, id: 'x' }, 'refused TopicDisallowed'],
    [{ ...wake(known()), body: Buffer.from('{}') }, credential, 'refused BadPayload'],
    [{ ...wake(known()), body: Buffer.alloc(6_000, 32) }, credential, 'refused PayloadTooLarge'],
  ]
  for (const [w, by, expected] of cases) assert.equal(reason(await adapter.send(w, by)), expected)
  const none: Json[] = [
    null,
    'x',
    {},
    { token: 'zz', topic },
    { token: 'ab', topic: 'a b' },
    { token: 'ab\r\n', topic },
  ]
  for (const to of none) assert.equal(adapter.name({ via: 'apns', to }), undefined)
})

test('429 is of one device, 503 and a refused certificate of all; the service says how long', async () => {
  fake.fault({ status: 429, reason: 'TooManyRequests', times: 1 })
  assert.deepEqual(await adapter.send(wake(known()), credential), {
    state: 'later',
    reason: 'TooManyRequests',
    afterMs: 5_000,
  })
  fake.fault({ status: 503, reason: 'ServiceUnavailable', retryAfterS: 7, times: 1 })
  assert.deepEqual(await adapter.send(wake(known()), credential), {
    state: 'later',
    reason: 'ServiceUnavailable',
    afterMs: 7_000,
    all: true,
  })
  fake.fault({ status: 500, reason: 'InternalServerError', times: 1 })
  assert.deepEqual(await adapter.send(wake(known()), credential), {
    state: 'later',
    reason: 'InternalServerError',
    afterMs: undefined,
  })
  const foreign = testCertificate({ name: 'foreign', uid: topic })
  const refused = await adapter.send(wake(known()), {
    id: 'f',
    certificate: foreign.certificateText,
    key: foreign.keyText,
  })
  assert.deepEqual(refused, { state: 'later', reason: 'BadCertificate', afterMs: 60_000, all: true })
})

test('GOAWAY: what was taken is answered, what comes goes on new connections', async () => {
  fake.latency(30)
  const first = Array.from({ length: 30 }, () => adapter.send(wake(known()), credential))
  await new Promise((r) => setTimeout(r, 15))
  const before = fake.seen.connections
  fake.goAway()
  const second = Array.from({ length: 30 }, () => adapter.send(wake(known()), credential))
  const states = (await Promise.all([...first, ...second])).map((s) => s.state)
  fake.latency(0)
  assert.ok(
    states.every((s) => s === 'sent' || s === 'later'),
    states.join(),
  )
  assert.equal((await adapter.send(wake(known()), credential)).state, 'sent')
  assert.ok(fake.seen.connections > before)
})

test('a connection that breaks is lost for what was on it, and no longer', async () => {
  fake.latency(500)
  const lost = adapter.send(wake(known()), credential)
  await new Promise((r) => setTimeout(r, 200))
  fake.cut()
  assert.equal((await lost).state, 'later')
  fake.latency(0)
  assert.equal((await adapter.send(wake(known()), credential)).state, 'sent')
})

test('no answer in time: it comes again, on another connection', async () => {
  const impatient = open({ answerMs: 100 })
  fake.latency(600)
  assert.deepEqual(await impatient.send(wake(known()), credential), { state: 'later', reason: 'no answer in time' })
  fake.latency(0)
  await sentAtLast(impatient)
  await impatient.close()
})

test('a service that is not there, and one whose certificate nobody vouches for, pause the lane', async () => {
  const nowhere = open({ url: 'https://127.0.0.1:1' })
  const result = await nowhere.send(wake(known()), credential)
  assert.ok(result.state === 'later' && result.all, JSON.stringify(result))
  await nowhere.close()
  const distrusting = open({ ca: testCertificate({ name: 'other' }).certificateText })
  const distrusted = await distrusting.send(wake(known()), credential)
  assert.ok(distrusted.state === 'later' && distrusted.all, JSON.stringify(distrusted))
  await distrusting.close()
})

test('another certificate for the topic is used from then on; an idle connection is closed', async () => {
  assert.equal((await adapter.send(wake(known()), credential)).state, 'sent')
  const renewed = { ...credentialOf(topic), id: 'renewed' }
  assert.equal((await adapter.send(wake(known()), renewed)).state, 'sent')
  assert.equal((await adapter.send(wake(known()), renewed)).state, 'sent')
  const idle = open({ idleMs: 50 })
  await sentAtLast(idle)
  for (let i = 0; i < 1_500 && idle.connections() > 0; i++) await new Promise((r) => setTimeout(r, 20))
  assert.equal(idle.connections(), 0)
  await sentAtLast(idle)
  await idle.close()
})
