/** Settings as declarations over the protocol: a device that shows that it declares fetches, holds and reports them; a report proves compliance. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel, JsonObject } from '@muster/contract'
import { openSigned } from '@muster/kit/cms'
import { isDict, readPlist } from '@muster/kit/plist'
import { type AppleBench, openApple } from './bench.fixture.ts'
import type { Obey, TestDevice } from './device.fixture.ts'

let bench: AppleBench
before(async () => {
  bench = await openApple()
})
after(() => bench?.close())

interface Listed {
  Identifier: string
  ServerToken: string
}
const text = (body: string | Uint8Array | undefined) =>
  typeof body === 'string' ? body : Buffer.from(body ?? []).toString()

/** The declarative side of a device: what it was given, and what it says of it. */
function declarative(device: TestDevice) {
  const profiles = new Map<string, JsonObject>()
  const seen: string[] = []
  const ask = async (endpoint: string, data?: object) => {
    const reply = await device.checkin('DeclarativeManagement', {
      Endpoint: endpoint,
      ...(data && { Data: Buffer.from(JSON.stringify(data)) }),
    })
    return { status: reply.status, body: text(reply.body) }
  }
  const json = async (endpoint: string) => {
    const { status, body } = await ask(endpoint)
    assert.equal(status, 200, body)
    return JSON.parse(body)
  }
  const obey: Obey = ({ Command: c }) => {
    seen.push(c.RequestType)
    if (c.RequestType !== 'ProfileList') return { Status: 'Acknowledged' }
    const list = [...profiles.values()].map((p) => ({
      PayloadIdentifier: String(p.PayloadIdentifier),
      PayloadUUID: String(p.PayloadUUID),
    }))
    return { Status: 'Acknowledged', ProfileList: list }
  }
  const token = async () => (await json('tokens')).SyncTokens.DeclarationsToken as string
  /** Fetches all; `judge` says what becomes of each. */
  async function sync(judge: (identifier: string) => JsonObject = () => ({ active: true, valid: 'valid' })) {
    const { Declarations: d, DeclarationsToken } = await json('declaration-items')
    assert.equal(DeclarationsToken, await token())
    const configurations: JsonObject[] = []
    profiles.clear()
    for (const { Identifier, ServerToken } of d.Configurations as Listed[]) {
      const one = await json(`declaration/configuration/${Identifier}`)
      assert.deepEqual([one.Identifier, one.ServerToken], [Identifier, ServerToken])
      if (one.Type === 'com.apple.configuration.legacy') profiles.set(Identifier, await profile(one.Payload.ProfileURL))
      configurations.push({ identifier: Identifier, 'server-token': ServerToken, ...judge(Identifier) })
    }
    for (const { Identifier } of d.Activations as Listed[]) {
      const one = await json(`declaration/activation/${Identifier}`)
      assert.deepEqual(one.Payload.StandardConfigurations, [Identifier.replace(/\.activation$/, '')])
    }
    return configurations
  }
  const tell = (configurations: readonly JsonObject[], more: JsonObject = {}) =>
    ask('status', { StatusItems: { management: { declarations: { configurations } }, ...more }, Errors: [] })
  async function profile(url: string): Promise<JsonObject> {
    const found = await fetchProfile(url)
    assert.equal(found.status, 200)
    const plist = readPlist(openSigned(found.body as Uint8Array).content)
    assert.ok(isDict(plist))
    return plist as unknown as JsonObject
  }
  return { profiles, seen, ask, json, obey, token, sync, tell, connect: () => device.connect(obey) }
}
function fetchProfile(url: string) {
  const { pathname, search } = new URL(url)
  return bench.request('GET', pathname.replace('/apple', ''), { query: search.slice(1) })
}
const state = async (c: Channel, feature: string) => (await bench.settings(c))[feature]?.state
const wifi = (ssid: string): JsonObject => ({ ssid, passphrase: 'topsecret of the office' })

test('by commands until it has shown that it declares; then declared, verified by its report, changed, and taken away', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const { device, channel } = await bench.device()
  const d = declarative(device)
  await bench.evaluate('apple')
  await d.connect()
  assert.ok(d.seen.includes('InstallProfile') && d.seen.includes('DeclarativeManagement'), d.seen.join())
  assert.equal((await d.sync()).length, 1, 'its subscription to status items')

  await bench.publish('apple', { passcode: { minLength: 10 }, 'apple.wifi': wifi('Office') })
  const before = await d.token()
  d.seen.length = 0
  await d.connect()
  assert.ok(!d.seen.includes('InstallProfile'), d.seen.join())
  assert.ok(d.seen.includes('DeclarativeManagement'))
  assert.equal(await state(channel, 'passcode'), 'acknowledged')
  assert.notEqual(await d.token(), before)

  const listed = await d.sync()
  assert.equal(d.profiles.size, 2)
  const network = [...d.profiles.values()].flatMap((p) => p.PayloadContent as JsonObject[]).find((p) => p.SSID_STR)
  assert.equal(network?.Password, 'topsecret of the office')
  assert.equal((await d.tell(listed, { device: { 'operating-system': { version: '18.2' } } })).status, 200)
  assert.deepEqual([await state(channel, 'passcode'), await state(channel, 'apple.wifi')], ['verified', 'verified'])
  const { facts } = await bench.host('apple').detail(await bench.channelOf(device))
  assert.equal(facts['os.version'], '18.2')
  await d.connect()
  assert.deepEqual([await state(channel, 'passcode'), await state(channel, 'apple.wifi')], ['verified', 'verified'])

  await bench.publish('apple', { passcode: { minLength: 10 } })
  await d.connect()
  const rest = await d.sync()
  assert.equal(d.profiles.size, 1)
  await d.tell(rest)
  assert.deepEqual(Object.keys(await bench.settings(channel)), ['passcode'])
  const rows = await bench.db.query<{ n: number }>({
    text: "select count(*) as n from plugin_apple.declaration where feature = 'apple.wifi'",
    values: [],
  })
  assert.equal(rows[0]?.n, 0)
})

