/** People bring Apple devices in by their own account: found by the domain, signed in on a page of ours, as a person's own device or the organisation's. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AccountHolder, accountCode, type Single } from '@muster/fleet'
import { type AppleGround, appleGround } from './apple-ground.ts'
import { deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

interface Listed {
  id: string
  name: string
  serial: string | null
  ownership: string
  owner: { name: string } | null
}
const holder = (name: string): AccountHolder => ({
  account: `${name}@corp.example`,
  name: `${name}@corp.example`,
  password: 'correct horse battery',
})
const patience = { withinMs: 90_000 }

describe('apple: devices that come in by an account', { timeout: 300_000 }, () => {
  let ground: AppleGround
  let phone: Single
  let mine: Listed
  const devices = async () => (await ground.muster.api<{ items: Listed[] }>('GET', '/devices')).items
  const ownedBy = async (name: string) => (await devices()).filter((d) => d.owner?.name === name)
  const seen = (id: string) => deviceUnderTest(ground.muster, id, () => undefined)
  const choose = (input: object) =>
    ground.muster.api('POST', '/platform-setup/apple/account-enrolment/choose', { input })
  const refused = (name: string, more: object = {}) =>
    ground.startUnnamed({ no: 4, code: accountCode({ ...holder(name), ...more }) })

  before(async () => {
    ground = await appleGround()
    const { items } = await ground.muster.api<{ items: { id: string; name: string }[] }>('GET', '/roles')
    const role = items.find((r) => r.name === 'employee')?.id ?? ''
    for (const [name, roles] of Object.entries({ ada: [{ role }], bea: [{ role }], nora: [] })) {
      const { account: email, password } = holder(name)
      await ground.muster.api('POST', '/users', { name, email, password, roles })
    }
    await ground.muster.api('POST', '/licences', {
      platform: 'apple',
      language: 'en',
      version: '3',
      text: 'Look after it.',
    })
  })
  after(() => ground?.close())

  it('a phone of her own: it comes in without telling which device it is', async () => {
    phone = await ground.startUnnamed({ no: 2, code: accountCode(holder('ada')) })
    const [found, ...others] = await ownedBy('ada')
    assert.ok(found && others.length === 0)
    mine = found
    assert.deepEqual([mine.ownership, mine.serial], ['byod', null])
    assert.match(mine.name, /iPhone/)
    const told = async () => (await seen(mine.id).facts())['apple.profiles'] !== undefined
    await until('it to tell of itself', told, { ...patience, last: () => phone.lines.slice(-5) })
    const facts = await seen(mine.id).facts()
    assert.deepEqual(
      [facts['apple.enrolment'], facts['apple.account'], facts['apple.udid'], facts['device.serial']],
      ['account-user', 'ada@corp.example', undefined, undefined],
    )
    const said = JSON.stringify(facts)
    assert.equal(said.includes(phone.device.name()), false, 'its serial number is nowhere')
  })

  it('it is managed as far as a personal device is: policies and lock, yet nothing that is hers alone', async () => {
    const features = [{ feature: 'passcode', settings: { minLength: 6 }, action: 'enforce' }]
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', {
      name: 'phones',
      platform: 'apple',
      assignment: {},
      features,
    })
    await ground.muster.api('POST', `/policies/${id}/publish`)
    await seen(mine.id).verified('passcode')
    assert.equal((await seen(mine.id).sent('device.lock', {})).state, 'completed')
    for (const operation of ['device.wipe', 'apple.erase', 'device.passcode.clear', 'device.locate']) {
      const body = { operation, params: {}, target: { devices: [mine.id] } }
      const answer = await ground.muster.ask<{ code: string }>('POST', '/activities', body)
      const ends = answer.status === 201 ? await seen(mine.id).sent(operation, {}, ['failed']) : undefined
      assert.ok(answer.status >= 400 || ends?.state === 'failed', `${operation}: ${JSON.stringify(answer.body)}`)
    }
    assert.equal(phone.lines.filter((l) => l.name === 'EraseDevice').length, 0)
  })

  it('a Mac of the organisation comes the same way when its administrator says so, by OAuth 2, with all that it is', async () => {
    await choose({ Mac: 'device', method: 'oauth2' })
    const mac = await ground.start({ no: 3, code: accountCode(holder('bea')) })
    const [found] = await ownedBy('bea')
    assert.deepEqual([found?.id, found?.ownership, found?.serial], [mac.id, 'cope', mac.serial])
    assert.equal((await seen(mac.id).facts())['apple.enrolment'], 'account-device')

    // What it entrusts to the server a person reads for a reason that is written down.
    const set = await seen(mac.id).sent('apple.recovery-lock.set', { newPassword: 'correct horse' })
    assert.equal(set.state, 'completed', JSON.stringify(set))
    const kept = `/devices/${mac.id}/escrow`
    const { items } = await ground.muster.api<{ items: { name: string; readable: boolean }[] }>('GET', kept)
    assert.ok(
      items.some((i) => i.name === 'recovery-lock-password' && i.readable),
      JSON.stringify(items),
    )
    assert.ok(!items.some((i) => i.name.endsWith('on-its-way')), 'the Mac has taken it')
    const look = { reason: 'Its user cannot start it' }
    const { value } = await ground.muster.api<{ value: string }>('POST', `${kept}/recovery-lock-password/reveal`, look)
    assert.equal(value, 'correct horse')
    const hidden = await ground.muster.ask('POST', `${kept}/bootstrap-token/reveal`, look)
    assert.equal(hidden.status, 404)
  })

  it('who cannot sign in, may not enrol, or has a kind of device that is not taken stays out', async () => {
    const before = (await devices()).length
    await assert.rejects(refused('ada', { password: 'wrong horse battery' }), /\(401\)/)
    await assert.rejects(refused('nora'), /\(403\)/)
    const { items } = await ground.muster.api<{ items: { id: string; name: string; revision: number }[] }>(
      'GET',
      '/users',
    )
    const ada = items.find((u) => u.name === 'ada')
    await ground.muster.api('PATCH', `/users/${ada?.id}`, { disabled: true }, { 'if-match': `"${ada?.revision}"` })
    await assert.rejects(refused('ada'), /\(401\)/)
    await choose({ iPhone: 'none', iPad: 'none', Mac: 'none' })
    await assert.rejects(refused('bea'), /\(403\)/)
    assert.equal((await devices()).length, before)
  })

  it('it goes on being managed when its person may not sign in any more, and is let go', async () => {
    assert.equal((await seen(mine.id).sent('device.lock', {})).state, 'completed')
    const body = { operation: 'device.disenrol', params: {}, target: { devices: [mine.id] } }
    await ground.muster.api('POST', '/activities', body)
    await until('it to leave', async () => ['left', 'gone'].includes(phone.device.standing()), {
      ...patience,
      last: () => phone.lines.slice(-5),
    })
  })
})
