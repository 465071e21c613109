/** The idle poll that is answered at once says what the sync proper would, and is left to it whenever there is a doubt. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agentChannel, type Channel, type Message, type PlatformHost } from '@muster/contract'
import fc from 'fast-check'
import { createIdle } from './agent-idle.ts'
import { createSync } from './agent-sync.ts'

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
/** Both ways over one host: what each marked as expected is told apart. */
function ways(o: { blocked?: boolean; waits?: boolean; longPollS?: number } = {}) {
  const c = { ...channel, blocked: o.blocked ?? false }
  const expected: { idle: number[]; turn: (number | undefined)[] } = { idle: [], turn: [] }
  const host = {
    idle: (proof: { bearer: string }, _take: number, expectInS: (c: Channel) => number) => {
      if (proof.bearer !== 'good' || o.waits) return undefined
      expected.idle.push(expectInS(c))
      return c
    },
    turn: async (_c: Channel, t: { expectInS?: number }) => {
      expected.turn.push(t.expectInS)
      return []
    },
    pace: () => 60,
    clock: { now: () => new Date('2026-05-01T10:00:00.123Z') },
  } as unknown as PlatformHost
  const longPollS = o.longPollS ?? 0
  const idle = createIdle(host, { platform: 'linux', longPollS })
  const sync = createSync(host, { longPollS })
  return {
    expected,
    now: (body: string, bearer: string | undefined = 'good') => idle(bearer, Buffer.from(body)),
    properly: (body: string) =>
      sync(c, { headers: {}, body: Buffer.from(body), signal: AbortSignal.timeout(1_000) } as unknown as Message),
  }
}
const at = '2026-05-01T10:00:00.000Z'

test('an agent’s idle poll is answered alike, to the letter, and marked alike', async () => {
  for (const o of [{}, { longPollS: 50 }, { blocked: true, longPollS: 50 }]) {
    const w = ways(o)
    for (const body of [
      { sequence: 0, at, take: 25 },
      { sequence: 123_456, at: '2026-01-01T00:00:00Z', take: 10 },
      { sequence: 5, at, take: 0, waitS: 0 },
      { sequence: 5, at, take: 25, waitS: 0 },
    ].map((b) => JSON.stringify(b)))
      assert.deepEqual(w.now(body), await w.properly(body), body)
    assert.deepEqual(w.expected.idle, w.expected.turn)
    assert.equal(w.expected.idle.length, 4)
  }
})

test('what may be held, says something, is not surely right or is nobody’s is left to the sync proper', () => {
  const body = JSON.stringify({ sequence: 1, at, take: 10 })
  assert.ok(ways().now(body))
  assert.equal(ways().now(body, 'other'), undefined)
  assert.equal(ways().now(body, ''), undefined)
  assert.equal(ways({ waits: true }).now(body), undefined)
  const w = ways({ longPollS: 50 })
  for (const odd of [
    { sequence: 1, at, take: 10, waitS: 50 },
    { sequence: 1, at, take: 10, results: [] },
    { sequence: 1, at, take: 26 },
    { sequence: 1, at, take: 10, waitS: 51 },
    { sequence: -1, at, take: 10 },
    { sequence: 1.5, at, take: 10 },
    { sequence: 1, at: '2026-02-30T10:00:00Z', take: 10 },
    { sequence: 1, at: '2026-05-01', take: 10 },
    { at, sequence: 1, take: 10 },
  ])
    assert.equal(w.now(JSON.stringify(odd)), undefined, JSON.stringify(odd))
  for (const odd of [
    '',
    '{}',
    body.replace('1', '01'),
    `${body} `,
    ` ${body}`,
    body.replace(':10', ':1e1'),
    `${body}${body}`,
  ])
    assert.equal(w.now(odd), undefined, odd)
  assert.deepEqual(w.expected.idle, [])
})

test('whatever is changed in a poll, what is answered at once is what the reader of syncs takes', () => {
  const polls = fc.record({
    sequence: fc.nat(),
    at: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2099-12-31') }).map((d) => d.toISOString()),
    take: fc.nat(30),
  })
  const w = ways()
  fc.assert(
    fc.property(polls, fc.nat(), fc.constantFrom('', '0', '9', '"', ',', '}', ' ', '-', 'Z'), (poll, where, put) => {
      const text = JSON.stringify(poll)
      const i = where % text.length
      const changed = text.slice(0, i) + put + text.slice(i + 1)
      const reply = w.now(changed)
      if (!reply) return
      const read = agentChannel.Sync.parse(JSON.parse(changed))
      assert.equal(agentChannel.SyncAnswer.parse(JSON.parse(String(reply.body))).sequence, read.sequence)
      assert.ok(!read.results && !read.facts && !read.events && !read.waitS)
    }),
    { numRuns: 2_000 },
  )
})