test('what the device calls invalid has failed, with its words; an old report proves nothing', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const { device, channel } = await bench.device()
  const d = declarative(device)
  await d.token()
  await bench.publish('apple', { passcode: { minLength: 9 } })
  await d.connect()
  const old = await d.sync()
  await bench.publish('apple', { passcode: { minLength: 11 } })
  await d.connect()
  await d.tell(old)
  assert.equal(await state(channel, 'passcode'), 'acknowledged', 'the report is of the version before')
  const reasons: JsonObject[] = [{ code: 'Error.ConfigurationCannotBeApplied', description: 'The profile is bad.' }]
  await d.tell(
    await d.sync(
      (i): JsonObject =>
        i.endsWith('passcode') ? { active: false, valid: 'invalid', reasons } : { active: true, valid: 'valid' },
    ),
  )
  const { passcode } = await bench.settings(channel)
  assert.equal(passcode?.state, 'failed')
  assert.match(passcode?.reason?.text ?? '', /Error\.ConfigurationCannotBeApplied: The profile is bad\./)
})

test('equal settings are one profile for all; an address is good for its version and its device alone', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const two = await Promise.all([bench.device(), bench.device()])
  const sides = two.map(({ device }) => declarative(device))
  for (const d of sides) await d.token()
  await bench.publish('apple', { passcode: { minLength: 13 }, 'apple.wifi': wifi('Lab') })
  for (const d of sides) await d.connect()
  const addresses: string[] = []
  for (const d of sides) {
    const { Declarations } = await d.json('declaration-items')
    for (const { Identifier } of Declarations.Configurations as Listed[]) {
      const { Payload } = await d.json(`declaration/configuration/${Identifier}`)
      if (Payload.ProfileURL) addresses.push(Payload.ProfileURL)
    }
  }
  assert.equal(new Set(addresses).size, 4)
  const bodies = await Promise.all(addresses.map(async (a) => Buffer.from((await fetchProfile(a)).body as Uint8Array)))
  const passcodes = bodies.filter((_, i) => addresses[i]?.includes('passcode'))
  assert.deepEqual(passcodes[0], passcodes[1])
  const [leak] = await bench.db.query<{ n: number }>({
    text: "select count(*) as n from plugin_apple.declared_profile where position('topsecret'::bytea in sealed) > 0",
    values: [],
  })
  assert.equal(leak?.n, 0)
  for (const part of ['of', 'feature', 'version']) {
    const url = new URL(addresses[0] ?? '')
    url.searchParams.set(part, part === 'of' ? crypto.randomUUID() : 'other')
    assert.equal((await fetchProfile(url.href)).status, 404, part)
  }
  for (const query of ['', 'of=x', 'of=%00&feature=passcode&version=1', 'of=%c0%af'])
    assert.equal((await bench.request('GET', '/declared', { query })).status, 404, query)
})

test('bad requests change nothing and never turn the device out', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const { device, channel } = await bench.device()
  const d = declarative(device)
  await d.sync()
  const kept = await bench.kept(channel)
  for (const endpoint of [
    '',
    'declaration',
    'declaration/configuration',
    'declaration/x/y',
    'declaration/configuration/a/b/c',
    'never',
  ])
    assert.equal((await d.ask(endpoint)).status, 404, endpoint)
  const raw = async (data: string | Uint8Array) =>
    (await device.checkin('DeclarativeManagement', { Endpoint: 'status', Data: Buffer.from(data as string) })).status
  for (const data of ['', '{', '[]', 'null', '{"StatusItems":1}', Buffer.from([0xff, 0xfe]), '['.repeat(50_000)])
    assert.equal(await raw(data), 400)
  for (const data of [
    '{"StatusItems":{}}',
    '{"StatusItems":{"management":{"declarations":{"configurations":[1,{"identifier":2}]}}}}',
  ])
    assert.equal(await raw(data), 200)
  assert.deepEqual(await bench.kept(channel), kept)
})
