/** Settings feature by feature on devices that ask: shared sets, secrets beside, per-device words, drift, puts before drops. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pull, rounds } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { type Command, computer, type Phone, phone } from './world.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull, rounds])
})
after(() => bench.close())

/** Everything that waits for the phone, each answered as done. */
async function obey(p: Phone): Promise<Command[]> {
  const done: Command[] = []
  for (let next = await p.idle(); next; next = await p.answer(next.id, 'Acknowledged')) done.push(next)
  return done
}
const types = (all: readonly Command[]) => all.map((c) => `${c.verb} ${c.command.type}`)

test('equal effective settings are one set, whoever the devices are', async () => {
  const [x, y] = [await phone(bench), await phone(bench)]
  await bench.publish('pull', { passcode: { minLength: 8 } })
  assert.deepEqual(types(await obey(x)), ['put Passcode'])
  assert.deepEqual(types(await obey(y)), ['put Passcode'])
  const sets = await bench.db.query(
    sql`select distinct desired, applied from channel_set where channel = any(${[x.channel.no, y.channel.no]}::bigint[])`,
  )
  assert.equal(sets.length, 1)
})

test('a setting is verified by the device’s own facts, drifts, and only what drifted is put again', async () => {
  const p = await phone(bench)
  await bench.publish('pull', { passcode: { minLength: 8 }, 'pull.wifi': { ssid: 'Office' } })
  assert.equal((await obey(p)).length, 2)
  assert.equal((await bench.settings(p.channel)).passcode?.state, 'acknowledged')
  await p.idle({ facts: { 'pull.passcode': 9, 'pull.networks': ['Office'] } })
  assert.deepEqual(
    Object.values(await bench.settings(p.channel)).map((s) => s.state),
    ['verified', 'verified'],
  )
  const corrected = await p.idle({ facts: { 'pull.passcode': 4, 'pull.networks': ['Office'] } })
  assert.equal(corrected?.command.type, 'Passcode')
  assert.equal(await p.answer(corrected.id, 'Acknowledged'), undefined)
  assert.equal((await bench.settings(p.channel))['pull.wifi']?.state, 'verified')
})

test('a per-device word: filled in on the way out, and a change of it puts again only what uses it', async () => {
  const p = await phone(bench, { facts: { 'device.serial': 'S1' } })
  await bench.publish('pull', {
    passcode: { minLength: 8 },
    'pull.wifi': { ssid: 'Office', identity: '{{device.serial}}@example.org' },
  })
  const first = await obey(p)
  assert.deepEqual(first.find((c) => c.command.type === 'Wifi')?.command.identity, 'S1@example.org')
  const again = await p.idle({ facts: { 'device.serial': 'S2' } })
  assert.deepEqual([again?.command.type, again?.command.identity], ['Wifi', 'S2@example.org'])
  assert.equal(await p.answer(again?.id ?? '', 'Acknowledged'), undefined, 'and nothing else')
})

test('a secret in settings is sealed at rest, masked to readers, and handed over beside the settings', async () => {
  const p = await phone(bench)
  await bench.publish('pull', { 'pull.wifi': { ssid: 'Secret', password: 'hunter22' } })
  const [wifi] = (await obey(p)).filter((c) => c.command.type === 'Wifi')
  assert.equal(wifi?.command.password, 'hunter22')
  const [kept] = await bench.db.query<{ n: number }>(
    sql`select (select count(*) from policy where draft::text like '%hunter22%') + (select count(*) from policy_version where features::text like '%hunter22%') + (select count(*) from set_feature where settings::text like '%hunter22%') as n`,
  )
  assert.equal(kept?.n, 0)
})

test('a secret that the device entrusted to us serves its settings too', async () => {
  const p = await phone(bench)
  await bench.publish('pull', { 'pull.wifi': { ssid: 'Escrowed' } })
  await bench.host('pull').secrets.put(p.channel, 'password', 'from the device')
  const [wifi] = (await obey(p)).filter((c) => c.command.type === 'Wifi')
  assert.equal(wifi?.command.password, 'from the device')
})

