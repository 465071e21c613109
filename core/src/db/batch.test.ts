/** Transactions for crowds: what is issued together travels together, nothing half of it is kept, and the connection is good for the next. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { numberArray, textArray } from './array.ts'
import type { Tx } from './connection.ts'
import { DatabaseProblem } from './problem.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
  await t.db.query({ text: 'create table thing (no integer primary key, word text)' })
})
after(() => t.close())

const put = (tx: Tx, no: number, word = 'x') =>
  tx.affected({ name: 'put-thing', text: 'insert into thing (no, word) values ($1, $2)', values: [no, word] })
const things = async () =>
  (await t.db.query<{ no: number }>({ text: 'select no from thing order by no' })).map((r) => r.no)

test('answers come to whoever asked, in the types of other statements, and what nobody waited for is kept with the rest', async () => {
  const told = await t.db.batch(async (tx) => {
    const [first, many, none] = await Promise.all([
      put(tx, 1, 'one'),
      tx.query({ text: 'select n::bigint as n, now() as at from generate_series(1, 3) n' }),
      tx.query({ text: 'select no from thing where no = $1', values: [7] }),
    ])
    const seen = await tx.query<{ word: string }>(sql`select word from thing where no = ${1}`)
    void put(tx, 2)
    void put(tx, 3)
    return { first, many, none, seen }
  })
  assert.equal(told.first, 1)
  assert.deepEqual(
    told.many.map((r) => r.n),
    [1, 2, 3],
  )
  assert.ok(told.many[0]?.at instanceof Date)
  assert.deepEqual(told.none, [])
  assert.deepEqual(told.seen, [{ word: 'one' }])
  assert.deepEqual(await things(), [1, 2, 3])
})

test('one that fails fails all, also when it goes with the commit, and the next batch works', async () => {
  for (const work of [
    async (tx: Tx) => {
      await Promise.all([put(tx, 10), put(tx, 10), put(tx, 11)])
    },
    async (tx: Tx) => {
      await put(tx, 20)
      for (const no of [21, 1, 22]) put(tx, no).catch(() => undefined)
    },
    async (tx: Tx) => {
      put(tx, 30).catch(() => undefined)
      throw new Error('not this time')
    },
    async (tx: Tx) => {
      await Promise.all([put(tx, 40), tx.query({ name: 'of-no-table', text: 'select * from no_such_table' })])
    },
  ]) {
    await assert.rejects(t.db.batch(work))
    await t.db.batch(async (tx) => void (await put(tx, 99)))
    assert.deepEqual(await things(), [1, 2, 3, 99])
    await t.db.query({ text: 'delete from thing where no = 99' })
  }
})

test('a parameter that cannot be written leaves nothing half done', async () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  await assert.rejects(
    t.db.batch(async (tx) => {
      await put(tx, 50)
      put(tx, 51).catch(() => undefined)
      tx.query({ text: 'select $1::jsonb', values: [circle] }).catch(() => undefined)
    }),
  )
  assert.deepEqual(await things(), [1, 2, 3])
  await t.db.batch(async (tx) => void (await put(tx, 4)))
  assert.deepEqual(await things(), [1, 2, 3, 4])
})

test('a connection that ends meanwhile is told of, and not used again', async () => {
  const cut = t.db.batch(async (tx) => {
    await put(tx, 60)
    await tx.query({ text: 'select pg_terminate_backend(pg_backend_pid())' })
  })
  await assert.rejects(cut, (e) => e instanceof DatabaseProblem)
  await t.db.batch(async (tx) => void (await put(tx, 5)))
  assert.deepEqual(await things(), [1, 2, 3, 4, 5])
})

test('crowds of batches at once, each whole', async () => {
  await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      t.db.batch(async (tx) => {
        await Promise.all([put(tx, 1_000 + n * 2), put(tx, 1_001 + n * 2)])
        if (n % 3 === 0) throw new Error('undone')
      }),
    ).map((p) => p.catch(() => undefined)),
  )
  const kept = (await things()).filter((no) => no >= 1_000)
  assert.equal(kept.length, 40)
  assert.ok(kept.every((no) => Math.floor((no - 1_000) / 2) % 3 !== 0))
})

test('arrays are read by the database as they were', async () => {
  const text = fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', ''))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)), fc.array(fc.option(fc.maxSafeInteger())), async (words, numbers) => {
      const [row] = await t.db.query<{ words: unknown; numbers: unknown }>({
        text: 'select to_json($1::text[]) as words, to_json($2::bigint[]) as numbers',
        values: [textArray(words), numberArray(numbers)],
      })
      assert.deepEqual(row, { words, numbers })
    }),
    { numRuns: 50 },
  )
})
