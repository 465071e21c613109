/** The adapter for WNS against a service that checks what Microsoft's checks: grants of both kinds, tokens kept, each refusal, and addresses that are none. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Credential, Json, Wake } from '@muster/contract'
import fc from 'fast-check'
import type { Adapter, Sent } from './adapter.ts'
import { createPusher } from './index.ts'
import { type FakeWns, startFakeWns } from './testing/index.ts'
import { createWns } from './wns.ts'

const quiet = { info: () => undefined, warn: () => undefined }
let fake: FakeWns
let adapter: Adapter
let now = 0
before(async () => {
  now = Date.now()
  fake = await startFakeWns({ now: () => now })
  adapter = createWns({ log: quiet, url: fake.url, now: () => now, answerMs: 5_000 })
})
after(async () => {
  await adapter.close()
  await fake.close()
})

const credential = (): Credential => ({ id: 'a', ...fake.app })
const wake = (channelUri: string): Wake => ({ via: 'wns', to: { channelUri } })
const said = (s: Sent) => (s.state === 'sent' ? 'sent' : `${s.state} ${s.reason}`)

test('a wake is a raw notification that says nothing; one access token serves many', async () => {
  const heard: string[] = []
  const to = fake.channel((body) => heard.push(body))
  const all = await Promise.all(Array.from({ length: 30 }, () => adapter.send(wake(to), credential())))
  assert.deepEqual([...new Set(all.map(said))], ['sent'])
  assert.deepEqual(
    heard,
    Array.from({ length: 30 }, () => 'sync'),
  )
  assert.equal(fake.seen.grants, 1)
})

test('a token is got anew before it ends, and after it was withdrawn', async () => {
  const before = fake.seen.grants
  now += 86_390_000
  assert.equal(said(await adapter.send(wake(fake.channel()), credential())), 'sent')
  assert.equal(fake.seen.grants - before, 1)
  fake.withdraw()
  assert.equal(said(await adapter.send(wake(fake.channel()), credential())), 'later The token is expired')
  assert.equal(said(await adapter.send(wake(fake.channel()), credential())), 'sent')
})

test('an app of an Entra tenant gets its token there', async () => {
  const entra = await startFakeWns({ tenant: 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee' })
  const there = createWns({ log: quiet, url: entra.url })
  assert.equal(said(await there.send(wake(entra.channel()), { id: 'b', ...entra.app })), 'sent')
  const { tenant: _, ...without } = entra.app
  assert.equal(
    said(await there.send(wake(entra.channel()), { id: 'c', ...without })),
    'later no access token: status 404',
  )
  await Promise.all([there.close(), entra.close()])
})

test('each refusal means what Microsoft says it means', async () => {
  const [ended, foreign] = [fake.channel(), fake.channel()]
  fake.expire(ended)
  fake.give(foreign)
  assert.equal(said(await adapter.send(wake(ended), credential())), 'dead The channel expired')
  assert.equal(said(await adapter.send(wake(foreign), credential())), 'dead The app does not own the channel')
  assert.equal(
    said(await adapter.send(wake(`${fake.url}/?token=none`), credential())),
    'dead The channel URI is not valid',
  )
  const cases: [Omit<Parameters<FakeWns['fault']>[0], 'at'>, Sent][] = [
    [
      { status: 200, said: 'channelthrottled' },
      { state: 'later', reason: 'channel throttled', afterMs: 60_000 },
    ],
    [
      { status: 406, retryAfter: '9' },
      { state: 'later', reason: 'status 406', afterMs: 9_000, all: true },
    ],
    [
      { status: 503, retryAfter: '3' },
      { state: 'later', reason: 'status 503', afterMs: 3_000, all: true },
    ],
    [{ status: 500 }, { state: 'later', reason: 'status 500', afterMs: undefined }],
    [
      { status: 400, description: 'no\u00e9' },
      { state: 'refused', reason: 'no?' },
    ],
    [{ status: 413 }, { state: 'refused', reason: 'status 413' }],
  ]
  for (const [fault, expected] of cases) {
    fake.fault({ at: 'send', ...fault, times: 1 })
    assert.deepEqual(await adapter.send(wake(fake.channel()), credential()), expected)
  }
  fake.fault({ at: 'send', status: 0, times: 1 })
  assert.equal((await adapter.send(wake(fake.channel()), credential())).state, 'later')
})

test('without a grant nothing goes out, and all wait', async () => {
  const other = createWns({ log: quiet, url: fake.url, now: () => now })
  const stranger = await other.send(wake(fake.channel()), { ...credential(), secret: 'wrong' } as Credential)
  assert.deepEqual(stranger, { state: 'later', all: true, reason: 'no access token: invalid_client', afterMs: 60_000 })
  assert.equal(said(await other.send(wake(fake.channel()), credential())), 'sent')
  const none = await other.send(wake(fake.channel()), { id: 'c', certificate: '', key: '' })
  assert.equal(said(none), 'refused this is no channel or no app of WNS')
  await other.close()
})

test('a device cannot make us call anybody but Microsoft', () => {
  const strict = createWns({ log: quiet })
  const named = (to: Json) => strict.name({ via: 'wns', to })
  assert.equal(named({ channelUri: 'https://db5p.notify.windows.com/?token=AgYAAA' }), 'wns')
  for (const channelUri of [
    'http://db5p.notify.windows.com/?token=A',
    'https://notify.windows.com.example/?token=A',
    'https://evilnotify.windows.com/?token=A',
    'https://db5p.notify.windows.com:8443/?token=A',
    'https://who@db5p.notify.windows.com/',
    'https://127.0.0.1/',
    'file:///etc/passwd',
    'x',
    `https://a.notify.windows.com/?${'x'.repeat(5_000)}`,
  ])
    assert.equal(named({ channelUri }), undefined, channelUri)
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), (channelUri) => {
      assert.equal(named({ channelUri }), undefined)
    }),
  )
  for (const to of [null, 'x', {}, { channelUri: 7 }] as Json[]) assert.equal(named(to), undefined)
})

test('through the pusher: a dead channel is told back', async () => {
  const pusher = createPusher({ adapters: [adapter], log: quiet })
  const gone = fake.channel()
  fake.expire(gone)
  const dead = new Promise<[number, Json, string]>((resolve) => {
    pusher.connect({
      credential: async () => credential(),
      dead: async (channel, to, reason) => resolve([channel, to, reason]),
    })
  })
  pusher.push(7, wake(gone), 'windows')
  assert.deepEqual(await dead, [7, { channelUri: gone }, 'The channel expired'])
})