test('what no policy wants any more is taken away, after everything new is there', async () => {
  const p = await phone(bench)
  await bench.publish('pull', { 'pull.wifi': { ssid: 'Old' } })
  await obey(p)
  await bench.publish('pull', { passcode: { minLength: 10 } })
  assert.deepEqual(types(await obey(p)), ['put Passcode', 'drop Wifi'])
  assert.deepEqual(Object.keys(await bench.settings(p.channel)), ['passcode'])
})

test('a setting whose node is there already takes a second message with what was kept', async () => {
  const c = await computer(bench)
  await bench.publish('rounds', { 'rounds.node': { path: './p', value: 'x' } })
  const [add] = await c.session()
  assert.equal(add?.verb, 'Add')
  const [replace] = await c.session([{ id: add?.id ?? '', status: 418 }])
  assert.deepEqual([replace?.id, replace?.verb], [add?.id, 'Replace'])
  assert.deepEqual(await c.session([{ id: replace?.id ?? '', status: 200 }]), [])
  assert.equal((await bench.settings(c.channel))['rounds.node']?.state, 'acknowledged')
})

test('a setting that is put off is offered to the next connection, and never blocks an operation', async () => {
  const p = await phone(bench)
  await bench.publish('pull', { passcode: { minLength: 11 } })
  const put = await p.idle()
  assert.equal(put?.command.type, 'Passcode')
  await bench.send('pull.lock', {}, [p.channel])
  const next = await p.answer(put.id, 'NotNow')
  assert.equal(next?.command.type, 'Lock')
  assert.equal(await p.answer(next.id, 'Acknowledged'), undefined)
  const again = await p.idle()
  assert.equal(again?.id, put.id)
})

test('a setting that is put off or comes back rests: nobody is woken for it until its time, and then the device is', async () => {
  const c = await computer(bench)
  await bench.publish('rounds', { 'rounds.node': { path: './rest', value: 'y' } })
  const [add] = await c.session()
  const waits = () =>
    bench.db.query(
      sql`select id from (select jsonb_array_elements_text(data -> 'channels') as id, no from outbox where type = 'channels.waiting' and jsonb_typeof(data -> 'channels') = 'array') w where id = ${String(c.channel.no)}`,
    )
  const before = (await waits()).length
  assert.deepEqual(await c.session([{ id: add?.id ?? '', status: 503 }]), [])
  assert.equal((await waits()).length, before, 'not told that something waits')
  const [times] = await bench.db.query<{ same: boolean }>(
    sql`select s.due = f.due and s.due > now() as same from channel_set s join feature_state f using (channel) where s.channel = ${c.channel.no}`,
  )
  assert.equal(times?.same, true, 'the tick knows when')
  await bench.heard()
  await c.session()
  assert.deepEqual(await bench.db.count(() => c.session()), { statements: 0, transactions: 0 })
  await bench.lapse(c.channel, 'due')
  await bench.tick()
  const [again] = await c.session()
  assert.equal(again?.id, add?.id)
})

test('a new owner opens an epoch; what was set and entrusted stays with the device', async () => {
  const p = await phone(bench)
  await bench.publish('pull', { passcode: { minLength: 8 } })
  await obey(p)
  await bench.host('pull').secrets.put(p.channel, 'unlock-token', 'stays')
  await bench.core.enrollment.setOwnership({ device: p.channel.device, ownership: 'byod', actor: 'system' })
  await bench.evaluate('pull')
  const [now] = await bench.db.query<{ no: number }>(
    sql`select no from channel where device = (select no from device where id = ${p.channel.device}::uuid) and closed is null`,
  )
  assert.notEqual(now?.no, p.channel.no)
  const c = await bench.core.devices.identity.channel(now?.no ?? 0)
  assert.ok(c)
  assert.equal((await bench.settings(c)).passcode?.state, 'acknowledged')
  assert.deepEqual(await bench.host('pull').turn(c, { take: 5 }), [], 'nothing is put again')
  await bench.send('pull.unlock', {}, [c])
  const [d] = await bench.host('pull').turn(c, { take: 5 })
  assert.deepEqual(d?.secrets, { 'unlock-token': 'stays' })
})
