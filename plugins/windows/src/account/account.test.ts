/** Rows that come together are written together: each once, in order, and whoever was in a batch that failed hears of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inCrowds } from './in-crowds.ts'

test('every row is written once, in its order, and what comes meanwhile goes together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 30 }), async (pauses) => {
      const batches: number[][] = []
      const write = inCrowds<number>(async (all) => {
        batches.push([...all])
        await new Promise((r) => setImmediate(r))
      })
      const done: Promise<void>[] = []
      for (const [i, pause] of pauses.entries()) {
        for (let k = 0; k < pause; k++) await new Promise((r) => setImmediate(r))
        done.push(write(i))
      }
      await Promise.all(done)
      assert.deepEqual(
        batches.flat(),
        pauses.map((_, i) => i),
      )
    }),
    { numRuns: 50 },
  )
})

test('a crowd is one batch after the first; a failure is told to those who were in it alone', async () => {
  const batches: number[][] = []
  const write = inCrowds<number>(async (all) => {
    batches.push([...all])
    if (all.includes(3)) throw new Error('refused')
  })
  const first = await Promise.allSettled([1, 2].map(write))
  const second = await Promise.allSettled([3, 4].map(write))
  const third = await Promise.allSettled(Array.from({ length: 450 }, (_, i) => write(100 + i)))
  assert.deepEqual(
    [...first, ...second].map((r) => r.status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  assert.ok(third.every((r) => r.status === 'fulfilled'))
  assert.deepEqual(
    batches.map((b) => b.length),
    [2, 2, 200, 200, 50],
  )
})
