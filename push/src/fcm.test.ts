/** The adapter for FCM against a service that checks what Google checks: grants, tokens kept, each refusal, and addresses that are none. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Credential, Json, Wake } from '@muster/contract'
import type { Adapter, Sent } from './adapter.ts'
import { createFcm } from './fcm.ts'
import { createPusher } from './index.ts'
import { type FakeFcm, type FcmPushed, startFakeFcm } from './testing/index.ts'

const quiet = { info: () => undefined, warn: () => undefined }
let fake: FakeFcm
let adapter: Adapter
let now = 0
before(async () => {
  now = Date.now()
  fake = await startFakeFcm({ now: () => now })
  adapter = createFcm({ log: quiet, url: fake.url, tokenUrl: fake.tokenUrl, now: () => now, answerMs: 5_000 })
})
after(async () => {
  await adapter.close()
  await fake.close()
})

const credential = (): Credential => ({ id: 'a', account: fake.account as Json })
let numbered = 0
const token = () => `c0ffee${++numbered}:APA91bF-token`
const known = () => {
  const t = token()
  fake.register(t)
  return t
}
const wake = (to: string, project = 'example-fleet'): Wake => ({ via: 'fcm', to: { project, token: to } })
const said = (s: Sent) => (s.state === 'sent' ? 'sent' : `${s.state} ${s.reason}`)

test('a wake is a data message that says nothing, at high priority; one access token serves many', async () => {
  const pushed: FcmPushed[] = []
  const t = token()
  fake.register(t, (p) => pushed.push(p))
  const before = fake.seen.grants
  const all = await Promise.all(Array.from({ length: 30 }, () => adapter.send(wake(t), credential())))
  assert.deepEqual([...new Set(all.map(said))], ['sent'])
  assert.equal(fake.seen.grants - before, 1)
  assert.deepEqual(pushed[0]?.message, {
    token: t,
    data: { muster: 'sync' },
    android: { priority: 'HIGH', ttl: '86400s', collapse_key: 'muster' },
  })
  assert.equal(adapter.name(wake(t)), 'example-fleet')
})

test('a token is got anew before it ends, and after it was withdrawn', async () => {
  const before = fake.seen.grants
  now += 3_550_000
  assert.equal(said(await adapter.send(wake(known()), credential())), 'sent')
  assert.equal(fake.seen.grants - before, 1)
  fake.withdraw()
  assert.equal(said(await adapter.send(wake(known()), credential())), 'later UNAUTHENTICATED')
  assert.equal(said(await adapter.send(wake(known()), credential())), 'sent')
  assert.equal(fake.seen.grants - before, 2)
})

test('each refusal means what Firebase says it means', async () => {
  const gone = known()
  fake.unregister(gone)
  assert.equal(said(await adapter.send(wake(gone), credential())), 'dead UNREGISTERED')
  assert.equal(said(await adapter.send(wake(token()), credential())), 'dead INVALID_ARGUMENT')
  assert.equal(said(await adapter.send(wake(known(), 'another-project'), credential())), 'dead SENDER_ID_MISMATCH')
  const cases: [number, string | undefined, string | undefined, Sent][] = [
    [429, 'QUOTA_EXCEEDED', '7', { state: 'later', reason: 'QUOTA_EXCEEDED', afterMs: 7_000, all: true }],
    [429, 'QUOTA_EXCEEDED', undefined, { state: 'later', reason: 'QUOTA_EXCEEDED', afterMs: 60_000, all: true }],
    [503, 'UNAVAILABLE', '3', { state: 'later', reason: 'UNAVAILABLE', afterMs: 3_000, all: true }],
    [500, 'INTERNAL', undefined, { state: 'later', reason: 'INTERNAL', afterMs: undefined }],
    [403, 'PERMISSION_DENIED', undefined, { state: 'later', reason: 'PERMISSION_DENIED', afterMs: 60_000, all: true }],
    [400, 'INVALID_ARGUMENT', undefined, { state: 'refused', reason: 'INVALID_ARGUMENT' }],
  ]
  for (const [status, code, retryAfter, expected] of cases) {
    fake.fault({ at: 'send', status, code, retryAfter, times: 1 })
    assert.deepEqual(await adapter.send(wake(known()), credential()), expected)
  }
  fake.fault({ at: 'send', status: 0, times: 1 })
  const cut = await adapter.send(wake(known()), credential())
  assert.equal(cut.state, 'later')
})

test('without a grant nothing goes out, and all wait: a withdrawn key, a broken one, a service that is away', async () => {
  const fresh = (account: Json): Credential => ({ id: 'b', account })
  fake.fault({ at: 'token', status: 400, code: 'invalid_grant', times: 1 })
  const other = createFcm({ log: quiet, url: fake.url, tokenUrl: fake.tokenUrl, now: () => now })
  assert.deepEqual(await other.send(wake(known()), credential()), {
    state: 'later',
    all: true,
    reason: 'no access token: invalid_grant',
    afterMs: 60_000,
  })
  assert.equal(said(await other.send(wake(known()), credential())), 'sent', 'and is asked for again')
  const broken = await other.send(wake(known()), fresh({ ...fake.account, private_key: 'none' }))
  assert.equal(said(broken), 'later the key of the service account cannot be read')
  const stranger = await other.send(wake(known()), fresh({ ...fake.account, client_email: 'who@example.com' }))
  assert.equal(said(stranger), 'later no access token: invalid_grant')
  const away = createFcm({ log: quiet, url: fake.url, tokenUrl: 'http://127.0.0.1:1/token' })
  const lost = await away.send(wake(known()), credential())
  assert.equal(lost.state === 'later' && lost.all, true)
  assert.equal(
    said(await other.send(wake(known()), { id: 'c', certificate: '', key: '' })),
    'refused this is no address or no service account of FCM',
  )
  await Promise.all([other.close(), away.close()])
})

test('what is no address opens no way', () => {
  const none: Json[] = [
    null,
    'x',
    {},
    { project: 'example-fleet' },
    { project: 'Example Fleet', token: 'c0ffee:APA91bF-token' },
    { project: '../../x', token: 'c0ffee:APA91bF-token' },
    { project: 'example-fleet', token: 'a b' },
    { project: 'example-fleet', token: 'x'.repeat(5_000) },
  ]
  for (const to of none) assert.equal(adapter.name({ via: 'fcm', to }), undefined, JSON.stringify(to))
})

test('through the pusher: a dead address is told back', async () => {
  const pusher = createPusher({ adapters: [adapter], log: quiet })
  const gone = known()
  fake.unregister(gone)
  const dead = new Promise<[number, Json, string]>((resolve) => {
    pusher.connect({
      credential: async () => credential(),
      dead: async (channel, to, reason) => resolve([channel, to, reason]),
    })
  })
  pusher.push(7, wake(gone), 'android')
  assert.deepEqual(await dead, [7, { project: 'example-fleet', token: gone }, 'UNREGISTERED'])
})
