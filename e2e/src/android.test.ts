/**
 * Android through Google, from the sign-up to the last word: simulated phones that live by the Android Management API alone, reached over the network. What a phone remembers
 * is what counts: a policy is in force when the phone says so, a command was carried out as often as the phone did it.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { GoogleRefusal } from '@muster/fleet'
import { type AndroidGround, androidGround, type Phone, patience } from './android-ground.ts'
import { type Waits, waitsOf } from './held.ts'
import { until } from './processes.ts'

const passcode = { feature: 'passcode', settings: { minLength: 6, minClasses: 2, maxFailedAttempts: 8 } }
const lost = { message: 'Please call us', phoneNumber: '+1 555 0100' }
type Facts = Record<string, unknown>
interface Device {
  lifecycle: string
  ownership: string
}

describe('android: phones with Google services', { timeout: 600_000 }, () => {
  let ground: AndroidGround
  let waits: Waits
  let office: Phone
  let shared: Phone
  let mixed: Phone
  let personal: Phone
  let all: Phone[]
  const device = ({ id }: Phone) => ground.muster.api<Device>('GET', `/devices/${id}`)
  const gone = (p: Phone) =>
    until(`${p.at.name} to be gone`, async () => (await device(p)).lifecycle === 'removed', patience)
  const compliance = async ({ id }: Phone) =>
    (await ground.muster.api<{ state: string }>('GET', `/devices/${id}/compliance`)).state

  before(async () => {
    waits = await waitsOf()
    ground = await androidGround({ env: waits.env })
    office = await ground.phone('cope', { no: 0 })
    shared = await ground.phone('dedicated', { no: 3 })
    mixed = await ground.phone('work-profile', { no: 4 })
    personal = await ground.phone('byod', { no: 6 })
    all = [office, shared, mixed, personal]
  })
  after(async () => {
    try {
      await ground?.close()
    } finally {
      await waits?.close()
    }
  })

  it('they come in by the QR code of their invitation, each as it is managed', async () => {
    const expected = [
      ['device-owner', true, 'Pixel 8'],
      ['device-owner', true, 'TC52'],
      ['profile-owner', true, 'Pixel 9'],
      ['profile-owner', false, 'FP5'],
    ]
    const seen: unknown[] = []
    for (const p of all) {
      const facts: Facts = await p.seen.facts()
      seen.push([facts['android.mode'], facts['android.companyOwned'], facts['device.model']])
    }
    assert.deepEqual(seen, expected)
    assert.equal((await device(personal)).ownership, 'byod')
    // Somebody's own phone does not show its serial number.
    assert.notEqual((await personal.seen.facts())['device.serial'], personal.at.phone.model.serial)
  })

  it('a QR code lets one phone in, and spends its invitation', async () => {
    const { qr } = await ground.invite()
    ground.google.enrol(qr, { no: 8 })
    assert.throws(() => ground.google.enrol(qr, { no: 9 }), GoogleRefusal)
    const open = async () => (await ground.muster.api<{ items: unknown[] }>('GET', '/invitations?state=open')).items
    await until('the invitation to be spent', async () => (await open()).length === 0, patience)
  })

  it('one policy is one document for all phones with equal settings, and is verified when they live by it', async () => {
    const features = [passcode]
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', {
      name: 'Phones',
      platform: 'android',
      features,
    })
    await ground.muster.api('POST', `/policies/${id}/publish`)
    for (const p of all) await p.seen.verified('passcode')
    for (const p of all) {
      const [first] = (p.at.phone.applied?.policy.passwordPolicies ?? []) as Facts[]
      assert.equal(first?.passwordMinimumLength, 6)
    }
    assert.equal(office.at.phone.applied?.name, mixed.at.phone.applied?.name)
    assert.equal(await compliance(office), 'compliant')
  })

  it('a password that is too weak is a violation, and a good one mends it', async () => {
    office.at.phone.password = 'weak'
    ground.google.sync(office.at)
    await until('the violation', async () => (await compliance(office)) === 'violated', patience)
    const { features } = await ground.muster.api<{ features: { feature: string; evidence?: unknown }[] }>(
      'GET',
      `/devices/${office.id}/compliance`,
    )
    assert.match(JSON.stringify(features), /PASSWORD_NOT_SUFFICIENT|password/i)
    office.at.phone.password = 'good'
    ground.google.sync(office.at)
    await until('the phone to be well again', async () => (await compliance(office)) === 'compliant', patience)
  })

  it('the next version reaches every phone as another document, and counts when they live by that one', async () => {
    const name = String(office.at.phone.applied?.name)
    const kept = ground.google.enterprises.get(ground.enterprise)?.policies
    assert.ok(kept?.has(name))
    const before = office.at.phone.applied?.version
    const { revision, id } = await ground.muster
      .api<{ items: { id: string }[] }>('GET', '/policies')
      .then(async ({ items: [mine] }) =>
        ground.muster.api<{ id: string; revision: number }>('GET', `/policies/${mine?.id}`),
      )
    const features = [{ ...passcode, settings: { ...passcode.settings, minLength: 8 } }]
    await ground.muster.api(
      'PUT',
      `/policies/${id}`,
      { name: 'Phones', platform: 'android', features },
      { 'if-match': `"${revision}"` },
    )
    await ground.muster.api('POST', `/policies/${id}/publish`)
    const applied = () => ({ name: office.at.phone.applied?.name, version: office.at.phone.applied?.version })
    const length = () =>
      (office.at.phone.applied?.policy.passwordPolicies as Facts[] | undefined)?.[0]?.passwordMinimumLength
    await until('the new length', async () => length() === 8, { ...patience, last: applied })
    assert.notDeepEqual(applied(), { name, version: before })
    for (const p of all) await p.seen.verified('passcode')
  })

  it('commands are carried out once each, whatever becomes of the notifications', async () => {
    ground.google.pubsub.delays({ duplicate: 0.5, reorder: 0.5 })
    for (let n = 1; n <= 3; n += 1)
      for (const p of all) assert.equal((await p.seen.sent('device.lock', {})).state, 'completed')
    ground.google.pubsub.delays({})
    for (const p of all) assert.equal(p.at.phone.locks, 3)
    assert.equal((await office.seen.sent('device.reboot', {})).state, 'completed')
    assert.equal(office.at.phone.reboots, 1)
  })

  it('what a phone cannot do is refused before it is asked', async () => {
    const body = { operation: 'device.reboot', params: {}, target: { devices: [personal.id] } }
    const asked = await ground.muster.ask<{ refused?: { code: string; text: string }[] }>('POST', '/activities', body)
    assert.match(JSON.stringify(asked.body), /management-mode/)
    assert.equal(personal.at.phone.reboots, 0)
    // What no phone with Google's services can do, and what to do instead: here, and before anybody asks.
    const target = { devices: [personal.id] }
    const message = { operation: 'device.message', params: { title: 'T', text: 'Hello' }, target }
    assert.match(
      JSON.stringify((await ground.muster.ask<unknown>('POST', '/activities', message)).body),
      /google-cannot/,
    )
    const page = await ground.muster.api<{ operations: { id: string; reason?: { text: string } }[] }>(
      'GET',
      `/devices/${personal.id}`,
    )
    assert.match(JSON.stringify(page.operations.find((o) => o.id === 'device.locate')), /lost mode/)
  })

  it('a lost phone is lost until it is found', async () => {
    for (const p of [office, mixed]) {
      assert.equal((await p.seen.sent('device.lost-mode.enable', lost)).state, 'completed')
      assert.equal(p.at.phone.lost, true)
      const place = async () => (await p.seen.facts())['android.lostPlace'] as { latitude?: number } | undefined
      await until('the place of the lost phone', async () => (await place())?.latitude !== undefined, patience)
      assert.equal((await p.seen.sent('device.lost-mode.disable', {})).state, 'completed')
      assert.equal(p.at.phone.lost, false)
    }
  })

  it('an eSIM profile is added by its code, which nobody is shown again, and removed by its number', async () => {
    const activationCode = 'LPA:1$smdp.example.com$SECRET-CODE'
    const added = await mixed.seen.sent('android.esim.add', { activationCode })
    assert.equal(added.state, 'completed', JSON.stringify(added))
    const { iccid } = added.result as { iccid: string }
    assert.match(iccid, /^\d+$/)
    assert.doesNotMatch(JSON.stringify(await mixed.seen.operations()), /SECRET-CODE/)
    const removed = await mixed.seen.sent('android.esim.remove', { iccid: iccid.slice(0, 22) })
    assert.equal(removed.state, 'completed', JSON.stringify(removed))
  })

  it('a phone that fails says why, in Google’s words', async () => {
    office.at.phone.habits = { ...office.at.phone.habits, fail: 1 }
    const done = await office.seen.sent('device.lock', {})
    office.at.phone.habits = { ...office.at.phone.habits, fail: 0 }
    assert.equal(done.state, 'failed')
    assert.ok(done.reason?.code, JSON.stringify(done))
  })

  it('a personal phone is never wiped: its work profile can be removed instead, and only that goes', async () => {
    const wipe = (operation: string) =>
      ground.muster.ask<unknown>('POST', '/activities', { operation, params: {}, target: { devices: [personal.id] } })
    assert.match(JSON.stringify((await wipe('device.wipe')).body), /byod|personal|company/)
    const { id } = await ground.muster.api<{ id: string }>('POST', '/activities', {
      operation: 'device.wipe.corporate',
      params: {},
      target: { devices: [personal.id] },
    })
    await ground.muster.api('POST', `/activities/${id}/cancel`, {})
    assert.equal(personal.at.phone.fate, undefined)
    assert.equal((await personal.seen.sent('device.disenrol', {})).state, 'completed')
    assert.equal(personal.at.phone.fate, 'wiped')
    await gone(personal)
  })

  it('the last report of a phone may come before the word that it was wiped, or alone: it was wiped all the same', async () => {
    ground.google.pubsub.delays({ late: { type: 'COMMAND', ms: 600_000 } })
    const held = await office.seen.sent('device.wipe', {}, ['held'])
    assert.equal(office.at.phone.fate, undefined)
    await waits.over()
    const end = async () => (await office.seen.operations()).find((o) => o.activity === held.activity)?.state
    await until('the wipe to be completed', async () => (await end()) === 'completed', { ...patience, last: end })
    ground.google.pubsub.delays({})
    assert.equal(office.at.phone.fate, 'wiped')
    await gone(office)
  })

  it('a phone of the company’s with a work profile is let go to its user', async () => {
    assert.equal((await mixed.seen.sent('device.disenrol', {})).state, 'completed')
    assert.equal(mixed.at.phone.fate, 'released')
    await gone(mixed)
  })

  it('a phone that is deleted at Google is gone here', async () => {
    ground.google.remove(shared.at)
    await gone(shared)
  })

  it('the phone that was wiped comes in again as the same device, with nothing of before', async () => {
    const again = await ground.phone('byod', { no: 6 })
    assert.equal(again.id, personal.id)
    await again.seen.verified('passcode')
    assert.equal(again.at.phone.locks, 0)
  })
})
