/** Settings as declarations over the protocol: a device that shows that it declares fetches, holds and reports them; a report proves compliance. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Channel, JsonObject } from '@muster/contract'
import { openSigned } from '@muster/kit/cms'
import { isDict, type PlistDict, readPlist } from '@muster/kit/plist'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { attributed, type Obey, type TestDevice } from './device.fixture.ts'

let bench: AppleBench
before(async () => {
  bench = await openApple()
})
after(() => bench?.close())

interface Listed {
  Identifier: string
  ServerToken: string
}
interface Fetched {
  Type: string
  Identifier: string
  ServerToken: string
  Payload: JsonObject
}
const text = (body: string | Uint8Array | undefined) =>
  typeof body === 'string' ? body : Buffer.from(body ?? []).toString()

/** The declarative side of a device: what it was given, and what it says of it. */
function declarative(device: TestDevice, more: PlistDict = {}) {
  const profiles = new Map<string, JsonObject>()
  /** By their identifiers: what was read of each of them. */
  const documents = new Map<string, Fetched>()
  const seen: string[] = []
  const ask = async (endpoint: string, data?: object) => {
    const reply = await device.checkin('DeclarativeManagement', {
      ...more,
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
    documents.clear()
    for (const { Identifier } of d.Assets as Listed[])
      documents.set(Identifier, await json(`declaration/asset/${Identifier}`))
    for (const { Identifier } of d.Management as Listed[])
      documents.set(Identifier, await json(`declaration/management/${Identifier}`))
    for (const { Identifier, ServerToken } of d.Configurations as Listed[]) {
      const one = await json(`declaration/configuration/${Identifier}`)
      assert.deepEqual([one.Identifier, one.ServerToken], [Identifier, ServerToken])
      documents.set(Identifier, one)
      if (one.Type === 'com.apple.configuration.legacy') profiles.set(Identifier, await profile(one.Payload.ProfileURL))
      configurations.push({ identifier: Identifier, 'server-token': ServerToken, ...judge(Identifier) })
    }
    for (const { Identifier } of d.Activations as Listed[]) {
      const one = await json(`declaration/activation/${Identifier}`)
      assert.deepEqual(one.Payload.StandardConfigurations, [Identifier.replace(/\.activation$/, '')])
      documents.set(Identifier, one)
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
  const find = (end: string) => [...documents].find(([identifier]) => identifier.endsWith(end))?.[1]
  return {
    profiles,
    documents,
    find,
    seen,
    ask,
    json,
    obey,
    token,
    sync,
    tell,
    connect: () => device.connect(obey, more),
  }
}
function fetchProfile(url: string) {
  const { pathname, search } = new URL(url)
  return bench.request('GET', pathname.replace('/apple', ''), { query: search.slice(1) })
}
const state = async (c: Channel, feature: string) => (await bench.settings(c))[feature]?.state
const wifi = (...ssids: string[]): JsonObject => ({
  networks: ssids.map((ssid) => ({ ssid, passphrase: `topsecret of ${ssid}` })),
})

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
  assert.equal(d.profiles.size, 1, 'the passcode is in its own words')
  const network = [...d.profiles.values()].flatMap((p) => p.PayloadContent as JsonObject[]).find((p) => p.SSID_STR)
  assert.deepEqual(d.find('.declared.passcode')?.Payload.MinimumLength, 10)
  assert.equal(network?.Password, 'topsecret of Office')
  assert.equal((await d.tell(listed, { device: { 'operating-system': { version: '18.2' } } })).status, 200)
  assert.deepEqual([await state(channel, 'passcode'), await state(channel, 'apple.wifi')], ['verified', 'verified'])
  const { facts } = await bench.host('apple').detail(await bench.channelOf(device))
  assert.equal(facts['os.version'], '18.2')
  await d.connect()
  assert.deepEqual([await state(channel, 'passcode'), await state(channel, 'apple.wifi')], ['verified', 'verified'])

  await bench.publish('apple', { passcode: { minLength: 10 } })
  await d.connect()
  const rest = await d.sync()
  assert.equal(d.profiles.size, 0)
  await d.tell(rest)
  assert.deepEqual(Object.keys(await bench.settings(channel)), ['passcode'])
  const rows = await bench.db.query<{ n: number }>({
    text: "select (select count(*) from plugin_apple.declaration where feature = 'apple.wifi') + (select count(*) from plugin_apple.declared_part where feature = 'apple.wifi') as n",
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
  const restrictions = { device: { allowCamera: false } }
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const two = await Promise.all([bench.device(), bench.device()])
  const sides = two.map(({ device }) => declarative(device))
  for (const d of sides) await d.token()
  await bench.publish('apple', { 'apple.restrictions': restrictions, 'apple.wifi': wifi('Lab') })
  for (const d of sides) await d.connect()
  const addresses: string[] = []
  for (const d of sides) {
    await d.sync()
    for (const one of d.documents.values()) if (one.Payload.ProfileURL) addresses.push(String(one.Payload.ProfileURL))
  }
  assert.equal(new Set(addresses).size, 4)
  const bodies = await Promise.all(addresses.map(async (a) => Buffer.from((await fetchProfile(a)).body as Uint8Array)))
  const shared = bodies.filter((_, i) => addresses[i]?.includes('restrictions'))
  assert.deepEqual(shared[0], shared[1])
  const [leak] = await bench.db.query<{ n: number }>({
    text: `select (select count(*) from plugin_apple.declared_profile where position('topsecret'::bytea in sealed) > 0)
      + (select count(*) from plugin_apple.declared_part p where to_jsonb(p)::text like '%topsecret%') as n`,
    values: [],
  })
  assert.equal(leak?.n, 0)
  for (const part of ['of', 'name', 'version']) {
    const url = new URL(addresses[0] ?? '')
    url.searchParams.set(part, part === 'of' ? crypto.randomUUID() : 'other')
    assert.equal((await fetchProfile(url.href)).status, 404, part)
  }
  for (const query of ['', 'of=x', 'of=%00&name=passcode&version=1', 'of=%c0%af'])
    assert.equal((await bench.request('GET', '/declared', { query })).status, 404, query)
})

test('one network that changes is one declaration that changes; the others keep their tokens and their word', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const { device, channel } = await bench.device()
  const d = declarative(device)
  await d.token()
  await bench.publish('apple', { 'apple.wifi': wifi('a', 'b', 'c') })
  await d.connect()
  await d.tell(await d.sync())
  assert.equal(await state(channel, 'apple.wifi'), 'verified')
  const tokensOf = () =>
    new Map([...d.documents.values()].flatMap((x) => (x.Payload.ProfileURL ? [[x.Identifier, x.ServerToken]] : [])))
  const before = tokensOf()
  assert.equal(before.size, 3)
  const [a, b] = wifi('a', 'b').networks as [JsonObject, JsonObject]
  await bench.publish('apple', { 'apple.wifi': { networks: [b, { ...a, passphrase: 'another topsecret' }] } })
  await d.connect()
  assert.equal(await state(channel, 'apple.wifi'), 'acknowledged')
  const listed = await d.sync()
  const after = tokensOf()
  const kept = [...after].filter(([identifier, token]) => before.get(identifier) === token)
  assert.deepEqual([after.size, kept.length], [2, 1])
  assert.ok([...after.keys()].every((identifier) => before.has(identifier)))
  const networks = [...d.profiles.values()].flatMap((p) => p.PayloadContent as JsonObject[])
  assert.deepEqual(networks.map((n) => [n.SSID_STR, n.Password]).sort(), [
    ['a', 'another topsecret'],
    ['b', 'topsecret of b'],
  ])
  await d.tell(listed)
  assert.equal(await state(channel, 'apple.wifi'), 'verified')
})

test('an update at a deadline: declared where it can be, in force is not yet done, and the version proves it', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const { device, channel } = await bench.device()
  const d = declarative(device)
  await d.token()
  const mobile = { version: '18.2', deadline: '2026-01-01T18:00:00', details: 'https://help.example.com/' }
  await bench.publish('apple', {
    'apple.updateEnforcement': { mobile: { ...mobile, deadline: '2099-01-01T18:00:00' } },
  })
  await d.connect()
  await d.tell(await d.sync(), { device: { 'operating-system': { version: '18.1' } } })
  const enforced = d.find('.apple.updateEnforcement')
  assert.deepEqual(enforced?.Payload, {
    TargetOSVersion: '18.2',
    TargetLocalDateTime: '2099-01-01T18:00:00',
    DetailsURL: 'https://help.example.com/',
  })
  const predicate = String(d.find('.apple.updateEnforcement.activation')?.Payload.Predicate)
  assert.equal(predicate.split(' OR ')[0], "@status(device.operating-system.family) == 'iOS'")
  assert.equal(await state(channel, 'apple.updateEnforcement'), 'acknowledged', 'in force, and not installed')

  await bench.publish('apple', { 'apple.updateEnforcement': { mobile } })
  await d.connect()
  const listed = await d.sync()
  await d.tell(listed, { softwareupdate: { 'install-state': 'downloading' } })
  const { 'apple.updateEnforcement': overdue } = await bench.settings(channel)
  assert.deepEqual([overdue?.state, overdue?.reason?.code], ['failed', 'update-overdue'])
  await bench.evaluate('apple')
  await d.connect()
  await d.tell(await d.sync(), { device: { 'operating-system': { version: '18.2.1' } } })
  await d.connect()
  await d.tell(await d.sync(), { device: { 'operating-system': { version: '18.2.1' } } })
  assert.equal(await state(channel, 'apple.updateEnforcement'), 'verified')
})

test('an older device is ordered by a command, and proves it the same way', async () => {
  await bench.publish('apple', {
    'apple.updateEnforcement': { mobile: { version: '16.7', deadline: '2099-01-01T18:00:00' }, older: 'download' },
  })
  const { device, channel } = await bench.device({ first: { OSVersion: '16.6' }, told: { IsSupervised: true } })
  await bench.evaluate('apple')
  const seen: PlistDict[] = []
  await device.connect(({ Command }) => {
    seen.push(Command as PlistDict)
    return { Status: 'Acknowledged' }
  })
  const ordered = seen.find((c) => c.RequestType === 'ScheduleOSUpdate')
  assert.deepEqual(ordered?.Updates, [{ ProductVersion: '16.7', InstallAction: 'DownloadOnly' }])
  assert.equal(await state(channel, 'apple.updateEnforcement'), 'acknowledged')
  await bench.send('device.inventory', {}, [channel])
  await device.connect(({ Command }) => ({
    Status: 'Acknowledged',
    ...(Command.RequestType === 'DeviceInformation' && { QueryResponses: { OSVersion: '16.7.1', IsSupervised: true } }),
  }))
  assert.equal(await state(channel, 'apple.updateEnforcement'), 'verified')
})

test('an asset is given to the device that proves itself, as long and as hashed as it was told; to nobody else', async () => {
  await bench.publish('apple', {
    'apple.screenSharing': {
      connections: [{ name: 'Render', host: 'render.example.com', user: 'ada', password: 'topsecret of ada' }],
    },
    'apple.serviceFiles': {
      services: [{ service: 'com.apple.sshd', archive: Buffer.from('a zip').toString('base64') }],
    },
  })
  const mac = { ProductName: 'Mac14,2', Model: 'Mac14,2', OSVersion: '15.1' }
  const { device, channel } = await bench.device({ first: mac })
  const other = await bench.device({ first: mac })
  const d = declarative(device)
  await bench.evaluate('apple')
  await d.connect()
  assert.ok(!d.seen.includes('InstallProfile') && d.seen.includes('DeclarativeManagement'), d.seen.join())
  const listed = await d.sync()
  const assets = [...d.documents.values()].filter((x) => x.Type.startsWith('com.apple.asset.'))
  assert.deepEqual(assets.map((x) => x.Type).sort(), [
    'com.apple.asset.credential.userpassword',
    'com.apple.asset.data',
  ])
  const texts: string[] = []
  for (const { Identifier, Payload } of assets) {
    const users = [...d.documents.values()].filter((x) => JSON.stringify(x.Payload).includes(`"${Identifier}"`))
    assert.equal(users.length, 1, 'one configuration refers to it')
    assert.deepEqual(Payload.Authentication, { Type: 'MDM' })
    const { DataURL, Size, 'Hash-SHA-256': hash, ContentType } = Payload.Reference as Record<string, string>
    const { pathname, search } = new URL(DataURL ?? '')
    const fetchAs = (by: TestDevice | undefined) =>
      bench.request('GET', pathname.replace('/apple', ''), {
        query: search.slice(1),
        headers: by ? { 'mdm-signature': attributed('sha256')(Buffer.alloc(0), by.identity) } : {},
      })
    const got = await fetchAs(device)
    assert.equal(got.status, 200)
    const bytes = Buffer.from(got.body as Uint8Array)
    assert.equal(got.headers?.['content-type'], ContentType)
    assert.deepEqual([bytes.length, createHash('sha256').update(bytes).digest('hex')], [Size, hash])
    texts.push(bytes.toString())
    assert.deepEqual([(await fetchAs(undefined)).status, (await fetchAs(other.device)).status], [400, 404])
  }
  assert.deepEqual(texts.sort(), ['a zip', '{"UserName":"ada","Password":"topsecret of ada"}'])
  await d.tell(listed)
  assert.deepEqual(
    [await state(channel, 'apple.screenSharing'), await state(channel, 'apple.serviceFiles')],
    ['verified', 'verified'],
  )
})

test('who manages the device and what is asked of it; facts come of what it tells, lists piece by piece', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const { device, channel } = await bench.device()
  const d = declarative(device)
  await d.sync()
  assert.deepEqual(d.find('.properties')?.Payload, { device: channel.device, ownership: channel.ownership })
  assert.equal(d.find('.server')?.Payload.Version, '1.0.0')
  assert.ok(d.find('.organization')?.Payload.Name)
  const asked = () => ((d.find('.status')?.Payload.StatusItems ?? []) as JsonObject[]).map((i) => i.Name)
  assert.ok(asked().includes('softwareupdate.beta-enrollment') && !asked().includes('services.background-task'))
  const supported = ['device.operating-system.version', 'mdm.app', 'management.client-capabilities']
  await d.tell([], {
    management: {
      declarations: { configurations: [] },
      'client-capabilities': {
        'supported-payloads': {
          declarations: { configurations: ['com.apple.configuration.legacy'] },
          'status-items': supported,
        },
      },
    },
    mdm: {
      app: [
        { identifier: 'a.b', state: 'queued' },
        { identifier: 'a.c', state: 'managed' },
      ],
    },
    softwareupdate: { 'failure-reason': { count: 2, reason: 'no space' } },
  } as JsonObject)
  await d.tell([], {
    mdm: {
      app: [
        { identifier: 'a.b', _removed: true },
        { identifier: 'a.d', state: 'managed' },
      ],
    },
  })
  const { facts } = await bench.host('apple').detail(channel)
  assert.deepEqual(
    (facts['apple.appStates'] as JsonObject[]).map((a) => a.identifier),
    ['a.c', 'a.d'],
  )
  assert.deepEqual(facts['apple.update.failure'], { count: 2, reason: 'no space', at: '' })
  await d.sync()
  assert.deepEqual([...asked()].sort(), supported.sort(), 'only what it said that it can tell')
  await bench.publish('apple', { passcode: { minLength: 9 } })
  await d.connect()
  await d.sync()
  assert.equal(d.profiles.size, 1, 'it does not know the passcode declaration, so it gets the profile')
})

test('what goes to a Mac’s user is a set of its own, judged by its own word', async () => {
  const mac = { ProductName: 'Mac14,2', Model: 'Mac14,2', OSVersion: '15.1' }
  await bench.publish('apple', { 'apple.calculator': { scientific: false } })
  const { device, channel } = await bench.device({ first: mac })
  await bench.evaluate('apple')
  await device.connect()
  assert.equal((await bench.settings(channel))['apple.calculator']?.reason?.code, 'no-user')
  const user = { UserID: 'U-501', UserShortName: 'ada', UserLongName: 'Ada' }
  const push = { Token: Buffer.from('t'), PushMagic: 'm', Topic: 'com.apple.mgmt.External.test' }
  await device.checkin('TokenUpdate', { ...user, ...push })
  const own = (await bench.host('apple').channels(channel)).find((c) => c.name === 'user:U-501')
  assert.ok(own)
  const d = declarative(device, user)
  await d.token()
  await bench.evaluate('apple')
  await d.connect()
  const listed = await d.sync()
  assert.deepEqual(d.find('.apple.calculator')?.Payload, { Calculator: { ScientificMode: { Enabled: false } } })
  assert.equal(await state(own, 'apple.calculator'), 'acknowledged')
  await d.tell(listed)
  assert.equal(await state(own, 'apple.calculator'), 'verified')
  const onDevice = await declarative(device).json('declaration-items')
  assert.ok(!JSON.stringify(onDevice).includes('calculator'))
})

test('what an ended enrolment declared goes away', async () => {
  await bench.publish('apple', { 'apple.wifi': wifi('Gone') })
  const { device } = await bench.device()
  const d = declarative(device)
  await d.token()
  await bench.evaluate('apple')
  await d.connect()
  await d.sync()
  const [url] = [...d.documents.values()].flatMap((x) => (x.Payload.ProfileURL ? [String(x.Payload.ProfileURL)] : []))
  const collection = new URL(url ?? '').searchParams.get('of')
  const left = async () =>
    (
      await bench.db.query<{ n: number }>({
        text: 'select (select count(*) from plugin_apple.declared_collection where collection = $1) + (select count(*) from plugin_apple.declaration where collection = $1) + (select count(*) from plugin_apple.declared_part where collection = $1) as n',
        values: [collection],
      })
    )[0]?.n
  const run = (name: string) =>
    bench.platforms
      .get('apple')
      ?.jobs?.find((j) => j.name === name)
      ?.run(new AbortController().signal)
  await run('declared-endings')
  assert.equal(await left(), 3)
  await device.checkin('CheckOut')
  await run('declared-endings')
  assert.equal(await left(), 0)
  await run('declared-profiles')
  assert.equal((await fetchProfile(url ?? '')).status, 404)
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
  for (const data of ['{"StatusItems":{}}', '{"StatusItems":{"management":{"declarations":{"configurations":{}}}}}'])
    assert.equal(await raw(data), 200)
  assert.deepEqual(await bench.kept(channel), kept)
  const nonsense = '{"StatusItems":{"management":{"declarations":{"configurations":[1,{"identifier":2}]}}}}'
  assert.equal(await raw(nonsense), 200)
  assert.notEqual(await state(channel, 'passcode'), 'verified')
})
