import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import type { Db } from '../db/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import type { ComplianceVerdict } from '../policies/index.ts'
import { complianceSql } from '../queries/index.ts'
import { silentLog, testDatabase } from '../testing/index.ts'
import { type Compliance, createCompliance, type Warning } from './compliance.ts'

let db: Db
let events: Events
let compliance: Compliance
let close: () => Promise<void>
const warned: Warning[] = []

before(async () => {
  const t = await testDatabase()
  db = t.db
  close = t.close
  events = createEvents({ db, log: silentLog })
  compliance = createCompliance({
    db,
    events,
    log: silentLog,
    title: (f) => `<${f}>`,
    warn: async (_, rows) => void warned.push(...rows),
  })
  await db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
})
after(async () => {
  await events.close()
  await close()
})
beforeEach(async () => {
  await db.query(
    sql`truncate compliance, channel_set, device_event; delete from outbox; update device set lifecycle = 'removed'`,
  )
  warned.length = 0
})

interface Device {
  no: number
  id: string
  channel: number
}
async function device(): Promise<Device> {
  const [d] =
    await db.query<Device>(sql`with d as (insert into device (id, platform, ownership, lifecycle) values (gen_random_uuid(), 'toy', 'cope', 'active') returning no, id),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device),
    c as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e returning no)
    select d.no, d.id, c.no as channel from d, c`)
  assert.ok(d)
  return d
}
function verdict(d: Device, state: ComplianceVerdict['state'], o: Partial<ComplianceVerdict> = {}): ComplianceVerdict {
  return {
    channel: d.channel,
    device: d.no,
    deviceId: d.id,
    feature: 'passcode',
    state,
    action: 'enforce',
    graceS: 0,
    ...(state === 'violated' ? { reason: { code: 'differs', text: 'It differs.' }, evidence: { minLength: 4 } } : {}),
    ...o,
  }
}
const say = (...rows: ComplianceVerdict[]) => db.tx((tx) => compliance.onVerdict(tx, rows))
const outbox = async (type: string) =>
  (
    await db.query<{ data: Record<string, unknown> }>(sql`select data from outbox where type = ${type} order by no`)
  ).map((r) => r.data)
const deviceEvents = async () =>
  (await db.query<{ type: string; severity: string }>(sql`select type, severity from device_event order by no`)).map(
    (r) => `${r.severity} ${r.type}`,
  )

test('a verdict becomes a state with time, reason and evidence; a repeat writes nothing', async () => {
  const d = await device()
  assert.deepEqual(await compliance.ofDevice(d.no), { state: 'none', features: [] })
  await say(verdict(d, 'violated'))
  const { state, features } = await compliance.ofDevice(d.no)
  assert.equal(state, 'violated')
  assert.deepEqual(
    [features[0]?.reason, features[0]?.evidence, features[0]?.since, features[0]?.graceUntil],
    [{ code: 'differs', text: 'It differs.' }, { minLength: 4 }, features[0]?.at, null],
  )
  const stamp = () => db.query(sql`select xmin::text, ctid::text from compliance`)
  const before = await stamp()
  await say(verdict(d, 'violated'))
  assert.deepEqual(await stamp(), before)
  assert.deepEqual(await outbox('compliance.changed'), [{ devices: [d.id] }])
  await say(verdict(d, 'compliant'))
  assert.equal((await compliance.ofDevice(d.no)).state, 'compliant')
  assert.deepEqual(await outbox('compliance.changed'), [{ devices: [d.id] }, { devices: [d.id] }])
  await say(verdict(d, 'none'))
  assert.deepEqual(await compliance.ofDevice(d.no), { state: 'none', features: [] })
})

test('a weak verdict stands only where nothing is known', async () => {
  const d = await device()
  await say(verdict(d, 'unknown', { weak: true }))
  assert.equal((await compliance.ofDevice(d.no)).state, 'unknown')
  await say(verdict(d, 'violated'))
  await say(verdict(d, 'unknown', { weak: true }))
  assert.equal((await compliance.ofDevice(d.no)).state, 'violated')
  await say(verdict(d, 'compliant'), verdict(d, 'unknown', { weak: true }))
  assert.equal((await compliance.ofDevice(d.no)).state, 'compliant')
})

test('warn: one event and one warning per violation, not per report', async () => {
  const d = await device()
  for (let i = 0; i < 3; i++) await say(verdict(d, 'violated', { action: 'warn', evidence: { seen: i } }))
  assert.deepEqual(await deviceEvents(), ['warning compliance.violated'])
  assert.deepEqual(warned, [
    {
      channel: d.channel,
      device: d.no,
      deviceId: d.id,
      feature: 'passcode',
      text: 'This device does not follow the policy "<passcode>". It differs.',
    },
  ])
  await say(verdict(d, 'compliant', { action: 'warn' }))
  await say(verdict(d, 'violated', { action: 'warn' }))
  assert.equal(warned.length, 2)
})

test('monitor and enforce record without an event of their own', async () => {
  const d = await device()
  await say(verdict(d, 'violated', { action: 'monitor' }), verdict(d, 'violated', { feature: 'other' }))
  assert.deepEqual([await deviceEvents(), warned], [[], []])
  assert.deepEqual(
    (await compliance.ofDevice(d.no)).features.map((f) => [f.feature, f.action]),
    [
      ['other', 'enforce'],
      ['passcode', 'monitor'],
    ],
  )
})

