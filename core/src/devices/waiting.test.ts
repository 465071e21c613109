/** The index of waiting work, against a model that remembers everything: quiet is said only when it is certain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createWaiting } from './waiting.ts'

/** The most channels have a number far from the others: chunks are made where they are needed. */
const channels = [1, 2, 4_095, 4_096, 9_000_001]
type Step =
  | { is: 'heard'; of: number[] | '*' }
  | { is: 'putOff'; of: number[] }
  | { is: 'begin'; channel: number; again: boolean }
  | { is: 'end'; fetch: number }
  | { is: 'look' }
  | { is: 'looked'; look: number; waiting: number[]; putOff: number[] }
const channel = fc.constantFrom(...channels)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    is: fc.constant('heard' as const),
    of: fc.oneof(fc.array(channel, { maxLength: 3 }), fc.constant('*' as const)),
  }),
  fc.record({ is: fc.constant('putOff' as const), of: fc.array(channel, { maxLength: 3 }) }),
  fc.record({ is: fc.constant('begin' as const), channel, again: fc.boolean() }),
  fc.record({ is: fc.constant('end' as const), fetch: fc.nat({ max: 10 }) }),
  fc.constant({ is: 'look' as const }),
  fc.record({
    is: fc.constant('looked' as const),
    look: fc.nat({ max: 3 }),
    waiting: fc.array(channel, { maxLength: 3 }),
    putOff: fc.array(channel, { maxLength: 3 }),
  }),
)

test('a channel is quiet only when a fetch or a look that began after the last word found nothing, also when counting begins anew', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(undefined, 3, 10), (steps, last) => {
      const waiting = createWaiting(last)
      /** Per channel the time of the last word, and of the beginning of the last fetch that came back empty. */
      const word = new Map(channels.map((c) => [c, 0]))
      const put = new Map(channels.map((c) => [c, -1]))
      const plain = new Map(channels.map((c) => [c, -1]))
      const again = new Map(channels.map((c) => [c, -1]))
      const looks: { began: number; moment: number }[] = []
      /** Of the last look that did not find it. */
      const seen = new Map(channels.map((c) => [c, { plain: -1, again: -1 }]))
      /** The last word for everybody, and of each the last look that did not find that it put something off. */
      let everybody = 0
      const calm = new Map(channels.map((c) => [c, -1]))
      const fetches: { channel: number; again: boolean; began: number; moment: number }[] = []
      for (const [i, s] of steps.entries()) {
        const time = i + 1
        if (s.is === 'heard') {
          waiting.heard(s.of)
          for (const c of s.of === '*' ? channels : s.of) word.set(c, time)
          if (s.of === '*') everybody = time
        } else if (s.is === 'putOff') {
          waiting.putOff(s.of)
          for (const c of s.of) put.set(c, time)
        } else if (s.is === 'begin')
          fetches.push({ channel: s.channel, again: s.again, began: time, moment: waiting.moment() })
        else if (s.is === 'look') looks.push({ began: time, moment: waiting.moment() })
        else if (s.is === 'looked') {
          const [l] = looks.splice(s.look % Math.max(1, looks.length), 1)
          if (!l) continue
          waiting.looked(l.moment, s)
          for (const c of channels) {
            const known = seen.get(c) as { plain: number; again: number }
            if (s.waiting.includes(c)) word.set(c, time)
            else known.plain = Math.max(known.plain, l.began)
            if (!s.putOff.includes(c)) calm.set(c, Math.max(calm.get(c) as number, l.began))
            if (s.putOff.includes(c)) put.set(c, time)
            else if (!s.waiting.includes(c)) known.again = Math.max(known.again, l.began)
          }
        } else {
          const [f] = fetches.splice(s.fetch % Math.max(1, fetches.length), 1)
          if (!f) continue
          waiting.drained(f.channel, f.moment, f.again)
          plain.set(f.channel, f.began)
          if (f.again) again.set(f.channel, f.began)
        }
        for (const c of channels) {
          const w = word.get(c) as number
          const l = seen.get(c) as { plain: number; again: number }
          const p = Math.max(plain.get(c) as number, l.plain)
          const a = Math.max(again.get(c) as number, l.again)
          if (waiting.quiet(c)) assert.ok(p > w, `channel ${c}: quiet, though something was heard since`)
          if (waiting.quiet(c, true))
            assert.ok(a > w && a > (put.get(c) as number), `channel ${c}: quiet, though something was put off since`)
          assert.ok(waiting.calm(c) || !waiting.quiet(c, true))
          if (waiting.calm(c)) {
            const rest = Math.max(again.get(c) as number, calm.get(c) as number)
            assert.ok(
              rest > everybody && rest > (put.get(c) as number),
              `channel ${c}: calm, though something was put off`,
            )
          }
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('a new node knows nothing; after an empty fetch it does; each word ends it', () => {
  const w = createWaiting()
  assert.equal(w.quiet(7), false)
  w.drained(7, w.moment())
  assert.deepEqual([w.quiet(7), w.quiet(7, true), w.quiet(8)], [true, false, false])
  w.drained(7, w.moment(), true)
  assert.equal(w.quiet(7, true), true)
  w.putOff([7])
  assert.deepEqual([w.quiet(7), w.quiet(7, true), w.calm(7)], [true, false, false])
  w.drained(7, w.moment(), true)
  w.heard([7])
  assert.deepEqual([w.quiet(7), w.quiet(7, true), w.calm(7)], [false, false, true])
  w.drained(7, w.moment())
  w.putOff([7])
  w.heard([7])
  assert.equal(w.quiet(7), false)
  w.drained(7, w.moment(), true)
  w.heard('*')
  assert.equal(w.quiet(7), false)
})

test('a look makes all others quiet, also those that nobody has ever asked for; a word after it began counts', () => {
  const w = createWaiting()
  const moment = w.moment()
  w.heard([3])
  w.looked(moment, { waiting: [1], putOff: [2] })
  assert.deepEqual(
    [1, 2, 3, 4].map((c) => w.quiet(c)),
    [false, true, false, true],
  )
  assert.deepEqual(
    [1, 2, 3, 4].map((c) => w.quiet(c, true)),
    [false, false, false, true],
  )
  w.heard('*')
  assert.equal(w.quiet(4), false)
  w.looked(w.moment(), { waiting: [], putOff: [] })
  assert.equal(w.quiet(4), true)
})

test('a word wakes those who hold a poll for it, all of them, and nobody else', async () => {
  const w = createWaiting()
  const woken: string[] = []
  const off = new AbortController()
  const hold = (name: string, channel: number) => w.wait(channel, off.signal).then(() => woken.push(name))
  const all = [hold('a', 1), hold('a2', 1), hold('b', 2), hold('c', 3)]
  assert.equal(w.held(), 3)
  w.putOff([3])
  w.heard([1])
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(woken, ['a', 'a2'])
  w.heard('*')
  await Promise.all(all)
  assert.equal(w.held(), 0)
  const late = hold('d', 4)
  off.abort()
  await late
  await w.wait(5, off.signal)
  assert.equal(w.held(), 0)
})
