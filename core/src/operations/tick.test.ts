/** Leases end by the batch they were given in, each row as its own lease and words say, and none is forgotten. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import sql from 'sql-template-tag'
import { createEvents, type Events } from '../events/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import type { TurnPart } from './part.ts'
import { createTick } from './tick.ts'
import { bounds } from './transitions.ts'

let t: TestDatabase
let events: Events
let tick: () => Promise<number>
before(async () => {
  t = await testDatabase()
  events = createEvents({ db: t.db, log: silentLog })
  tick = createTick({ db: t.db, events, part: { tick: async () => [] } as unknown as TurnPart })
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
  await t.db.query(sql`
    with d as (insert into device (id, platform, ownership) select gen_random_uuid(), 'toy', 'cope' from generate_series(1, 6) returning no),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device)
    insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e`)
})
after(async () => {
  await events.close()
  await t.close()
})
beforeEach(() => t.db.query(sql`truncate pending, history, handed`))

/** One batch whose leases were to end a moment ago; of channel 2 it was given again since. */
async function handOver(): Promise<void> {
  await t.db.query(sql`
    insert into pending (channel, activity, epoch, ownership, operation, state, safe, cancelling, attempts, lease, deadline)
    select c, 1, 1, 'cope', 'toy.do', state, safe, cancelling, attempts, now() + lease * interval '1 second', now() + interval '1 day' from (values
      (1, 'sent', true, false, 1, -1), (2, 'sent', true, false, 2, 300), (3, 'sent', false, false, 1, -1),
      (4, 'sent', true, true, 1, -1), (5, 'sent', true, false, ${bounds.attempts}::integer, -1), (6, 'acknowledged', true, false, 1, -1)) as x (c, state, safe, cancelling, attempts, lease)`)
  await t.db.query(
    sql`insert into handed (until, channels, activities) values (now() - interval '1 second', '{1,2,3,4,5,6}', '{1,1,1,1,1,1}')`,
  )
}
const open = () => t.db.query(sql`select channel, state from pending order by 1`)
const left = () => t.db.query(sql`select channels, until > now() + interval '1 minute' as later from handed`)

test('again when that is safe, else the honest end; what was given again since keeps its own time', async () => {
  await handOver()
  await tick()
  assert.deepEqual(await open(), [
    { channel: 1, state: 'pending' },
    { channel: 2, state: 'sent' },
    { channel: 6, state: 'acknowledged' },
  ])
  assert.deepEqual(await t.db.query(sql`select channel, state, reason ->> 'code' as code from history order by 1`), [
    { channel: 3, state: 'failed', code: 'outcome-unknown' },
    { channel: 4, state: 'cancelled', code: 'outcome-unknown' },
    { channel: 5, state: 'failed', code: 'outcome-unknown' },
  ])
  assert.deepEqual(await left(), [{ channels: ['2'], later: true }])
  await tick()
  assert.deepEqual(await left(), [{ channels: ['2'], later: true }])
})

test('before the batch’s time nothing is looked at', async () => {
  await handOver()
  await t.db.query(sql`update handed set until = now() + interval '1 minute'`)
  assert.equal(await tick(), 0)
  assert.equal((await open()).length, 6)
})

test('however many batches end together, none of them waits for another tick', async () => {
  const many = 2 * bounds.batches + 1
  await t.db.query(sql`
    insert into pending (channel, activity, epoch, ownership, operation, state, safe, attempts, lease, deadline)
    select 1, n, 1, 'cope', 'toy.do', 'sent', true, 1, now() - interval '1 second', now() + interval '1 day' from generate_series(1, ${many}::integer) n`)
  await t.db.query(
    sql`insert into handed (until, channels, activities) select now() - interval '1 second', '{1}', array[n] from generate_series(1, ${many}::integer) n`,
  )
  await tick()
  assert.deepEqual(await t.db.query(sql`select state, count(*) as n from pending group by 1`), [
    { state: 'pending', n: many },
  ])
  assert.deepEqual(await left(), [])
})