test('grace: escalated when it ends, once; over when the violation ends', async () => {
  const d = await device()
  await say(verdict(d, 'violated', { action: 'monitor', graceS: 3600 }))
  assert.equal(await compliance.tick(), 0)
  const [first] = (await compliance.ofDevice(d.no)).features
  assert.ok(first?.graceUntil && Math.abs(Date.parse(first.graceUntil) - Date.parse(first.since) - 3_600_000) < 1000)
  await say(verdict(d, 'violated', { action: 'monitor', graceS: 3600, evidence: { later: true } }))
  assert.equal((await compliance.ofDevice(d.no)).features[0]?.graceUntil, first.graceUntil, 'a new report buys no time')
  await db.query(sql`update compliance set grace_until = now()`)
  assert.equal(await compliance.tick(), 1)
  assert.equal(await compliance.tick(), 0)
  assert.deepEqual(await deviceEvents(), ['critical compliance.escalated'])
  const [told] = await outbox('device.event')
  assert.deepEqual([told?.device, told?.type], [d.id, 'compliance.escalated'])
  assert.ok((await compliance.ofDevice(d.no)).features[0]?.escalatedAt)
  await say(verdict(d, 'compliant', { action: 'monitor', graceS: 3600 }))
  const [healed] = (await compliance.ofDevice(d.no)).features
  assert.deepEqual([healed?.escalatedAt, healed?.graceUntil], [null, null])
})

test('enforcing that has given up escalates at once, and once', async () => {
  const d = await device()
  await say(verdict(d, 'violated'))
  for (let i = 0; i < 3; i++) await say(verdict(d, 'violated', { exhausted: true }))
  assert.deepEqual(await deviceEvents(), ['critical compliance.escalated'])
  await say(verdict(d, 'compliant'))
  await say(verdict(d, 'violated', { exhausted: true }))
  assert.deepEqual(await deviceEvents(), ['critical compliance.escalated', 'critical compliance.escalated'])
})

test('of several channels of one device the worst speaks', async () => {
  const d = await device()
  await say(
    verdict(d, 'compliant', { channel: d.channel }),
    verdict(d, 'violated', { channel: d.channel + 1000 }),
    verdict(d, 'compliant', { channel: d.channel + 2000 }),
  )
  assert.equal((await compliance.ofDevice(d.no)).state, 'violated')
})

test('the roll-up is what its words say, for every mix of features and for settings still on their way', async () => {
  const state = fc.constantFrom('compliant' as const, 'violated' as const, 'unknown' as const)
  await fc.assert(
    fc.asyncProperty(fc.array(state, { maxLength: 4 }), fc.boolean(), async (states, onTheWay) => {
      const d = await device()
      await say(...states.map((s, i) => verdict(d, s, { feature: `f${i}` })))
      if (onTheWay) await db.query(sql`insert into channel_set (channel, desired) values (${d.channel}, 1)`)
      const expected = states.includes('violated')
        ? 'violated'
        : states.includes('unknown') || onTheWay
          ? 'unknown'
          : states.length > 0
            ? 'compliant'
            : 'none'
      assert.equal((await compliance.ofDevice(d.no)).state, expected)
      assert.equal(
        (await db.query(sql`select from device d where d.no = ${d.no} and ${complianceSql()} = ${expected}`)).length,
        1,
      )
      const counts = await compliance.counts(sql`d.no = ${d.no}`)
      assert.deepEqual(counts, { compliant: 0, violated: 0, unknown: 0, none: 0, [expected]: 1 })
    }),
    { numRuns: 40 },
  )
})

test('features no longer wanted are forgotten, changed actions taken over, closed channels leave nothing', async () => {
  const [d, other] = [await device(), await device()]
  for (const x of [d, other])
    await say(verdict(x, 'violated', { feature: 'a' }), verdict(x, 'compliant', { feature: 'b' }))
  const [set] = await db.query<{ no: number }>(
    sql`insert into settings_set (hash, content, platform) values ('\\x01', 'x', 'toy') on conflict (hash) do update set content = 'x' returning no`,
  )
  await db.query(
    sql`insert into set_feature (set_no, feature, settings, hash, policy, version, action) values (${set?.no}, 'b', '{}', 'h', 1, 1, 'monitor')`,
  )
  await db.query(sql`insert into channel_set (channel, desired, applied) values (${d.channel}, ${set?.no}, ${set?.no})`)
  await db.query(sql`delete from outbox`)
  await db.tx((tx) => compliance.onDesired(tx, [d.channel]))
  assert.deepEqual(
    (await compliance.ofDevice(d.no)).features.map((f) => [f.feature, f.action, f.state]),
    [['b', 'monitor', 'compliant']],
  )
  assert.equal((await compliance.ofDevice(other.no)).features.length, 2)
  assert.deepEqual(await outbox('compliance.changed'), [{ devices: [d.id] }])
  await db.tx((tx) => compliance.onClosed(tx, [d.channel]))
  assert.deepEqual((await compliance.ofDevice(d.no)).features, [])
})

test('a batch costs the same statements for one device as for two hundred', async () => {
  const devices = await Promise.all(Array.from({ length: 200 }, device))
  const cost = async (some: Device[]) => {
    const before = db.statements
    await say(...some.map((d) => verdict(d, 'violated', { action: 'warn' })))
    return db.statements - before
  }
  assert.equal(await cost(devices.slice(1)), await cost(devices.slice(0, 1)))
})

test('a device that does not exist is not found', async () => {
  await assert.rejects(compliance.ofDevice(987654), { code: 'not-found' })
})
