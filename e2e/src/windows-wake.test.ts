/** Waking PCs through Microsoft: the app that an administrator connects, the channel that a PC tells, one notification when something waits, and a channel that ended. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { createPusher, createWns, type PushRoom } from '@muster/push'
import { type FakeWns, startFakeWns } from '@muster/push/testing'
import { installedPlatforms } from '@muster/server'
import { until } from './processes.ts'

const windows = installedPlatforms.find((p) => p.id === 'windows')
assert.ok(windows, 'Windows is not installed')
const platform = windows
const quiet = { info: () => undefined, warn: () => undefined }
const step = 'wake-up'
const patience = { withinMs: 60_000 }
const pfn = 'Example.Fleet_8wekyb3d8bbwe'
const storeApp = 'ms-app://s-1-15-2-1-2-3-4-5-6-7'

let fake: FakeWns
let pusher: PushRoom
let bench: CoreBench
before(async () => {
  fake = await startFakeWns()
  pusher = createPusher({ adapters: [createWns({ log: quiet, url: fake.url })], log: quiet, restMs: 50 })
  bench = await createHarness().open([platform], {}, { pusher, worker: true })
})
after(async () => {
  await bench?.close()
  await pusher?.close()
  await fake?.close()
})

const setup = () => {
  const open = bench.platforms.get('windows')
  assert.ok(open?.setup && open.credential)
  return { ...open.setup, credential: open.credential }
}
const act = (action: string, input: JsonObject = {}) =>
  setup().act({ step, action, input, sql: bench.host('windows').sql })

test('an app is connected, never shows its secret, and is forgotten again', async () => {
  assert.equal((await setup().state(step)).state, 'missing')
  const secret = 'a-secret-of-the-app'
  const tenant = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'
  await assert.rejects(act('connect', { pfn, client: storeApp, tenant, secret }), { code: 'setup-refused' })
  await assert.rejects(act('connect', { pfn, client: tenant, secret }), { code: 'setup-refused' })
  await act('connect', { pfn, client: tenant, tenant, secret })
  const entra = await setup().credential('wns')
  assert.deepEqual(entra, { id: entra?.id, client: tenant, tenant, secret })
  await act('connect', { pfn, ...fake.app })
  const state = await setup().state(step)
  assert.deepEqual([state.state, state.actions], ['ready', ['connect', 'remove']])
  assert.ok(!JSON.stringify(state).includes(fake.app.secret))
  const known = await setup().credential('wns')
  assert.notEqual(known?.id, entra?.id)
  await act('remove')
  assert.equal(await setup().credential('wns'), undefined)
  await act('connect', { pfn, ...fake.app })
  assert.equal((await setup().credential('wns'))?.id, known?.id)
})

test('a PC that told its channel is woken when something waits; a channel that ended is cleared', async () => {
  const host = bench.host('windows')
  const c = await bench.enrol('windows', { ownership: 'cope' })
  const heard: string[] = []
  const channelUri = fake.channel((body) => heard.push(body))
  await host.turn(c, { take: 0, push: { channelUri } })
  await bench.heard()
  await bench.send('device.reboot', {}, [c], { urgent: true })
  await until('the wake', async () => heard.length > 0, patience)
  assert.equal((await host.turn(c, { take: 10 })).length, 1)

  fake.expire(channelUri)
  await bench.send('device.reboot', {}, [c], { urgent: true })
  await until('the channel to be cleared', async () => (await host.detail(c)).push === null, patience)
  assert.ok((fake.seen.refused['410'] ?? 0) > 0)
})
