/** Unmatched reports are noted within bounds, whatever a device sends. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { noteUnmatched, trimUnmatched } from './unmatched.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())
const count = async (channel: number) =>
  (await t.db.query<{ n: number }>(sql`select count(*) as n from unmatched where channel = ${channel}`))[0]?.n

test('of one channel at most twenty in a batch, names and words cut to size', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({
    channel: 1,
    ref: `o1-${i}\0${'x'.repeat(500)}`,
    said: { text: '\0'.repeat(20_000) },
    why: 'unknown',
  }))
  await t.db.tx((tx) => noteUnmatched(tx, [...rows, { channel: 2, ref: 'o2-1', said: {}, why: 'foreign' }]))
  assert.equal(await count(1), 20)
  assert.equal(await count(2), 1)
  const [worst] = await t.db.query<{ ref: number; said: number }>(
    sql`select max(length(ref)) as ref, max(length(said::text)) as said from unmatched`,
  )
  assert.ok((worst?.ref ?? 0) <= 200 && (worst?.said ?? 0) <= 50_000)
})

test('old ones go, and of each channel all but the newest thousand', async () => {
  await t.db.query(
    sql`insert into unmatched (channel, ref, said, why) select 3, 'r', '{}', 'unknown' from generate_series(1, 1200)`,
  )
  await t.db.query(sql`update unmatched set at = now() - interval '40 days' where channel = 2`)
  await trimUnmatched(t.db, 30)
  assert.equal(await count(2), 0)
  assert.equal(await count(3), 1000)
})
