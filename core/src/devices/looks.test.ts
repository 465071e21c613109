/** Looks at all that waits: after word for everybody one is taken, others know it, and a failure leaves everybody unknown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../testing/index.ts'
import { createLooks } from './looks.ts'
import { createWaiting, type Found } from './waiting.ts'

test('a look makes the others quiet; word for everybody while it is under way leads to another one', async () => {
  const waiting = createWaiting()
  const found: PromiseWithResolvers<Found | undefined>[] = []
  const looks = createLooks({
    waiting,
    log: silentLog,
    look: () => {
      const next = Promise.withResolvers<Found | undefined>()
      found.push(next)
      return next.promise
    },
  })
  looks.soon()
  assert.equal(found.length, 1)
  found[0]?.resolve({ waiting: [1], putOff: [] })
  await looks.done()
  assert.deepEqual([waiting.quiet(1), waiting.quiet(2)], [false, true])
  waiting.heard('*')
  looks.soon()
  looks.soon()
  for (const end = Date.now() + 20_000; found.length < 2 && Date.now() < end; )
    await new Promise((r) => setTimeout(r, 20))
  assert.equal(found.length, 2)
  waiting.heard('*')
  found[1]?.resolve({ waiting: [], putOff: [] })
  await looks.done()
  assert.equal(waiting.quiet(2), false, 'it began before the last word')
  looks.stop()
})

test('too much to name, or a database that is away: each asks by itself', async () => {
  const waiting = createWaiting()
  waiting.drained(5, waiting.moment())
  let fails = true
  const looks = createLooks({
    waiting,
    log: silentLog,
    look: async () => {
      if (fails) throw new Error('away')
      return undefined
    },
  })
  looks.soon()
  await looks.done()
  assert.deepEqual([waiting.quiet(5), waiting.quiet(6)], [true, false])
  await assert.rejects(looks.now())
  fails = false
  await looks.now()
  assert.equal(waiting.quiet(5), false, 'the net: everybody asks again')
  looks.stop()
})
