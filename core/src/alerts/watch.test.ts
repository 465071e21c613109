/** The watch tells of each change once, and looks at nobody who promised to be back later and of whom nothing was heard. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { openDb } from '../db/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createWatch } from './watch.ts'

let t: TestDatabase
let events: Events
before(async () => {
  t = await testDatabase({ alone: true })
  events = createEvents({ db: t.db, log: silentLog })
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
})
after(async () => {
  await events.close()
  await t.close()
})

/** Devices that were heard just now and promised to be back within a minute. */
async function enrolled(n: number): Promise<{ no: number; id: string }[]> {
  return t.db.query(sql`
    with d as (insert into device (id, platform, ownership, lifecycle) select gen_random_uuid(), 'toy', 'cope', 'active' from generate_series(1, ${n}) returning no, id),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device),
    c as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e returning no, device),
    s as (insert into seen (channel, at, expect_s) select no, now(), 60 from c)
    select no, id from d order by no`)
}
/** The last word of each device was so long ago. */
const silentFor = (devices: readonly { no: number }[], s: number) =>
  t.db.query(sql`
    update seen set at = now() - make_interval(secs => ${s}) from channel c where c.no = channel and c.device = any(${devices.map((d) => d.no)}::bigint[])`)
const told = async (device: { no: number }) =>
  (await t.db.query<{ type: string }>(sql`select type from device_event where device = ${device.no} order by no`)).map(
    (r) => r.type,
  )
async function eventually(what: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 20_000; !(await what()); ) {
    assert.ok(Date.now() < until, 'it did not come about in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('who promised to be back later costs nothing: nobody asks for them', async () => {
  const devices = await enrolled(300)
  // Its own, as the events read by themselves each second.
  const db = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const watch = createWatch({ db, events })
  assert.equal(await watch(), 300, 'each is new once')
  const before = db.statements
  for (let i = 0; i < 5; i++) assert.equal(await watch(), 0)
  // The clock, and the look at replaced cards in its transaction.
  assert.equal(db.statements - before, 5 * 4)
  await db.close()
  assert.deepEqual(await told(devices[0]!), [])
})

test('silence is told when the promise ends, and the return at once', async () => {
  const watch = createWatch({ db: t.db, events })
  const since = new Date(Date.now() - 86_400_000)
  const [awake] = await enrolled(1)
  // It promised 150 s in all, and nearly all of it is over. All of it, on a machine that takes too long here: then with another one.
  let quiet = awake
  for (let over = true; over; ) {
    ;[quiet] = await enrolled(1)
    assert.ok(quiet && awake)
    await silentFor([quiet], 148)
    await watch(since)
    const words = await told(quiet)
    const [kept] = await t.db.query<{ over: boolean }>(
      sql`select s.at + interval '150 s' < now() as over from seen s join channel c on c.no = s.channel where c.device = ${quiet.no}`,
    )
    over = kept?.over ?? false
    if (!over) assert.deepEqual(words, [])
  }
  assert.ok(quiet && awake)
  await eventually(async () => {
    await watch()
    return (await told(quiet)).length > 0
  })
  assert.deepEqual(await told(quiet), ['device.unreachable'])
  await watch()
  await silentFor([quiet], 0)
  assert.equal(await watch(), 1)
  assert.deepEqual(await told(quiet), ['device.unreachable', 'device.reachable'])
  assert.deepEqual(await told(awake), [])
})

test('what a device reports is looked at when it is heard of; who left is not watched, and new when it comes again', async () => {
  const [device, other] = await enrolled(2)
  assert.ok(device && other)
  const watch = createWatch({ db: t.db, events })
  await watch()
  const heard = (data: { devices: string[] }) => t.db.tx((tx) => events.emit(tx, 'device.reported', data))
  await t.db.query(sql`update device set rooted = true where no = ${device.no}`)
  await heard({ devices: [device.id] })
  await eventually(async () => (await watch()) > 0)
  assert.deepEqual(await told(device), ['device.rooted'])
  const watched = async () =>
    (await t.db.query(sql`select from device_watch where device in (${device.no}, ${other.no})`)).length
  assert.equal(await watched(), 2)
  await t.db.query(sql`update device set lifecycle = 'removed' where no = ${device.no}`)
  await t.db.tx((tx) => events.emit(tx, 'device.removed', { device: device.id, channels: [], reason: 'left' }))
  await eventually(async () => {
    await watch()
    return (await watched()) === 1
  })
  await t.db.query(sql`update device set lifecycle = 'active' where no = ${device.no}`)
  await t.db.tx((tx) =>
    events.emit(tx, 'device.enrolled', { device: device.id, platform: 'toy', channel: 1, epoch: 2 }),
  )
  await eventually(async () => {
    await watch()
    return (await watched()) === 2
  })
})

test('a watch that failed, and one that paused, look at everybody again', async () => {
  const [device] = await enrolled(1)
  assert.ok(device)
  let away = false
  const db = {
    ...t.db,
    statements: 0,
    tx: ((...args) => (away ? Promise.reject(new Error('away')) : t.db.tx(...args))) as typeof t.db.tx,
  }
  const watch = createWatch({ db, events })
  await watch()
  // Changed, and no word of it.
  await t.db.query(sql`update device set encrypted = true where no = ${device.no}`)
  assert.equal(await watch(), 0)
  away = true
  await assert.rejects(watch(), /away/)
  away = false
  assert.equal(await watch(), 1)
})
