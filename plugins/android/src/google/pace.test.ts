/** The pace: so many a second, so many at once, and longer rests the more often Google refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from './pace.ts'

const forever = () => new AbortController().signal

test('never faster than asked for, and never more at once', async () => {
  const pace = createPace({ perSecond: 50, inFlight: 3 })
  const times: number[] = []
  let now = 0
  let most = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: 12 }, () =>
      pace.run(async () => {
        times.push(performance.now())
        now += 1
        most = Math.max(most, now)
        await new Promise((r) => setTimeout(r, 40))
        now -= 1
      }, forever()),
    ),
  )
  assert.ok(most <= 3)
  // From before the first: that may itself be late, and the others are not late with it.
  const spread = (times.at(-1) ?? 0) - began
  assert.ok(spread >= 11 * 20 * 0.9, `12 at 50 a second took ${spread} ms`)
})

test('refusals that come together are one; each one more makes the rest longer, up to a bound; success ends it', async () => {
  const pace = createPace({ perSecond: 1000, inFlight: 5, firstRestS: 0.01 })
  const together = [pace.rest(), pace.rest(), pace.rest()]
  assert.ok(together.every((s) => s <= 0.03 + 0.015))
  let last = 0
  for (let i = 0; i < 4; i += 1) {
    await pace.run(async () => undefined, forever())
    last = pace.rest()
  }
  assert.ok(last >= 0.08, `${last}`)
  assert.ok(pace.rest(0.2) >= 0.2, 'as long as Google asks for, at least')
  await pace.run(async () => undefined, forever())
  pace.well()
  assert.ok(pace.rest() <= 0.015)
})

test('nobody begins during a rest, and who is called off leaves at once', async () => {
  const pace = createPace({ perSecond: 1000, inFlight: 1, firstRestS: 60 })
  pace.rest()
  const stop = new AbortController()
  const waiting = pace.run(async () => 'begun', stop.signal)
  stop.abort(new Error('called off'))
  await assert.rejects(waiting, /called off/)
})
