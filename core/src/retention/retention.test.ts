/** Months of the partitioned tables: made ahead, by many nodes at once, and dropped when they are older than what is kept. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { dropMonths, makeMonths } from './index.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())
const months = async (table: string) =>
  (
    await t.db.query<{ name: string }>(
      sql`select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = ${table}::regclass order by 1`,
    )
  )
    .map((r) => r.name)
    .filter((n) => !n.endsWith('default'))
const keep = { history: 60, message: 30, device_event: 90 }

test('this month and two more are there, over the end of the year, made by several nodes at once', async () => {
  const now = new Date('2030-11-30T23:59:59Z')
  await Promise.all(Array.from({ length: 6 }, () => makeMonths(t.db, now)))
  assert.deepEqual(await months('history'), ['history_2030_11', 'history_2030_12', 'history_2031_01'])
  await makeMonths(t.db, new Date('2030-12-01T00:00:00Z'))
  assert.deepEqual((await months('message')).at(-1), 'message_2031_02')
  await t.db.query(
    sql`insert into device_event (at, device, type, data) values ('2030-12-31T23:59:59.999Z', 1, 'x', '{}'), ('2031-01-01T00:00:00Z', 1, 'x', '{}')`,
  )
  const rows = await t.db.query(sql`select tableoid::regclass::text as name from device_event order by at`)
  assert.deepEqual(rows, [{ name: 'device_event_2030_12' }, { name: 'device_event_2031_01' }])
})

test('a month goes when its last day is older than what is kept, for each table by itself', async () => {
  // November ended with the 30th: on 30 January it ended 60 days and a second ago.
  assert.deepEqual((await dropMonths(t.db, keep, new Date('2030-12-30T23:59:59Z'))).sort(), [])
  assert.deepEqual((await dropMonths(t.db, keep, new Date('2030-12-31T00:00:00Z'))).sort(), ['message_2030_11'])
  assert.deepEqual((await dropMonths(t.db, keep, new Date('2031-01-30T00:00:00Z'))).sort(), ['history_2030_11'])
  assert.deepEqual(await months('history'), ['history_2030_12', 'history_2031_01', 'history_2031_02'])
  assert.equal((await months('device_event')).length, 4, 'kept for longer')
  const rows = await t.db.query(sql`select count(*) as n from device_event`)
  assert.deepEqual(rows, [{ n: 2 }])
})

test('what no month is there for is kept all the same', async () => {
  await t.db.query(sql`insert into device_event (at, device, type, data) values ('2040-01-01T00:00:00Z', 1, 'x', '{}')`)
  assert.deepEqual(
    await t.db.query(sql`select tableoid::regclass::text as name from device_event where at > '2039-01-01'`),
    [{ name: 'device_event_default' }],
  )
})

test('what came while its month was missing moves into it when the month is made', async () => {
  await makeMonths(t.db, new Date('2040-01-15T00:00:00Z'))
  assert.deepEqual(
    await t.db.query(sql`select tableoid::regclass::text as name from device_event where at > '2039-01-01'`),
    [{ name: 'device_event_2040_01' }],
  )
  const indexes = (name: string) =>
    t.db.query(sql`select count(*) as n from pg_index where indrelid = ${name}::regclass`)
  assert.deepEqual(await indexes('device_event_2040_01'), await indexes('device_event_2030_12'))
})

test('left to itself it goes by the clock of the database', async () => {
  const [now] = await t.db.query<{ part: string }>(
    sql`select 'history_' || to_char(now() at time zone 'UTC', 'YYYY_MM') as part`,
  )
  const nextYears = Date.now
  Date.now = () => nextYears() + 700 * 86_400_000
  try {
    await makeMonths(t.db)
    assert.ok((await months('history')).includes(now?.part ?? '?'))
    await dropMonths(t.db, { history: 1, message: 1, device_event: 1 })
    assert.ok((await months('history')).includes(now?.part ?? '?'), 'this month stays')
  } finally {
    Date.now = nextYears
  }
})
