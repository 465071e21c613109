/** Devices that come in out of the box: Apple tells which are assigned, this server tells Apple how they are set up, and each proves by its own identity which one it is. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { appleModel, automatedCode, type FakeBusiness, type OutOfTheBox, startFakeBusiness } from '@muster/fleet'
import { type AppleGround, appleGround } from './apple-ground.ts'
import { deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

const seed = 'journey'
const families = { iphone: 'iPhone', ipad: 'iPad', mac: 'Mac', tv: 'AppleTV' } as const
const serialOf = (no: number) => appleModel(seed, no).serial
const known = (no: number) => {
  const { serial, family, name } = appleModel(seed, no)
  return { serial, family: families[family], model: name }
}
const patience = { withinMs: 90_000 }
const password = 'correct horse battery'

describe('apple: devices that come in out of the box', { timeout: 300_000 }, () => {
  let ground: AppleGround
  let apple: FakeBusiness
  let other: FakeBusiness
  type Answer = {
    text?: string
    files?: { content: string }[]
    reason?: { code: string; text: string }
    items?: { platform: string; steps: { id: string; state: string; text: string }[] }[]
  }
  const act = (action: string, input: object = {}, step = 'automated-enrolment') =>
    ground.muster.ask<Answer>('POST', `/platform-setup/apple/${step}/${action}`, { input })
  async function done(action: string, input?: object, step?: string): Promise<Answer> {
    const { status, body } = await act(action, input, step)
    assert.equal(status, 200, `${action}: ${JSON.stringify(body)}`)
    return body
  }
  async function refused(): Promise<string> {
    const { status, body } = await act('look')
    assert.equal(status, 422, JSON.stringify(body))
    return body.reason?.text ?? ''
  }
  const list = async () => Buffer.from((await done('list')).files?.[0]?.content ?? '', 'base64').toString()
  const step = async () => JSON.stringify(await ground.muster.api('GET', '/platform-setup'))
  const box = async (no: number, more: Partial<OutOfTheBox> = {}) => {
    const told = await apple.setUp(serialOf(no))
    assert.ok(told, `Apple tells ${serialOf(no)} nothing`)
    return automatedCode({ ...told, ...more })
  }
  const facts = (id: string) => deviceUnderTest(ground.muster, id, () => undefined).facts()
  const comes = async (no: number, more?: Partial<OutOfTheBox>) =>
    ground.startUnnamed({ no, code: await box(no, more) })

  before(async () => {
    apple = await startFakeBusiness({ pageAtMost: 2, rotateAfter: 3 })
    other = await startFakeBusiness()
    const own = { businessUrl: apple.url, deviceAuthority: apple.deviceAuthority }
    ground = await appleGround({ MUSTER_PLATFORM_SETTINGS: JSON.stringify({ apple: own }) })
    const { items } = await ground.muster.api<{ items: { id: string; name: string }[] }>('GET', '/roles')
    const role = items.find((r) => r.name === 'employee')?.id ?? ''
    for (const [name, roles] of Object.entries({ ada: [{ role }], nora: [] }))
      await ground.muster.api('POST', '/users', { name, email: `${name}@corp.example`, password, roles })
    const licence = { platform: 'apple', language: 'en', version: '5', text: 'Look after it.' }
    await ground.muster.api('POST', '/licences', licence)
    const key = await done('certificate', {}, 'business-manager')
    const pem = Buffer.from(key.files?.[0]?.content ?? '', 'base64').toString()
    await done('upload', { token: apple.serverToken(pem) }, 'business-manager')
  })
  after(async () => {
    await ground?.close()
    await apple?.close()
    await other?.close()
  })

  it('assigned devices are known before they come, page by page, and each gets what was chosen', async () => {
    apple.assign([0, 1, 2, 3, 4].map(known))
    assert.match((await done('look')).text ?? '', /^5 devices are assigned, 0 of them are ready/)
    await done('choose', { skip: ['Siri', 'Diagnostics'], department: 'IT' })
    assert.match(
      (await done('look')).text ?? '',
      /^5 devices are assigned, 5 of them are ready to be set up; 0 came in/,
    )
    const table = await list()
    for (const no of [0, 1, 2, 3, 4]) {
      assert.equal(apple.device(serialOf(no))?.status, 'assigned')
      assert.match(table, new RegExp(`^${serialOf(no)},.*,assigned,,\\r$`, 'm'))
    }
    const { profile } = (await apple.setUp(serialOf(0))) ?? {}
    assert.equal(profile?.url, `${ground.address}/apple/automated`)
    assert.deepEqual(
      [profile?.skip_setup_items, profile?.is_supervised, profile?.is_mdm_removable, profile?.department],
      [['Diagnostics', 'Siri'], true, false, 'IT'],
    )
    assert.ok([profile?.anchor_certs ?? []].flat().length > 0, 'it must trust this server before it has any profile')
    assert.equal(apple.seen.asked['POST /profile'], 1)
  })

  it('a device comes in by itself, supervised, and its setup assistant goes on when it was told', async () => {
    const device = await ground.start({ no: 0, code: await box(0) })
    const configured = async () => (device.device.kept() as { configured: boolean }).configured
    await until('its setup assistant to go on', configured, { ...patience, last: () => device.lines.slice(-5) })
    const told = async () => (await facts(device.id))['apple.supervised'] === true
    await until('it to tell that it is supervised', told, patience)
    const found = await facts(device.id)
    assert.deepEqual([found['apple.enrolment'], found['device.serial']], ['automated', serialOf(0)])
    const { ownership, owner } = await ground.muster.api<{ ownership: string; owner: unknown }>(
      'GET',
      `/devices/${device.id}`,
    )
    assert.deepEqual([ownership, owner], ['cope', null])
    assert.match((await done('look')).text ?? '', /4 of them are ready to be set up; 1 came in/)
  })

  it('where a person signs in, the device is theirs; who may not enrol gets no further', async () => {
    await done('choose', { signIn: true })
    await done('look')
    assert.equal(apple.seen.asked['POST /profile'], 2, 'it was defined anew')
    await assert.rejects(comes(1, { person: { name: 'nora', password } }), /\(403\)/)
    await comes(1, { person: { name: 'ada', password } })
    const { items } = await ground.muster.api<{ items: { serial: string; owner: { name: string } | null }[] }>(
      'GET',
      `/devices?q=${serialOf(1)}`,
    )
    assert.deepEqual(
      items.map((d) => [d.serial, d.owner?.name]),
      [[serialOf(1), 'ada']],
    )
    // The way without a person is closed then.
    const told = await apple.setUp(serialOf(2))
    const { configuration_web_url: _, ...profile } = told?.profile ?? {}
    await assert.rejects(comes(2, { profile }), /\(400\)/)
    await done('choose', {})
    await done('look')
  })

  it('nobody else comes in: another maker’s identity, a device that is not assigned, the name of another', async () => {
    const count = async () => (await ground.muster.api<{ items: unknown[] }>('GET', '/devices')).items.length
    const before = await count()
    await assert.rejects(comes(2, { identity: await other.identity(serialOf(2)) }), /\(400\)/)
    await assert.rejects(comes(2, { serial: 'F00000000' }), /\(404\)/)
    // It gets a certificate in the other's name, which lets in that other alone.
    await assert.rejects(comes(2, { serial: serialOf(3) }), /\(400\)/)
    for (const body of ['', 'no CMS', '<plist/>']) {
      const path = `${ground.muster.url}/apple/automated`
      assert.equal((await fetch(path, { method: 'POST', body })).status, 400, body)
    }
    assert.equal((await fetch(`${ground.muster.url}/apple/automated/sign-in`)).status, 404)
    assert.equal(await count(), before)
  })

  it('what changes at Apple is asked for alone; an old place, an ended session and a lost list do no harm', async () => {
    const fetched = () => apple.seen.asked['POST /server/devices'] ?? 0
    const before = fetched()
    apple.unassign([serialOf(4)])
    apple.assign([known(5)])
    apple.expireSessions()
    assert.match((await done('look')).text ?? '', /^5 devices/)
    assert.equal(fetched(), before, 'only what changed')
    assert.doesNotMatch(await list(), new RegExp(serialOf(4)))
    assert.equal(apple.device(serialOf(5))?.status, 'assigned')
    apple.unassign([serialOf(5)])
    apple.expireCursors()
    assert.match((await done('look')).text ?? '', /^4 devices/)
    assert.ok(fetched() > before && (apple.seen.refused['400 EXPIRED_CURSOR'] ?? 0) > 0)
    apple.assign([known(4)])
    assert.match((await done('look', { whole: true })).text ?? '', /^5 devices/)
  })

  it('what Apple refuses is said in words that tell what to do, and made up for later', async () => {
    apple.terms(false)
    assert.match(await refused(), /terms wait at Apple/)
    assert.match(await step(), /T_C_NOT_SIGNED/)
    apple.terms(true)
    apple.access(false)
    assert.match(await refused(), /ACCESS_DENIED/)
    apple.access(true)
    apple.throttle(1, 1)
    assert.match(await refused(), /429/)
    apple.assign([known(6)])
    apple.fail([serialOf(6)])
    await done('look')
    assert.match(await list(), new RegExp(`^${serialOf(6)},.*,empty,,FAILED\\r$`, 'm'))
    assert.doesNotMatch(await step(), /T_C_NOT_SIGNED/)
    apple.fail([])
  })

  it('a Shared iPad has a channel for each person who signs in on it', async () => {
    const no = 21
    apple.assign([known(no)])
    await done('choose', { sharedIpad: true })
    await done('look')
    const ipad = await ground.start({ no, code: await box(no) })
    const people = async () => {
      const { channels } = await ground.muster.api<{ channels: { name: string }[] }>('GET', `/devices/${ipad.id}`)
      return channels.map((c) => c.name).filter((name) => name.startsWith('user:'))
    }
    const there = (name: string) => async () => (await people()).some((c) => c.endsWith(name))
    await until('the first one to be there', there('pupil-0@school.example'), {
      ...patience,
      last: () => ipad.lines.slice(-5),
    })
    await until(
      'it to tell that it is shared',
      async () => (await facts(ipad.id))['apple.sharedIpad'] === true,
      patience,
    )
    const under = deviceUnderTest(ground.muster, ipad.id, () => undefined)
    const out = await under.sent('apple.user.logout', {})
    assert.equal(out.state, 'completed', JSON.stringify(out))
    await until('the next one to be there', there('pupil-1@school.example'), {
      ...patience,
      last: () => ipad.lines.slice(-5),
    })
    assert.equal((await people()).length, 2)
    const listed = await under.sent('apple.user.list', {})
    assert.equal(listed.state, 'completed', JSON.stringify(listed))
    assert.match(JSON.stringify(listed), /"users":2/)
  })

  it('when it is stopped those that have not come are set up without management', async () => {
    assert.match((await done('stop')).text ?? '', /^3 devices/)
    assert.deepEqual(
      [2, 3, 4].map((no) => apple.device(serialOf(no))?.status),
      ['removed', 'removed', 'removed'],
    )
    assert.equal(await apple.setUp(serialOf(2)), undefined)
    await done('look')
    assert.equal(apple.device(serialOf(2))?.status, 'removed', 'nothing is assigned again')
  })
})
