import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PushPorts, Wake } from '@muster/contract'
import type { Adapter, Sent } from './adapter.ts'
import { createPace } from './pace.ts'
import { createPusher, type PusherOptions, type PushRoom } from './pusher.ts'

const wakeTo = (token: string, o: { topic?: string; urgent?: boolean } = {}): Wake => ({
  via: 'apns',
  to: { token, topic: o.topic ?? 'a' },
  urgent: o.urgent,
})
interface Bed {
  pusher: PushRoom
  sent: string[]
  dead: { channel: number; reason: string }[]
  said: string[]
}
const quick = { restMs: 1, retry: { firstMs: 5, mostMs: 50, forMs: 20_000 } }

/** `answer` says what becomes of the wake to a token, by the number of its try. */
function bed(
  answer: (token: string, tried: number) => Sent | Promise<Sent>,
  o: Partial<PusherOptions> & { credential?: PushPorts['credential'] } = {},
): Bed {
  const sent: string[] = []
  const tries = new Map<string, number>()
  const adapter: Adapter = {
    via: 'apns',
    name: (w) => (w.to as { topic?: string }).topic,
    send: async (w) => {
      const { token } = w.to as { token: string }
      sent.push(token)
      tries.set(token, (tries.get(token) ?? 0) + 1)
      return answer(token, tries.get(token) ?? 0)
    },
    connections: () => 0,
    close: async () => undefined,
  }
  const dead: Bed['dead'] = []
  const said: string[] = []
  const log = { info: () => undefined, warn: (_: object, m: string) => void said.push(m) }
  const pusher = createPusher({ adapters: [adapter], log, ...quick, ...o })
  pusher.connect({
    credential: o.credential ?? (async () => ({ id: '1', certificate: '', key: '' })),
    dead: async (channel, _to, reason) => void dead.push({ channel, reason }),
  })
  return { pusher, sent, dead, said }
}
const until = async (what: () => boolean) => {
  for (const end = Date.now() + 20_000; !what() && Date.now() < end; ) await new Promise((r) => setTimeout(r, 5))
  assert.ok(what(), 'it did not come')
}
const ok = (): Sent => ({ state: 'sent' })

test('one wake per channel waits, with the newest address; urgent ones leave first', async () => {
  const { pusher, sent } = bed(ok, { perSecond: 10_000 })
  for (let no = 0; no < 50; no++) {
    pusher.push(no, wakeTo(`old${no}`), 'apple')
    pusher.push(no, wakeTo(`n${no}`), 'apple')
  }
  pusher.push(49, wakeTo('n49', { urgent: true }), 'apple')
  pusher.push(60, wakeTo('late', { urgent: true }), 'apple')
  await until(() => sent.length >= 51)
  assert.equal(sent.length, 51)
  assert.deepEqual(sent.slice(0, 2), ['n49', 'late'])
  assert.equal(new Set(sent).size, 51)
  assert.ok(!sent.some((t) => t.startsWith('old')))
  await pusher.close()
})

test('work that comes while a wake is on its way is told of by another one', async () => {
  let land: (() => void) | undefined
  const { pusher, sent } = bed((_, tried) =>
    tried > 1 ? ok() : new Promise<Sent>((resolve) => (land = () => resolve(ok()))),
  )
  pusher.push(1, wakeTo('t'), 'apple')
  await until(() => sent.length === 1)
  pusher.push(1, wakeTo('t'), 'apple')
  pusher.push(1, wakeTo('t'), 'apple')
  land?.()
  await until(() => sent.length === 2)
  await until(() => pusher.counts().waiting === 0)
  assert.equal(sent.length, 2)
  await pusher.close()
})

