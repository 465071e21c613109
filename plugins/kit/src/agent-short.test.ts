/** The short way reads what agents write as the sync proper does, tells the core the same, answers alike, and leaves every doubt to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Channel,
  type Delivery,
  deviceMessage,
  type PlatformHost,
  type Reply,
  type ShortWord,
} from '@muster/contract'
import fc from 'fast-check'
import { createShort } from './agent-short.ts'
import { createTold, wordsOf } from './agent-told.ts'
import { jsonRow } from './json-row.ts'

const row = jsonRow(deviceMessage)
const channel: Channel = {
  no: 7,
  device: 'd',
  platform: 'linux',
  epoch: 1,
  name: 'device',
  lifecycle: 'active',
  blocked: false,
  ownership: 'cope',
}
const delivery = {
  kind: 'operation',
  id: 'o7-1',
  attempt: 2,
  deadline: '2026-05-08T10:00:00.000Z',
  operation: 'device.message',
  row,
  params: { title: '', text: 'Hello' },
} as unknown as Delivery

function world(o: { refuses?: boolean; gives?: readonly Delivery[]; fails?: unknown; longPollS?: number } = {}) {
  const asked: { take: number; expectInS: number; id?: string; raw?: string; word?: ShortWord }[] = []
  const under: (() => void)[] = []
  const logged: (string | undefined)[] = []
  const host = {
    short: ((proof, ask, done) => {
      const turn = 'bearer' in proof && proof.bearer === 'good' ? ask(channel) : undefined
      const word = turn?.word?.(row)
      if (!turn || o.refuses || (turn.id !== undefined && !word)) return false
      const { take, expectInS, id, raw } = turn
      asked.push({ take, expectInS, id, raw: raw && Buffer.from(raw).toString(), word })
      under.push(() => logged.push(o.fails === undefined ? done(o.gives ?? []) : done(undefined, o.fails)))
      return true
    }) as PlatformHost['short'],
    pace: () => 60,
    clock: { now: () => new Date('2026-05-01T10:00:00.123Z') },
  } as unknown as PlatformHost
  const told = createTold()
  const short = createShort(host, { longPollS: o.longPollS ?? 0, told })
  const answers: [Reply | undefined, unknown][] = []
  return {
    asked,
    answers,
    logged,
    told,
    say: (body: string | object, bearer: string | undefined = 'good') =>
      short(bearer, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), (reply, error) => {
        answers.push([reply, error])
      }),
    finish: () => {
      for (const end of under.splice(0)) end()
    },
  }
}
const at = '2026-05-01T10:00:00.000Z'
const result = { id: 'o7-1', state: 'completed', result: { shownTo: 1 }, text: 'Shown' }
const ack = { sequence: 5, at, results: [result], take: 10 }

test('a poll that is handed something is answered in the words of the channel, and what was sent is for the log', () => {
  const w = world({ gives: [delivery] })
  assert.ok(w.say({ sequence: 4, at, take: 10 }))
  assert.deepEqual(w.answers, [], 'not before it is durable')
  w.finish()
  const body = `{"deliveries":[{"id":"o7-1","attempt":2,"deadline":"2026-05-08T10:00:00.000Z","kind":"operation","name":"device.message","payload":{"title":"","text":"Hello"}}],"nextS":60,"waitS":0,"sequence":4,"time":"2026-05-01T10:00:00.123Z"}`
  assert.deepEqual(
    (w.answers as [Reply, unknown][]).map(([r]) => [r.status, r.body]),
    [[200, body]],
  )
  assert.deepEqual(w.logged, [body])
  assert.deepEqual(w.asked, [{ take: 10, expectInS: 150, id: undefined, raw: undefined, word: undefined }])
})

test('a last word is read as its row reads it, once for all who say the same', () => {
  const w = world()
  assert.ok(w.say(ack))
  w.finish()
  const failed = { ...ack, sequence: 6, results: [{ id: 'o7-2', state: 'failed', code: 'no-screen', text: 'none' }] }
  assert.ok(w.say(failed))
  w.finish()
  assert.deepEqual(
    w.asked.map((a) => [a.id, a.word]),
    [
      ['o7-1', { state: 'completed', result: '{"shownTo":1}' }],
      ['o7-2', { state: 'failed', reason: '{"code":"no-screen","text":"none"}' }],
    ],
  )
  assert.equal(w.asked[0]?.raw, JSON.stringify(ack))
  assert.match(String(w.answers[0]?.[0]?.body), /^\{"deliveries":\[\],"nextS":60,"waitS":0,"sequence":5,/)
  assert.deepEqual(w.logged, [undefined, undefined])
})

test('a repeat, whatever it takes, and a report beside one that is under way are for the sync proper', async () => {
  const w = world()
  assert.ok(w.say(ack))
  assert.equal(w.say({ ...ack, sequence: 6 }), false, 'the first is not written yet')
  const order: string[] = []
  const proper = w.told.alone(7, async () => void order.push('proper'))
  order.push('finish')
  w.finish()
  await proper
  assert.deepEqual(order, ['finish', 'proper'])
  assert.equal(w.say(ack), false)
  assert.equal(w.say({ ...ack, take: 0 }), false)
  assert.ok(w.told.repeats(7, wordsOf(JSON.stringify({ ...ack, take: 3, waitS: 2 }))))
  assert.ok(w.say({ ...ack, sequence: 7 }))
})

test('what was not taken, or failed, is not remembered as told', () => {
  const refused = world({ refuses: true })
  assert.equal(refused.say(ack), false)
  assert.ok(refused.told.begin(7))
  const failing = world({ fails: new Error('away') })
  assert.ok(failing.say(ack))
  failing.finish()
  const [[, error] = []] = failing.answers
  assert.ok(error instanceof Error && error.message === 'away')
  assert.ok(failing.say(ack), 'it may be told again')
})

test('who would be held is held by the sync proper when there was nothing', () => {
  const w = world({ longPollS: 50 })
  assert.ok(w.say({ sequence: 4, at, take: 10, waitS: 50 }))
  w.finish()
  assert.deepEqual(w.answers, [[undefined, undefined]])
  assert.equal(w.asked[0]?.expectInS, 250)
  assert.equal(w.say({ ...ack, waitS: 50 }), false)
})

test('anything else is left to the sync proper, and nothing was done', () => {
  const w = world()
  const doubtful: (string | object)[] = [
    { ...ack, results: [result, { ...result, id: 'o7-2' }] },
    { ...ack, results: [{ ...result, state: 'acknowledged' }] },
    { ...ack, results: [{ ...result, state: 'deferred', retryAfterS: 3 }] },
    { ...ack, results: [{ ...result, result: { shownTo: 'all' } }] },
    { ...ack, results: [{ ...result, text: 'Gezeigt für Ann' }] },
    { ...ack, results: [{ ...result, text: 'a\u0000b' }] },
    { ...ack, facts: { 'os.name': 'Debian' } },
    { ...ack, events: [] },
    { ...ack, take: 26 },
    { ...ack, at: '2026-02-31T10:00:00Z' },
    { ...ack, sequence: -1 },
    { ...ack, more: 1 },
    JSON.stringify(ack).replace('"state"', '"id":"o7-9","state"'),
    JSON.stringify(ack).replace('"state"', '"__proto__":{},"state"'),
    JSON.stringify(ack).replace('"text":', '"text":"},{","x":'.repeat(2)).replace('}],"take"', '},"take"'),
    JSON.stringify(ack).replace('"Shown"}', `"Shown","deep":${'['.repeat(40)}${']'.repeat(40)}}`),
    JSON.stringify(ack).replace('"Shown"}', '"Shown"},{"id":"o7-2","state":"completed"}'),
    JSON.stringify(ack).replace('o7-1', 'O7-1'),
    ` ${JSON.stringify(ack)}`,
    JSON.stringify(ack).slice(0, -1),
  ]
  for (const body of doubtful) assert.equal(w.say(body), false, JSON.stringify(body))
  assert.equal(w.say(ack, 'stranger'), false)
  assert.deepEqual([w.asked, w.answers], [[], []])
  assert.ok(w.told.begin(7), 'and nobody is said to be telling')
})

test('property: whatever a result says, the short way tells what the row reads, or nothing', () => {
  const texts = fc.string({ maxLength: 20 })
  const results = fc.record(
    {
      state: fc.constantFrom('completed', 'failed', 'acknowledged', 'deferred', 'else'),
      code: texts,
      text: texts,
      result: fc.oneof(fc.constant({ shownTo: 1 }), fc.dictionary(fc.constantFrom('shownTo', 'a', 'b'), fc.anything())),
    },
    { requiredKeys: ['state'] },
  )
  fc.assert(
    fc.property(results, (said) => {
      const w = world()
      const taken = w.say({ ...ack, results: [{ id: 'o7-1', ...said }] })
      const outcome = row.from(JSON.parse(JSON.stringify({ id: 'o7-1', ...said })), channel as never)
      if (!taken) return
      assert.ok(outcome.state === 'completed' || outcome.state === 'failed')
      const { word } = w.asked[0] as { word: ShortWord }
      assert.equal(word.state, outcome.state)
      assert.deepEqual(
        word.result && JSON.parse(word.result),
        JSON.parse(JSON.stringify(outcome.result ?? null)) ?? undefined,
      )
      if (outcome.state === 'failed') assert.deepEqual(JSON.parse(word.reason ?? ''), outcome.reason)
    }),
  )
})
