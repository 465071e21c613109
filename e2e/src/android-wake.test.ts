/** Waking Android agents through Firebase: the account that an administrator uploads, the address that an agent tells, one message when something waits, and an address that is dead. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel } from '@muster/contract'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { createFcm, createPusher, type PushRoom } from '@muster/push'
import { type FakeFcm, type FcmPushed, startFakeFcm } from '@muster/push/testing'
import { installedPlatforms } from '@muster/server'
import { until } from './processes.ts'

const android = installedPlatforms.find((p) => p.id === 'android')
assert.ok(android, 'Android is not installed')
const platform = android
const quiet = { info: () => undefined, warn: () => undefined }
const step = 'agent-wake-up'
const patience = { withinMs: 60_000 }

let fake: FakeFcm
let pusher: PushRoom
let bench: CoreBench
before(async () => {
  fake = await startFakeFcm()
  pusher = createPusher({
    adapters: [createFcm({ log: quiet, url: fake.url, tokenUrl: fake.tokenUrl })],
    log: quiet,
    restMs: 50,
  })
  const settings = { android: { agent: { minimumVersion: '2.1' } } }
  bench = await createHarness().open([platform], settings, { pusher, worker: true })
})
after(async () => {
  await bench?.close()
  await pusher?.close()
  await fake?.close()
})

const setup = () => {
  const open = bench.platforms.get('android')
  assert.ok(open?.setup && open.credential)
  return { ...open.setup, credential: open.credential }
}
const act = (action: string, input: { key?: string } = {}) =>
  setup().act({ step, action, input, sql: bench.host('android').sql })
const file = (content: unknown) => ({ key: Buffer.from(JSON.stringify(content)).toString('base64') })

test('an account is taken from its key file, known by its project alone, and forgotten again', async () => {
  assert.equal((await setup().state(step)).state, 'missing')
  for (const wrong of [{}, [], 'x', { ...fake.account, private_key: 'none' }, { ...fake.account, type: 'user' }])
    await assert.rejects(act('upload', file(wrong)), { code: 'setup-refused' })
  await act('upload', file(fake.account))
  const state = await setup().state(step)
  assert.deepEqual([state.state, state.actions], ['ready', ['upload', 'remove']])
  assert.ok(!JSON.stringify(state).includes('PRIVATE KEY'))
  const known = await setup().credential(fake.project)
  assert.ok(known && 'account' in known)
  assert.equal(await setup().credential('another-project'), undefined)
  await act('remove')
  assert.equal(await setup().credential(fake.project), undefined)
  await act('upload', file(fake.account))
  assert.equal((await setup().credential(fake.project))?.id, known.id)
})

test('an agent that told its address is woken when something waits; a dead address is cleared', async () => {
  const host = bench.host('android')
  const facts = { 'android.mode': 'device-owner', 'android.companyOwned': true, 'android.apiLevel': 34 }
  const c: Channel = await bench.enrol('android', { channel: 'agent', facts, ownership: 'dedicated' })
  const token = 'c0ffee:APA91bF-of-the-till'
  const pushed: FcmPushed[] = []
  fake.register(token, (p) => pushed.push(p))
  await host.turn(c, { take: 0, push: { project: fake.project, token } })
  await bench.heard()
  await bench.send('device.message', { title: '', text: 'Hello' }, [c], { urgent: true })
  await until('the wake', async () => pushed.length > 0, patience)
  assert.deepEqual(pushed[0]?.message.data, { muster: 'sync' })
  assert.equal((await host.turn(c, { take: 10 })).length, 1)

  fake.unregister(token)
  await bench.send('device.ring', {}, [c], { urgent: true })
  await until('the address to be cleared', async () => (await host.detail(c)).push === null, patience)
  assert.ok((fake.seen.refused.UNREGISTERED ?? 0) > 0)
})

test('agents hear which version they must have', async () => {
  const { body } = await bench.call('android', 'GET', '/agent/about')
  assert.equal((body as { minimumAgent: string }).minimumAgent, '2.1')
})
