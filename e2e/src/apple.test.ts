/**
 * Apple's devices from the first profile to the last word: simulated ones, which sign, sleep and are woken as real ones do, over the network. Nobody polls here: each turn of
 * a device is a push that went through a push service.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkRecord, type HistoryRow } from '@muster/fleet'
import { type AppleDevice, type AppleGround, appleGround } from './apple-ground.ts'
import { type DeviceUnderTest, deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

const policy = {
  name: 'Phones and Macs',
  platform: 'apple',
  features: [
    { feature: 'passcode', settings: { minLength: 8, minClasses: 2, maxFailedAttempts: 6 } },
    {
      feature: 'apple.wifi',
      settings: { networks: [{ ssid: 'Office', security: 'wpa2', passphrase: 'correct horse battery' }] },
    },
    { feature: 'apple.restrictions', settings: { device: { allowCamera: false, allowScreenShot: false } } },
  ],
}
const patience = { withinMs: 90_000 }
type Facts = Record<string, unknown>

describe('apple: simulated devices', { timeout: 600_000 }, () => {
  let ground: AppleGround
  let phone: AppleDevice
  let mac: AppleDevice
  let old: AppleDevice
  let all: AppleDevice[]
  const seen = (d: AppleDevice): DeviceUnderTest => deviceUnderTest(ground.muster, d.id, () => undefined)
  const heard = (d: AppleDevice, name: string, outcome = 'completed') => {
    const ids = new Set(d.lines.filter((l) => l.name === name).map((l) => l.id))
    return d.lines.filter((l) => l.event === 'reported' && l.outcome === outcome && ids.has(l.id)).length
  }

  before(async () => {
    ground = await appleGround()
    // One of each: declarative or not, supervised or not, in binary and in XML, signing as a Mac, a phone and a library do.
    phone = await ground.start({ no: 2 })
    mac = await ground.start({ no: 3 })
    old = await ground.start({ no: 7 })
    all = [phone, mac, old, await ground.start({ no: 8 }), await ground.start({ no: 6 })]
  })
  after(() => ground?.close())

  it('they come in by profile, certificate, Authenticate and TokenUpdate, and tell of themselves when they are woken', async () => {
    for (const d of all) {
      let facts: Facts = {}
      const told = async () => {
        facts = await seen(d).facts()
        return Array.isArray(facts['apple.profiles']) && Array.isArray(facts['apple.apps'])
      }
      await until(`${d.serial} to tell of itself`, told, { ...patience, last: () => d.lines.slice(-5) })
      assert.equal(facts['device.serial'], d.serial)
      assert.equal(facts['device.manufacturer'], 'Apple')
      assert.match(JSON.stringify(facts['apple.profiles']), /enrolment/)
    }
    assert.ok(ground.apns.seen.accepted > 0)
    assert.deepEqual(ground.apns.seen.refused, {})
  })

  it('a device whose setup waits is told to go on', async () => {
    for (const d of [mac, old])
      await until(`${d.serial} to go on`, async () => heard(d, 'DeviceConfigured') > 0, patience)
  })

  it('a Mac’s user has a channel, and its bootstrap token is kept', async () => {
    const { channels } = await ground.muster.api<{ channels: { name: string }[] }>('GET', `/devices/${mac.id}`)
    assert.ok(
      channels.some((c) => c.name.startsWith('user:')),
      JSON.stringify(channels),
    )
  })

  it('inventory is asked for and answered', async () => {
    for (const d of all) {
      const done = await seen(d).sent('device.inventory', {})
      assert.equal(done.state, 'completed', JSON.stringify(done))
    }
  })

  it('a policy with passcode, Wi-Fi and restrictions is installed and verified', async () => {
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', policy)
    await ground.muster.api('POST', `/policies/${id}/publish`)
    for (const d of all) for (const { feature } of policy.features) await seen(d).verified(feature)
    const { state } = await ground.muster.api<{ state: string }>('GET', `/devices/${phone.id}/compliance`)
    assert.equal(state, 'compliant')
  })

  it('what somebody changes by hand is found at the next inventory, and put right', async () => {
    for (const d of all) {
      d.device.drift(1)
      const drifted = String(d.lines.findLast((l) => l.event === 'drifted')?.name)
      assert.ok(drifted.length > 0)
      const before = heard(d, 'InstallProfile') + heard(d, 'DeclarativeManagement')
      await seen(d).sent('device.inventory', {})
      await until(
        `${drifted} to be put right`,
        async () => heard(d, 'InstallProfile') + heard(d, 'DeclarativeManagement') > before,
        { ...patience, last: () => d.lines.slice(-6) },
      )
      for (const { feature } of policy.features) await seen(d).verified(feature)
    }
  })

  it('not now, then done: what a busy phone puts off it does when it comes again by itself', async () => {
    const busy = await ground.start({ no: 11, rates: { defer: 0.6 } })
    all.push(busy)
    for (const { feature } of policy.features) await seen(busy).verified(feature)
    for (let n = 0; n < 3; n += 1) {
      const done = await seen(busy).sent('device.lock', {})
      assert.equal(done.state, 'completed', JSON.stringify(done))
    }
    assert.ok(busy.lines.some((l) => l.event === 'reported' && l.outcome === 'deferred'))
  })

  it('a device that can gets the next version as a declaration, and says itself that it holds', async () => {
    const [mine] = (await ground.muster.api<{ items: { id: string }[] }>('GET', '/policies')).items
    const [passcode, ...others] = policy.features
    const features = [{ ...passcode, settings: { ...passcode?.settings, minLength: 10 } }, ...others]
    const { revision } = await ground.muster.api<{ revision: number }>('GET', `/policies/${mine?.id}`)
    const asRead = { 'if-match': `"${revision}"` }
    await ground.muster.api('PUT', `/policies/${mine?.id}`, { ...policy, features }, asRead)
    await ground.muster.api('POST', `/policies/${mine?.id}/publish`)
    interface Declared {
      type: string
      active: boolean
      payload: { MinimumLength?: number }
    }
    const kept = () =>
      phone.device.kept() as unknown as {
        profiles: { identifier: string }[]
        declarative?: { items: Record<string, Declared> }
      }
    const own = () =>
      Object.values(kept().declarative?.items ?? {}).find((d) => d.type === 'com.apple.configuration.passcode.settings')
    await until('the declaration', async () => own()?.active === true, {
      ...patience,
      last: () => phone.lines.slice(-6),
    })
    for (const d of all) await seen(d).verified('passcode')
    assert.equal(own()?.payload.MinimumLength, 10)
    await until(
      'the profile before it to go',
      async () => !kept().profiles.some((p) => p.identifier.endsWith('.passcode')),
      {
        ...patience,
        last: () => phone.lines.slice(-6),
      },
    )
    // One that is older than declarations gets the same by commands.
    assert.ok(!JSON.stringify(old.device.kept()).includes('"declaration"'))
  })

  it('what the device refuses is failed in its own words', async () => {
    const done = await seen(phone).sent('apple.app.remove', { bundleId: 'com.example.not-there' })
    assert.equal(done.state, 'failed')
    assert.match(JSON.stringify(done), /12031/)
  })

  it('when the policy goes, its profiles go from the devices', async () => {
    const [mine] = (await ground.muster.api<{ items: { id: string }[] }>('GET', '/policies')).items
    await ground.muster.api('POST', `/policies/${mine?.id}/deactivate`)
    for (const d of all) await seen(d).nothingSet()
    for (const d of all) {
      await seen(d).sent('device.inventory', {})
      assert.doesNotMatch(JSON.stringify((await seen(d).facts())['apple.profiles']), /wifi|passcode/)
    }
  })

  it('one is told to leave, another leaves by itself: both check out', async () => {
    const told = await seen(old).sent('device.disenrol', {})
    assert.equal(told.state, 'completed')
    await mac.device.farewell()
    for (const d of [old, mac])
      await until(
        `${d.serial} to be gone`,
        async () => (await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${d.id}`)).lifecycle === 'removed',
        patience,
      )
    await until('the old one to be out', async () => old.device.standing() === 'left', patience)
  })

  it('what the devices remember and what the server says are one', async () => {
    for (const d of all) {
      const history: HistoryRow[] = []
      const { items } = await ground.muster.api<{ items: Omit<HistoryRow, 'device'>[] }>(
        'GET',
        `/devices/${d.id}/operations?limit=200`,
      )
      for (const row of items) history.push({ ...row, device: d.serial })
      const report = await checkRecord(d.lines, history)
      assert.deepEqual(report.violations, [])
    }
  })
})
