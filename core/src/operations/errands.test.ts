/** Errands that come together are queued together: each on its own channel, each in place of the older one of its kind there. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import type { KnownChannel } from '../devices/index.ts'
import { createEvents } from '../events/index.ts'
import { type CountingDb, countingDb, silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createErrands } from './errands.ts'

let t: TestDatabase
let db: CountingDb
let events: ReturnType<typeof createEvents>
let errand: ReturnType<typeof createErrands>
before(async () => {
  t = await testDatabase()
  db = countingDb(t.db)
  events = createEvents({ db, log: silentLog })
  errand = createErrands(db, events)
  await db.query(sql`insert into platform (id, title, installed, descriptors) values ('p', 'P', true, '{}')`)
})
after(async () => {
  await events.close()
  await t.close()
})

async function channel(): Promise<KnownChannel> {
  const device = randomUUID()
  const [c] = await db.query<{ no: number; device_no: number }>(sql`
    with d as (insert into device (id, platform, ownership) values (${device}, 'p', 'cope') returning no),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device)
    insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e returning no, device as device_no`)
  const head = {
    platform: 'p',
    epoch: 1,
    name: 'device',
    lifecycle: 'active',
    blocked: false,
    ownership: 'cope',
  } as const
  return { no: c?.no ?? 0, device, deviceNo: c?.device_no ?? 0, ...head }
}
const waiting = (c: KnownChannel) =>
  db.query<{ operation: string; state: string; params: unknown }>(sql`
    select p.operation, p.state, a.params from pending p join activity a on a.no = p.activity where p.channel = ${c.no} order by p.activity`)

test('many at once, by few statements; what is newer takes the place of what is older on its own channel alone', async () => {
  const channels = await Promise.all(Array.from({ length: 20 }, channel))
  const all = (n: number) =>
    Promise.all(channels.map((c) => errand({ channel: c, name: 'look', payload: { n, c: c.no }, collapse: 'look' })))
  const counts = await db.count(() => all(1))
  assert.ok(counts.transactions <= 2, `${counts.transactions} transactions`)
  await all(2)
  const [first] = channels
  assert.ok(first)
  await errand({ channel: first, name: 'other', payload: null })
  for (const c of channels) {
    const own = { operation: 'errand:look', state: 'pending', params: { payload: { n: 2, c: c.no } } }
    const other = { operation: 'errand:other', state: 'pending', params: { payload: null } }
    assert.deepEqual(await waiting(c), c === first ? [own, other] : [own])
  }
  const [old] = await db.query<{ n: number }>(
    sql`select count(*) as n from history where state = 'superseded' and operation = 'errand:look'`,
  )
  assert.equal(old?.n, channels.length)
})

test('those for one channel keep their order, and one that cannot be queued is told alone', async () => {
  const [one, other] = await Promise.all([channel(), channel()])
  const same = Promise.all([1, 2, 3].map((n) => errand({ channel: one, name: 'same', payload: n, collapse: 'same' })))
  const [bad, good] = await Promise.allSettled([
    errand({ channel: { ...other, platform: 'p', ownership: undefined as never }, name: 'bad', payload: 1 }),
    errand({ channel: other, name: 'good', payload: 1 }),
    same,
  ])
  assert.deepEqual([bad.status, good.status], ['rejected', 'fulfilled'])
  assert.deepEqual(
    (await waiting(one)).map((p) => p.params),
    [{ payload: 3 }],
  )
  assert.deepEqual(
    (await waiting(other)).map((p) => p.operation),
    ['errand:good'],
  )
})