test('what fails comes again, later each time; an address that is dead is told back once', async () => {
  const times: number[] = []
  const { pusher, sent, dead } = bed((token, tried) => {
    if (token === 'gone') return { state: 'dead', reason: 'Unregistered' }
    times.push(Date.now())
    return tried < 4 ? { state: 'later', reason: 'busy' } : ok()
  })
  pusher.push(1, wakeTo('slow'), 'apple')
  pusher.push(2, wakeTo('gone'), 'apple')
  await until(() => pusher.counts().sent === 1)
  assert.equal(sent.filter((t) => t === 'slow').length, 4)
  assert.deepEqual(dead, [{ channel: 2, reason: 'Unregistered' }])
  assert.deepEqual(
    { ...pusher.counts(), rate: 0 },
    { sent: 1, dead: 1, refused: 0, retried: 3, dropped: 0, waiting: 0, connections: 0, rate: 0 },
  )
  await pusher.close()
})

test('a service that takes nothing holds up its own lane alone, and is asked once at a time', async () => {
  let down = true
  const { pusher, sent, said } = bed(
    (token) =>
      token.startsWith('b') && down ? { state: 'later', reason: 'ServiceUnavailable', all: true, afterMs: 400 } : ok(),
    { inFlight: 1 },
  )
  for (let no = 0; no < 100; no++) pusher.push(no, wakeTo(`b${no}`, { topic: 'b' }), 'apple')
  for (let no = 100; no < 200; no++) pusher.push(no, wakeTo(`a${no}`), 'apple')
  await until(() => sent.filter((t) => t.startsWith('a')).length === 100)
  assert.ok(sent.filter((t) => t.startsWith('b')).length < 30, 'the lane that failed rests')
  down = false
  await until(() => pusher.counts().sent === 200)
  assert.equal(said.length, 1)
  await pusher.close()
})

test('without a credential nothing is sent and nothing waits; it is asked for again later', async () => {
  let has = false
  const asked: string[] = []
  let now = 0
  const { pusher, sent } = bed(ok, {
    now: () => now,
    credential: async (platform, name) => {
      asked.push(`${platform} ${name}`)
      return has ? { id: '1', certificate: '', key: '' } : undefined
    },
  })
  const wake = (no: number) => pusher.push(no, wakeTo(`t${no}`, { topic: 'com.example' }), 'apple')
  for (let no = 0; no < 20; no++) wake(no)
  await until(() => {
    now += 50
    return pusher.counts().refused === 20
  })
  has = true
  now += 10_000
  wake(30)
  await until(() => {
    now += 50
    return sent.length === 1
  })
  assert.deepEqual(sent, ['t30'])
  assert.deepEqual(asked, ['apple com.example', 'apple com.example'])
  await pusher.close()
})

test('bounded: more than may wait are not taken, and nothing is kept that was asked for too long ago', async () => {
  const { pusher, dead } = bed(() => ({ state: 'later', reason: 'no', afterMs: 1 }), {
    waiting: 10,
    retry: { firstMs: 1, mostMs: 5, forMs: 100 },
  })
  for (let no = 0; no < 25; no++) pusher.push(no, wakeTo(`t${no}`), 'apple')
  assert.equal(pusher.counts().dropped, 15)
  await until(() => pusher.counts().dropped === 25)
  assert.equal(pusher.counts().waiting, 0)
  assert.deepEqual(dead, [])
  pusher.push(1, { via: 'sms', to: '+1' }, 'apple')
  pusher.push(1, wakeTo('t', { topic: undefined }), 'apple')
  assert.equal(pusher.counts().refused, 1)
  await pusher.close()
})

test('the rate halves while the server is pressed and comes back', () => {
  let now = 0
  let pressed = false
  const pace = createPace({ perSecond: 1_000, pressed: () => pressed, now: () => now })
  const second = () => {
    let taken = 0
    for (let i = 0; i < 100; i++) {
      now += 10
      taken += pace.take(1_000_000)
    }
    return taken
  }
  assert.ok(Math.abs(second() - 1_000) <= 110, 'a second’s worth, and what leaves at once')
  pressed = true
  second()
  assert.ok(second() < 600)
  for (let i = 0; i < 10; i++) second()
  assert.equal(Math.round(pace.rate()), 20)
  pressed = false
  for (let i = 0; i < 30; i++) second()
  assert.equal(pace.rate(), 1_000)
})
