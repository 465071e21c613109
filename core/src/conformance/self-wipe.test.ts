/** A policy by which devices erase themselves is weighed like wipes: within the budget it counts, beyond it somebody else publishes it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type JsonObject, type Platform } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { everywhere, system } from '../access/index.ts'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { phone } from './world.ts'

/** The toy's network erases the device when it is called so. */
const platform: Platform = {
  ...pull,
  describe: (settings) => {
    const all = pull.describe(settings)
    const erases = (s: unknown) => (s as JsonObject).ssid === 'ERASE'
    return { ...all, features: all.features.map((f) => (f.id === 'pull.wifi' ? { ...f, erases } : f)) }
  },
}
let bench: CoreBench
before(async () => {
  bench = await createHarness().open([platform])
  const role = await bench.core.access.roles.create({ name: 'all', title: 'all', permissions: ['*'] }, system)
  for (const name of ['eve', 'ada']) {
    await bench.core.access.users.create({ name, displayName: name }, system)
    const [row] = await bench.db.query<{ no: number }>(sql`select no from app_user where name = ${name}`)
    await bench.core.access.users.assign(String(row?.no), [{ role: role.id }], system)
  }
  for (let i = 0; i < 4; i++) await phone(bench)
})
after(() => bench.close())

const [eve, ada] = ['user:eve', 'user:ada']
const wifi = (ssid: string) => [{ feature: 'pull.wifi', settings: { ssid, password: 'hunter22' } }]
const second = (e: unknown) => isProblem(e) && e.code === 'second-publisher-needed' && e.extra.devices === 4
const made = async (name: string, ssid: string, actor: string) =>
  Number((await bench.core.policies.create({ name, platform: 'pull', features: wifi(ssid) }, actor)).id)

test('beyond the budget: refused with an alert, nothing reaches a device, and who did not write it publishes it', async () => {
  const { policies } = bench.core
  const no = await made('erase', 'ERASE', eve)
  await assert.rejects(policies.publish(no, eve), second)
  assert.deepEqual([(await policies.get(no)).version, (await policies.get(no)).state], [0, 'inactive'])
  assert.deepEqual(await bench.db.query(sql`select from channel_set where desired is not null`), [])
  const alarms = await bench.core.alerts.list({ reach: everywhere, limit: 50, type: 'guard.budget-exceeded' })
  assert.deepEqual(
    alarms.items.map((a) => (a.data as JsonObject).policy),
    [no],
  )
  assert.deepEqual(await policies.publish(no, ada), { id: String(no), version: 1, devices: 4 })
  // What counts already is not weighed again: another feature's change goes by itself.
  const saved = await policies.get(no)
  const features = [...wifi('ERASE'), { feature: 'passcode', settings: { minLength: 8 } }]
  await policies.saveDraft(no, saved.revision, { name: 'erase', features }, eve)
  assert.equal((await policies.publish(no, eve)).version, 2)
  await policies.deactivate(no, eve)
  // To let it count again takes somebody else than who published it.
  await assert.rejects(policies.activate(no, eve), second)
  await policies.activate(no, ada)
  await policies.deactivate(no, eve)
  await policies.remove(no, eve)
})

test('the second person may not have had a hand in it; settings that erase nothing are nobody’s business', async () => {
  const { policies } = bench.core
  const no = await made('both', 'Office', eve)
  await policies.publish(no, eve)
  const saved = await policies.get(no)
  await policies.saveDraft(no, saved.revision, { name: 'both', features: wifi('ERASE') }, ada)
  await assert.rejects(policies.publish(no, ada), second)
  const again = await policies.get(no)
  await policies.saveDraft(no, again.revision, { name: 'both', description: 'touched', features: wifi('ERASE') }, eve)
  for (const actor of [eve, ada, 'client:of-nobody']) await assert.rejects(policies.publish(no, actor), second)
  await policies.saveDraft(no, (await policies.get(no)).revision, { name: 'both', features: wifi('Office') }, eve)
  assert.equal((await policies.publish(no, eve)).version, 1, 'as it was: nothing to publish')
})

test('within the budget it is counted with all other wipes of that person', async () => {
  const [one] = await bench.db.query<{ no: number }>(sql`select no from device order by no limit 1`)
  await bench.db.query(sql`update enrolment set state = 'removed', ended = now() where device <> ${one?.no}`)
  await bench.db.query(sql`update device set lifecycle = 'removed' where no <> ${one?.no}`)
  for (const p of (await bench.core.policies.list({ limit: 50 })).items) {
    await bench.core.policies.deactivate(Number(p.id), 'system')
    await bench.core.policies.remove(Number(p.id), 'system')
  }
  const no = await made('small', 'ERASE', eve)
  assert.equal((await bench.core.policies.publish(no, eve)).devices, 1)
  assert.deepEqual(await bench.db.query(sql`select person, kind, devices from destruction`), [
    { person: eve, kind: 'wipe', devices: 1 },
  ])
})
