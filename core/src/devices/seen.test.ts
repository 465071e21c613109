/** Last seen: written together and sorted, kept when the database fails, and never stopped by what a device promises. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createSeen } from './seen.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())
const rows = (nos: number[]) =>
  t.db.query<{ channel: number; expect_s: number; at: Date }>(
    sql`select channel, expect_s, at from seen where channel = any(${nos}::bigint[]) order by 1`,
  )

test('many marks are one row; a later flush without a promise keeps the last one', async () => {
  const flushed: number[][] = []
  const seen = createSeen({ db: t.db, log: silentLog, after: (c) => flushed.push(c) })
  for (let i = 0; i < 5; i++) seen.mark(2, 60)
  seen.mark(1)
  assert.equal(await seen.flush(), 2)
  assert.deepEqual(flushed, [[1, 2]])
  assert.equal(await seen.flush(), 0)
  seen.mark(2)
  await seen.flush()
  assert.deepEqual(
    (await rows([1, 2])).map((r) => [r.channel, r.expect_s]),
    [
      [1, 0],
      [2, 60],
    ],
  )
  await seen.stop()
})

test('what no promise can be is none, and stops nobody’s', async () => {
  const seen = createSeen({ db: t.db, log: silentLog })
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, -5, 1e300, 0.4, 59.6]
  for (const [i, s] of odd.entries()) seen.mark(10 + i, s)
  assert.equal(await seen.flush(), odd.length)
  assert.deepEqual(
    (await rows(odd.map((_, i) => 10 + i))).map((r) => r.expect_s),
    [0, 0, 0, 31_536_000, 0, 60],
  )
  await seen.stop()
})

test('time never goes back, and a failed flush is tried again with everything', async () => {
  let away = true
  const failing = {
    ...t.db,
    statements: 0,
    tx: ((work) => (away ? Promise.reject(new Error('away')) : t.db.tx(work))) as typeof t.db.tx,
  }
  const seen = createSeen({ db: failing, log: silentLog })
  await t.db.query(sql`insert into seen (channel, at) values (20, now() + interval '1 hour')`)
  seen.mark(20)
  seen.mark(21, 30)
  await assert.rejects(seen.flush())
  seen.mark(21)
  away = false
  assert.equal(await seen.flush(), 2)
  const [a, b] = await rows([20, 21])
  assert.ok(a && a.at.getTime() > Date.now() + 3_000_000)
  assert.ok(b)
  await seen.stop()
})
