/** Waking PCs through Microsoft: the app that an administrator connects, a PC that tells its channel, one notification that brings it, and a channel that ended. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type FakeWns, startFakeWns } from '@muster/push/testing'
import { type DeviceUnderTest, deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'
import { type Pc, type WindowsGround, windowsGround } from './windows-ground.ts'

const patience = { withinMs: 90_000 }
const family = 'Example.Fleet_8wekyb3d8bbwe'
const tenant = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'
const secret = 'a-secret-of-the-app'

interface Step {
  id: string
  state: string
  actions: { id: string; available: boolean }[]
}

describe('windows: PCs that are woken', { timeout: 300_000 }, () => {
  let fake: FakeWns
  let ground: WindowsGround
  let pc: Pc
  let seen: DeviceUnderTest
  let heard = 0
  before(async () => {
    fake = await startFakeWns()
    ground = await windowsGround({ MUSTER_WNS_URL: fake.url })
  })
  after(async () => {
    await ground?.close()
    await fake?.close()
  })

  const act = (action: string, input: object = {}) =>
    ground.muster.ask<{ code?: string }>('POST', `/platform-setup/windows/wake-up/${action}`, { input })
  const step = async () => {
    const { items } = await ground.muster.api<{ items: { platform: string; steps: Step[] }[] }>(
      'GET',
      '/platform-setup',
    )
    const found = items.find((p) => p.platform === 'windows')?.steps.find((s) => s.id === 'wake-up')
    assert.ok(found)
    assert.ok(!JSON.stringify(found).includes(fake.app.secret))
    return [found.state, found.actions.filter((a) => a.available).map((a) => a.id)]
  }
  /** A channel of its own, as the app on the PC opens it. */
  const channel = () => {
    const uri = fake.channel(() => {
      heard += 1
      pc.wake()
    })
    pc.device.install({ family, channel: uri })
    return uri
  }
  /** It comes by hand this once, and says where it is reached. */
  async function tells() {
    const activity = await send('device.inventory')
    pc.wake()
    await done(activity)
  }
  const send = async (operation: string) => {
    const target = { devices: [pc.id] }
    return (await ground.muster.api<{ id: string }>('POST', '/activities', { operation, params: {}, target })).id
  }
  const done = (activity: string) =>
    until(
      `${activity} to be done`,
      async () => (await seen.operations()).some((o) => o.activity === activity && o.state === 'completed'),
      { ...patience, last: () => pc.lines.slice(-4) },
    )

  it('an app is connected, never shows its secret, and is forgotten again', async () => {
    assert.deepEqual(await step(), ['missing', ['connect']])
    const wrong = [
      { pfn: family, client: fake.app.client, tenant, secret },
      { pfn: family, client: tenant, secret },
    ]
    for (const input of wrong) {
      const { status, body } = await act('connect', input)
      assert.deepEqual([status < 500, body.code], [true, 'setup-refused'])
    }
    assert.equal((await act('connect', { pfn: family, client: tenant, tenant, secret })).status, 200)
    assert.deepEqual(await step(), ['ready', ['connect', 'remove']])
    assert.equal((await act('remove')).status, 200)
    assert.deepEqual(await step(), ['missing', ['connect']])
    assert.equal((await act('connect', { pfn: family, ...fake.app })).status, 200)
  })

  it('a PC that told its channel comes when something waits, long before its time', async () => {
    pc = await ground.start({ no: 0, pollS: 36_000 })
    seen = deviceUnderTest(ground.muster, pc.id, () => undefined)
    const told = async () => (await seen.facts())['windows.csp'] !== undefined
    await until('it to tell of itself', told, { ...patience, last: () => pc.lines.slice(-4) })
    channel()
    await tells()
    await done(await send('device.lock'))
    assert.deepEqual([heard > 0, fake.seen.grants], [true, 1])
  })

  it('a channel that ended is asked no more; the next one that it tells wakes it again', async () => {
    fake.expire(channel())
    await tells()
    const late = await send('device.lock')
    await until('the service to say so', async () => (fake.seen.refused['410'] ?? 0) > 0, patience)
    const before = heard
    channel()
    await tells()
    await done(late)
    await done(await send('device.lock'))
    assert.ok(heard > before)
  })
})
