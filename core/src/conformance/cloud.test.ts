/** A platform that we must call: documents shared by equal settings and written only when they differ, answers by a foreign name, and a quota. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Channel } from '@muster/contract'
import { cloud, type FakeCloud, fakeCloud } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'

let maker: FakeCloud
let bench: CoreBench
before(async () => {
  maker = await fakeCloud()
  bench = await createHarness().open([cloud], { cloud: { url: maker.url } })
})
after(async () => {
  await bench.close()
  await maker.close()
})
beforeEach(() => {
  maker.seen.length = 0
})
afterEach(() => maker.busy(0))

const deliver = () => bench.job('cloud.deliver')
const writes = () => maker.seen.filter((s) => s.startsWith('PUT /policies')).length
const serial = (s: string) => ({ 'device.serial': s })
async function wait(c: Channel) {
  await bench.lapse(c, 'due')
  await bench.tick()
}

test('an operation is carried to the cloud and ends by the cloud’s own name for it', async () => {
  const c = await bench.enrol('cloud')
  const a = await bench.send('cloud.reboot', {}, [c])
  await deliver()
  assert.equal((await bench.operation(a, c))?.state, 'acknowledged')
  const [name, op] = [...maker.operations].at(-1) ?? ['', undefined]
  assert.deepEqual([op?.device, op?.command], [c.device, { type: 'REBOOT' }])
  assert.equal((await bench.host('cloud').find({ ref: name }))?.no, c.no)
  await bench.job('cloud.poll')
  assert.equal((await bench.operation(a, c))?.state, 'acknowledged', 'not done yet')
  maker.finish(name, { done: true })
  await bench.job('cloud.poll')
  assert.equal((await bench.operation(a, c))?.state, 'completed')
  assert.equal(await bench.host('cloud').find({ ref: name }), undefined)
  await bench.job('cloud.poll')
  assert.deepEqual(await bench.unmatched(c), [], 'what the cloud still lists is passed over')
})

test('one name of the other side in two devices’ mouths: each settles its own', async () => {
  const [x, y] = [await bench.enrol('cloud'), await bench.enrol('cloud')]
  const [a, b] = [await bench.send('cloud.reboot', {}, [x]), await bench.send('device.inventory', {}, [y])]
  const host = bench.host('cloud')
  const [[dx], [dy]] = [await host.turn(x, { take: 1 }), await host.turn(y, { take: 1 })]
  for (const [c, d] of [
    [x, dx],
    [y, dy],
  ] as const)
    await host.turn(c, { said: [{ id: d?.id ?? '', ref: 'same\0name', state: 'acknowledged' }], take: 0 })
  await Promise.all([
    host.turn(x, { said: [{ ref: 'same\0name', reply: { done: true } }], take: 0 }),
    host.turn(y, { said: [{ ref: 'same\0name', reply: { error: 'no' } }], take: 0 }),
  ])
  assert.deepEqual(
    [(await bench.operation(a, x))?.state, (await bench.operation(b, y))?.state],
    ['completed', 'failed'],
  )
})

test('the quota: what the cloud does not take comes back uncounted, rests, and goes later, without a busy loop', async () => {
  const c = await bench.enrol('cloud')
  const a = await bench.send('cloud.reboot', {}, [c])
  maker.busy(1)
  await deliver()
  assert.equal(maker.seen.length, 1, 'asked once, not again and again')
  assert.deepEqual(await bench.operation(a, c).then((o) => [o?.state, o?.attempts, o?.reason?.code]), [
    'pending',
    0,
    'quota',
  ])
  await deliver()
  assert.equal(maker.seen.length, 1, 'it rests')
  await wait(c)
  await deliver()
  assert.deepEqual(await bench.operation(a, c).then((o) => [o?.state, o?.attempts]), ['acknowledged', 1])
})

test('equal settings are one set and one document; it is written only when it differs', async () => {
  const [x, y] = [await bench.enrol('cloud'), await bench.enrol('cloud')]
  await bench.publish('cloud', { 'cloud.kiosk': { app: 'till' } })
  await deliver()
  const sets = await bench.db.query(
    sql`select distinct applied from channel_set where channel = any(${[x.no, y.no]}::bigint[])`,
  )
  assert.equal(sets.length, 1)
  assert.equal(writes(), 1, 'one document for all of them')
  assert.equal(maker.devices.get(x.device), maker.devices.get(y.device))
  assert.deepEqual(maker.policies.get(maker.devices.get(x.device) ?? ''), { kiosk: { app: 'till' } })
  assert.equal((await bench.settings(x))['cloud.kiosk']?.state, 'acknowledged')

  maker.seen.length = 0
  await bench.publish('cloud', { 'cloud.kiosk': { app: 'till' } })
  await deliver()
  assert.deepEqual(maker.seen, [], 'published again without a change: nothing is asked of the cloud')

  await bench.publish('cloud', { 'cloud.kiosk': { app: 'chess' } })
  await deliver()
  assert.equal(writes(), 1)
  assert.deepEqual(maker.policies.get(maker.devices.get(y.device) ?? ''), { kiosk: { app: 'chess' } })
})

test('a device of its own words gets a document of its own; a change of the word writes that one alone', async () => {
  await bench.publish('cloud', { 'cloud.kiosk': { app: 'till' } })
  await deliver()
  const [x, y] = [
    await bench.enrol('cloud', { facts: serial('A1') }),
    await bench.enrol('cloud', { facts: serial('B2') }),
  ]
  await bench.publish('cloud', { 'cloud.banner': { text: 'Belongs to {{device.serial}}' } })
  await deliver()
  assert.deepEqual(maker.policies.get(`device-${x.device}`), { banner: { text: 'Belongs to A1' } })
  assert.deepEqual(maker.policies.get(`device-${y.device}`), { banner: { text: 'Belongs to B2' } })
  const [stored] = await bench.db.query<{ settings: unknown }>(
    sql`select settings from set_feature where feature = 'cloud.banner' order by set_no desc limit 1`,
  )
  assert.deepEqual(stored?.settings, { text: 'Belongs to {{device.serial}}' }, 'the shared set knows no device')

  maker.seen.length = 0
  await bench.host('cloud').turn(x, { facts: serial('A9'), partial: true, take: 0 })
  await deliver()
  assert.deepEqual(
    maker.seen.filter((s) => s.startsWith('PUT /policies')),
    [`PUT /policies/device-${x.device}`],
  )
  assert.deepEqual(maker.policies.get(`device-${x.device}`), { banner: { text: 'Belongs to A9' } })
  maker.seen.length = 0
  await bench.host('cloud').turn(x, { facts: { ...serial('A9'), 'os.version': '2' }, partial: true, take: 0 })
  await deliver()
  assert.deepEqual(maker.seen, [], 'another fact is nobody’s word')
})

test('a device that lacks the word is not sent nonsense', async () => {
  await bench.publish('cloud', { 'cloud.banner': { text: 'Belongs to {{device.serial}}' } })
  await deliver()
  const c = await bench.enrol('cloud')
  maker.seen.length = 0
  await deliver()
  assert.deepEqual(maker.seen, [])
  assert.deepEqual(await bench.settings(c).then((s) => [s['cloud.banner']?.state, s['cloud.banner']?.reason?.code]), [
    'failed',
    'missing-variable',
  ])
  await bench.host('cloud').turn(c, { facts: serial('C3'), partial: true, take: 0 })
  await deliver()
  assert.deepEqual(maker.policies.get(`device-${c.device}`), { banner: { text: 'Belongs to C3' } })
  assert.equal((await bench.settings(c))['cloud.banner']?.state, 'acknowledged')
})

test('a document that the cloud does not take now comes back and goes later', async () => {
  await bench.publish('cloud', { 'cloud.kiosk': { app: 'till' } })
  await deliver()
  maker.seen.length = 0
  const c = await bench.enrol('cloud')
  maker.busy(1)
  await deliver()
  assert.equal(maker.seen.length, 1)
  assert.equal(maker.devices.get(c.device), undefined)
  await wait(c)
  await deliver()
  assert.ok(maker.devices.get(c.device))
})

test('many devices are delivered to in one round, each once', async () => {
  const all = await Promise.all(Array.from({ length: 25 }, () => bench.enrol('cloud')))
  await deliver()
  maker.seen.length = 0
  const a = await bench.send('cloud.reboot', {}, all)
  await deliver()
  assert.deepEqual(
    maker.seen.filter((s) => s.startsWith('POST /commands')).sort(),
    all.map((c) => `POST /commands/${c.device}`).sort(),
  )
  assert.deepEqual((await bench.core.operations.activity(Number(a))).counts, { acknowledged: 25 })
  maker.seen.length = 0
  await deliver()
  assert.deepEqual(maker.seen, [])
})

test('what the plugin fails to deliver is not lost: it stands as handed over until its lease ends', async () => {
  const c = await bench.enrol('cloud')
  await deliver()
  const host = bench.host('cloud')
  const a = await bench.send('device.inventory', {}, [c])
  const [d] = await host.turn(c, { take: 1 })
  assert.ok(d)
  await bench.lapse(c, 'lease')
  await bench.tick()
  await deliver()
  assert.deepEqual(await bench.operation(a, c).then((o) => [o?.state, o?.attempts]), ['acknowledged', 2])
})
