/** A phone's life through Google: in by a token, pointed to its policy document, commanded, judged, and gone. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type GoogleBench, openGoogle } from './bench.fixture.ts'

let bench: GoogleBench
before(async () => {
  bench = await openGoogle()
  await bench.ready()
})
after(() => bench?.close())

const rules = { minLength: 6, minClasses: 1, maxAgeDays: 0, history: 0, maxFailedAttempts: 0 }

test('a company’s phone comes in by the QR code, and is known as what it is', async () => {
  const { device, channel } = await bench.phone('cope')
  const detail = await bench.host('android').detail(channel)
  assert.equal(detail.facts['android.mode'], 'device-owner')
  assert.equal(detail.facts['android.companyOwned'], true)
  assert.equal(detail.facts['device.serial'], device.phone.model.serial)
  assert.equal(detail.name, 'device')
})

test('one document for all with equal settings; a second phone costs one request', async () => {
  await bench.publish('android', { passcode: rules })
  const { device, channel } = await bench.phone('cope')
  await bench.until(async () => (await bench.settings(channel)).passcode?.state === 'verified', 'the rules hold')
  const policies = () => bench.google.seen.requests['enterprises.policies.patch']
  const before = policies()
  const other = await bench.phone('cope')
  await bench.until(async () => (await bench.settings(other.channel)).passcode?.state === 'verified', 'for it too')
  assert.equal(policies(), before, 'the document stood there already')
  assert.equal(device.phone.applied?.name, other.device.phone.applied?.name)
  assert.deepEqual((device.phone.applied?.policy.passwordPolicies as object[] | undefined)?.[0], {
    passwordScope: 'SCOPE_DEVICE',
    passwordQuality: 'NUMERIC',
    passwordMinimumLength: 6,
  })
})

test('a command is issued, carried out and told of', async () => {
  const { device, channel } = await bench.phone('cope')
  const activity = await bench.send('device.lock', {}, [channel])
  await bench.until(async () => (await bench.operation(activity, channel))?.state === 'completed', 'it locked')
  assert.equal(device.phone.locks, 1)
})

test('lost mode and out of it', async () => {
  const { device, channel } = await bench.phone('cope')
  const on = await bench.send(
    'device.lost-mode.enable',
    { message: 'Lost', phoneNumber: '+49 30 1', footnote: 'Example' },
    [channel],
  )
  await bench.until(async () => (await bench.operation(on, channel))?.state === 'completed', 'it is lost')
  assert.equal(device.phone.lost, true)
  const off = await bench.send('device.lost-mode.disable', {}, [channel])
  await bench.until(async () => (await bench.operation(off, channel))?.state === 'completed', 'it is found')
  assert.equal(device.phone.lost, false)
})

test('a personal phone is never wiped; its work profile is taken away', async () => {
  const { device, channel } = await bench.phone('byod')
  const [activity] = await Promise.all([bench.send('device.wipe', {}, [channel]).catch((e: Error) => e)])
  assert.ok(activity instanceof Error || (await bench.operation(activity, channel)) === undefined)
  const away = await bench.send('device.wipe.corporate', {}, [channel])
  await bench.lapse(channel, 'due')
  await bench.tick()
  await bench.until(() => device.phone.fate !== undefined, 'the work profile went')
  assert.equal(device.phone.fate, 'wiped')
  await bench.until(async () => (await bench.operation(away, channel))?.state === 'completed', 'it said so')
})

test('a device that was deleted at Google is gone here', async () => {
  const { device, channel } = await bench.phone('cope')
  const account = bench.google
  await account.enterprises.get(device.enterprise.name)?.devices.delete(device.name)
  await bench.send('device.lock', {}, [channel])
  await bench.until(async () => (await bench.host('android').detail(channel)).lifecycle === 'removed', 'it is gone')
})

test('app data is cleared and eSIM ids are asked for; what a device cannot do is said with its reason', async () => {
  const phones = await Promise.all([0, 5].map((no) => bench.phone('cope', { no })))
  const channels = phones.map((p) => p.channel)
  const cleared = await bench.send('android.app.clear', { packages: ['com.example.nothing'] }, channels)
  const people = await Promise.all([8, 10].map((no) => bench.phone('byod', { no })))
  const theirs = people.map((p) => p.channel)
  const asked = await bench.send('android.esim.identify', {}, theirs)
  const ended = async (a: string, c: (typeof channels)[number] | undefined) => c && bench.operation(a, c)
  await bench.until(async () => {
    const all = await Promise.all([...channels.map((c) => ended(cleared, c)), ...theirs.map((c) => ended(asked, c))])
    return all.every((o) => o?.state === 'completed' || o?.state === 'failed')
  }, 'all ended')
  assert.deepEqual((await ended(cleared, channels[0]))?.result, { failed: ['com.example.nothing'] })
  const { eids } = ((await ended(asked, theirs[0]))?.result ?? {}) as { eids?: string[] }
  assert.equal(eids?.length, 1)
  const without = await ended(asked, theirs[1])
  assert.deepEqual([without?.state, without?.reason?.code], ['failed', 'unsupported'])
  // Those of the company tell it without being asked.
  const told = async () => (await bench.host('android').detail(channels[0] as (typeof channels)[number])).facts
  await bench.until(async () => Array.isArray((await told())['android.eids']), 'the ids are known')
  assert.equal((await told())['network.operator'], 'Example Mobile')
})
