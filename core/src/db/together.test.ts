/** Tasks done together: each is done once, by the batch or alone, and no two that share a key are in one batch. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { together } from './together.ts'

interface Task {
  n: number
  key: string
  is: 'usual' | 'unusual' | 'wrong'
}
const task = (n: number): fc.Arbitrary<Task> =>
  fc.record({
    n: fc.constant(n),
    key: fc.constantFrom('a', 'b', 'c', 'd', `own ${n}`),
    is: fc.constantFrom<Task['is'][]>('usual', 'usual', 'unusual', 'wrong'),
  })
const turns = (n: number) =>
  Array.from({ length: n }).reduce<Promise<void>>(
    (p) => p.then(() => new Promise((r) => setImmediate(r))),
    Promise.resolve(),
  )

test('each task is answered as alone it would be, whatever batch fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }).chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => task(i)))),
      fc.boolean(),
      fc.array(fc.nat({ max: 3 }), { maxLength: 5 }),
      async (tasks, fails, pauses) => {
        const done: number[] = []
        let under = 0
        const run = together<Task, string>({
          keys: (t) => [t.key],
          many: async (batch) => {
            assert.equal(++under, 1, 'one batch at a time')
            assert.equal(new Set(batch.map((t) => t.key)).size, batch.length)
            await turns(1)
            under -= 1
            if (fails && batch.some((t) => t.is === 'wrong')) throw new Error('the batch is spoilt')
            return batch.map((t) => {
              if (t.is !== 'usual') return undefined
              done.push(t.n)
              return `${t.n}`
            })
          },
          alone: async (t) => {
            await turns(1)
            if (t.is === 'wrong') throw new Error(`wrong ${t.n}`)
            done.push(t.n)
            return `${t.n}`
          },
        })
        const answers: Promise<PromiseSettledResult<string>>[] = []
        for (const [i, t] of tasks.entries()) {
          answers.push(
            run(t).then(
              (value) => ({ status: 'fulfilled', value }),
              (reason: unknown) => ({ status: 'rejected', reason }),
            ),
          )
          await turns(pauses[i % Math.max(1, pauses.length)] ?? 0)
        }
        const said = await Promise.all(answers)
        for (const [i, s] of said.entries()) {
          if (tasks[i]?.is === 'wrong') assert.equal(s.status === 'rejected' && s.reason.message, `wrong ${i}`)
          else assert.deepEqual(s, { status: 'fulfilled', value: `${i}` })
        }
        assert.deepEqual(
          done.sort((a, b) => a - b),
          tasks.filter((t) => t.is !== 'wrong').map((t) => t.n),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('what comes while a batch is written forms the next one', async () => {
  const sizes: number[] = []
  const gate = Promise.withResolvers<void>()
  const run = together<number, number>({
    keys: (n) => [`${n}`],
    many: async (batch) => {
      sizes.push(batch.length)
      if (sizes.length === 1) await gate.promise
      return batch.map((n) => n)
    },
    alone: async (n) => n,
  })
  const first = [run(1), run(2)]
  await turns(3)
  const rest = Array.from({ length: 150 }, (_, i) => run(10 + i))
  await turns(3)
  gate.resolve()
  assert.deepEqual(await Promise.all(first), [1, 2])
  assert.equal((await Promise.all(rest)).length, 150)
  assert.deepEqual(sizes, [2, 100, 50])
})
