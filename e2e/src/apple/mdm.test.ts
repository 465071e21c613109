/** The MDM protocol with a real core: devices come, obey, put off, refuse, entrust and leave; in each form in which devices speak. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSigned } from '@muster/kit/cms'
import { isDict, type PlistDict, readPlist, writeXmlPlist } from '@muster/kit/plist'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { attributed, bare, binary, type Command, enrolled, scep } from './device.fixture.ts'

let bench: AppleBench
before(async () => {
  bench = await openApple()
})
after(() => bench.close())

const types = (commands: Command[]) => commands.map((c) => c.Command.RequestType)
const supervised = { ProductName: 'iPhone15,3', OSVersion: '18.1', IsSupervised: true }
const mac = { ProductName: 'Mac14,2', OSVersion: '14.5', ModelName: 'MacBook Air' }
const inventory = [
  'DeviceInformation',
  'SecurityInfo',
  'ProfileList',
  'CertificateList',
  'InstalledApplicationList',
  'ManagedApplicationList',
]

test('SCEP, Authenticate, TokenUpdate, Idle, a command and its answer, CheckOut', async () => {
  const device = await enrolled(bench.request, await bench.code('apple'))
  assert.deepEqual(types(await device.connect()), inventory)
  const c = await bench.channelOf(device)
  assert.equal(c.lifecycle, 'active')
  const activity = await bench.send('device.lock', {}, [c])
  assert.deepEqual(types(await device.connect()), ['DeviceLock'])
  assert.equal((await bench.operation(activity, c))?.state, 'completed')
  assert.deepEqual(await device.connect(), [])

  assert.equal((await device.checkin('CheckOut')).status, 200)
  const gone = await device.report('Idle')
  assert.equal(gone.status, 403)
  assert.match(String(gone.body), /com\.apple\.unrecognized\.device/)
  assert.equal((await device.checkin('CheckOut')).status, 200, 'who leaves hears that it is well')
})

test('every form in which devices sign and write', async () => {
  const forms = {
    'DER, SHA-256, attributes': attributed('sha256'),
    'DER, SHA-1, attributes': attributed('sha1'),
    'DER, SHA-256, bare': bare('sha256'),
    'BER, SHA-1, bare, as Macs do': bare('sha1', { indefinite: true }),
    'the content inside': bare('sha256', { inside: true }),
    'BER with the content inside': bare('sha256', { inside: true, indefinite: true }),
  }
  for (const [form, sign] of Object.entries(forms)) {
    const { device } = await bench.device({ sign })
    assert.deepEqual(await device.connect(), [], form)
  }
  const other = await bench.device({ write: binary, method: 'POST', paths: { checkin: '/mdm', connect: '/mdm' } })
  assert.deepEqual(await other.device.connect(), [], 'binary, by POST, at one address')
  const body = Buffer.from(writeXmlPlist({ Status: 'Idle', UDID: other.device.udid }))
  const { certificate } = other.device.identity
  assert.equal((await bench.request('PUT', '/mdm', { body, certificate })).status, 200, 'by the certificate of TLS')
})

test('inventory: facts in the common words, and a refused part does not end it', async () => {
  const { device, channel } = await bench.device()
  const activity = await bench.send('device.inventory', {}, [channel])
  const asked = await device.connect(({ Command: { RequestType } }) => {
    switch (RequestType) {
      case 'DeviceInformation':
        return {
          Status: 'Acknowledged',
          QueryResponses: {
            DeviceName: 'Till 7',
            OSVersion: '18.2',
            ProductName: 'iPad13,4',
            IsSupervised: true,
            IsMultiUser: true,
            BatteryLevel: 0.42,
            WiFiMAC: 'AA:BB:CC:00:11:22',
            IMEI: '35 123456 123456 1',
          },
        }
      case 'SecurityInfo':
        return { Status: 'Acknowledged', SecurityInfo: { HardwareEncryptionCaps: 3, PasscodePresent: true } }
      case 'CertificateList':
        return {
          Status: 'Error',
          ErrorChain: [{ ErrorCode: 1, ErrorDomain: 'X', USEnglishDescription: 'Not allowed.' }],
        }
      case 'ProfileList':
        return { Status: 'Acknowledged', ProfileList: [{ PayloadIdentifier: 'org.muster.x', PayloadUUID: 'U' }] }
      case 'InstalledApplicationList':
        return {
          Status: 'Acknowledged',
          InstalledApplicationList: [{ Identifier: 'a.b', Name: 'A', ShortVersion: '1.2' }],
        }
      default:
        return { Status: 'CommandFormatError' }
    }
  })
  assert.deepEqual(types(asked), [...inventory, 'UserList'], 'a shared iPad has users')
  assert.equal((await bench.operation(activity, channel))?.state, 'completed')
  const { facts } = await bench.host('apple').detail(channel)
  assert.deepEqual(
    [
      facts['os.name'],
      facts['os.version'],
      facts['apple.supervised'],
      facts['security.encrypted'],
      facts['power.batteryPercent'],
      facts['device.formFactor'],
    ],
    ['iPadOS', '18.2', true, true, 42, 'tablet'],
  )
  assert.deepEqual(facts['network.interfaces'], [{ name: 'Wi-Fi', mac: 'aa:bb:cc:00:11:22' }])
  assert.deepEqual((facts['apple.apps'] as { id: string }[])[0]?.id, 'a.b')
})

test('inventory: an answer that comes again or late asks for the same part once more, and nothing starts anew', async () => {
  const { device, channel } = await bench.device()
  const activity = await bench.send('device.inventory', {}, [channel])
  const told: Record<string, PlistDict> = {
    DeviceInformation: { QueryResponses: {} },
    SecurityInfo: { SecurityInfo: {} },
    ManagedApplicationList: { ManagedApplicationList: {} },
  }
  const seen: string[] = []
  const asked = await device.connect(({ Command: { RequestType } }) => {
    seen.push(RequestType)
    // Late: said once more when the fourth part is asked, as by a second connection that was slow.
    const late = RequestType === 'CertificateList' && seen.filter((t) => t === RequestType).length <= 2
    return { Status: 'Acknowledged', ...(told[late ? 'DeviceInformation' : RequestType] ?? { [RequestType]: [] }) }
  })
  assert.deepEqual(types(asked), [
    ...inventory.slice(0, 4),
    'CertificateList',
    'CertificateList',
    ...inventory.slice(4),
  ])
  assert.equal((await bench.operation(activity, channel))?.state, 'completed')
})

test('NotNow: the next command that was not put off, then nothing; at the next Idle it comes again', async () => {
  const { device, channel } = await bench.device({ told: supervised })
  const rename = await bench.send('device.rename', { name: 'Front desk' }, [channel])
  const lock = await bench.send('device.lock', {}, [channel])
  const first = await device.connect(({ Command }) =>
    Command.RequestType === 'Settings' ? { Status: 'NotNow' } : { Status: 'Acknowledged' },
  )
  assert.deepEqual(types(first), ['Settings', 'DeviceLock'])
  assert.equal((await bench.operation(rename, channel))?.state, 'deferred')
  assert.equal((await bench.operation(lock, channel))?.state, 'completed')
  const second = await device.connect()
  assert.deepEqual(types(second), ['Settings'])
  assert.equal(second[0]?.CommandUUID, first[0]?.CommandUUID, 'by the same name')
  assert.equal((await bench.operation(rename, channel))?.state, 'completed')
})

test('Error and CommandFormatError end an operation with the device’s own words', async () => {
  const { device, channel } = await bench.device()
  const lock = await bench.send('device.lock', {}, [channel])
  await device.connect(() => ({
    Status: 'Error',
    ErrorChain: [{ ErrorCode: 12021, ErrorDomain: 'MCMDMErrorDomain', USEnglishDescription: 'Not a valid request.' }],
  }))
  const failed = await bench.operation(lock, channel)
  assert.deepEqual([failed?.state, failed?.reason?.text], ['failed', 'MCMDMErrorDomain 12021: Not a valid request.'])
  const again = await bench.send('device.lock', {}, [channel])
  await device.connect(() => ({ Status: 'CommandFormatError' }))
  assert.equal((await bench.operation(again, channel))?.reason?.code, 'command-format')
})

test('a command that cannot be done on this device is refused with the reason before it is sent', async () => {
  const { device, channel } = await bench.device({ told: { ...supervised, IsSupervised: false } })
  await assert.rejects(
    bench.send('device.locate', {}, [channel]),
    (e: { extra?: { refused?: { code: string }[] } }) => {
      assert.equal(e.extra?.refused?.[0]?.code, 'not-supervised')
      return true
    },
  )
  assert.deepEqual(types(await device.connect()), [])
})

test('what devices entrust: tokens given back to the device alone, codes kept and not written down', async () => {
  const { device, channel } = await bench.device({ told: supervised })
  const empty = await device.checkin('GetBootstrapToken')
  assert.deepEqual([empty.status, empty.body], [200, ''])
  assert.equal((await device.checkin('SetBootstrapToken', { BootstrapToken: Buffer.from('boot') })).status, 200)
  assert.match(String((await device.checkin('GetBootstrapToken')).body), /Ym9vdA==/)
  assert.equal((await device.checkin('SetBootstrapToken')).status, 200)
  assert.equal((await device.checkin('GetBootstrapToken')).body, '')

  const early = await bench.send('device.passcode.clear', {}, [channel])
  assert.deepEqual(types(await device.connect()), [], 'without the token it is not even sent')
  assert.deepEqual((await bench.operation(early, channel))?.reason?.code, 'cannot-write')
  assert.equal((await device.tokenUpdate({ UnlockToken: Buffer.from('unlock') })).status, 200)
  assert.equal((await device.tokenUpdate({ UnlockToken: new Uint8Array(0) })).status, 200)
  const clear = await bench.send('device.passcode.clear', {}, [channel])
  const [sent] = await device.connect()
  assert.deepEqual(Buffer.from(sent?.Command.UnlockToken as Uint8Array).toString(), 'unlock')
  assert.equal((await bench.operation(clear, channel))?.state, 'completed')

  const fetch = await bench.send('apple.activation-lock.fetch-bypass-code', {}, [channel])
  await device.connect(() => ({ Status: 'Acknowledged', ActivationLockBypassCode: 'SECRET-CODE' }))
  assert.deepEqual((await bench.operation(fetch, channel))?.result, { kept: true })
  assert.equal(await bench.host('apple').secrets.get(channel, 'activation-lock-bypass-code'), 'SECRET-CODE')
  // Said again, it is nobody's; what is noted of it has no secret in it either.
  await device.report('Acknowledged', { CommandUUID: 'o0-0', ActivationLockBypassCode: 'SECRET-OTHER' })
  assert.equal(await bench.host('apple').secrets.get(channel, 'activation-lock-bypass-code'), 'SECRET-CODE')
  const [found] = await bench.db.query<{ n: number }>({
    text: `select (select count(*) from unmatched where said::text like '%SECRET%') + (select count(*) from history where result::text like '%SECRET%') as n`,
    values: [],
  })
  assert.equal(found?.n, 0)
})

test('users of a Mac and of a shared iPad have queues of their own', async () => {
  const { device, channel } = await bench.device({ first: mac })
  const ada = { UserID: '5E1F3C7A-0000-4000-8000-000000000501', UserShortName: 'ada', UserLongName: 'Ada' }
  assert.equal((await device.report('Idle', ada)).status, 400, 'nobody told of this user')
  assert.equal((await device.tokenUpdate(ada)).status, 200)
  assert.deepEqual(await device.connect(undefined, ada), [])
  const pupil = { UserID: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', UserShortName: 'pupil@school.example' }
  assert.equal((await device.tokenUpdate(pupil)).status, 200)
  const names = (await bench.host('apple').channels(channel)).map((c) => c.name)
  assert.deepEqual(names, ['device', `user:${ada.UserID}`, 'user:pupil@school.example'])

  const activity = await bench.send('apple.command.nsExtensionMappings', {}, [channel])
  assert.deepEqual(types(await device.connect()), [], 'not on the device’s own channel')
  assert.deepEqual(types(await device.connect(undefined, ada)), ['NSExtensionMappings'])
  const users = (await bench.host('apple').channels(channel)).filter((c) => c.name !== 'device')
  assert.ok(users[0])
  assert.equal((await bench.operation(activity, users[0]))?.state, 'completed')
})

test('a profile is installed, asked for at the end of the connection, and found missing later', async () => {
  const { device, channel } = await bench.device()
  await bench.publish('apple', { passcode: { minLength: 8, minClasses: 2 } })
  let installed = ''
  const first = await device.connect(({ Command }) => {
    if (Command.RequestType === 'InstallProfile') {
      const profile = readPlist(openSigned(Command.Payload as Uint8Array).content)
      installed = isDict(profile) ? String(profile.PayloadUUID) : ''
      return { Status: 'Acknowledged' }
    }
    return {
      Status: 'Acknowledged',
      ProfileList: [{ PayloadIdentifier: 'org.muster.passcode', PayloadUUID: installed }],
    }
  })
  assert.deepEqual(
    types(first).filter((t) => t !== 'DeclarativeManagement'),
    ['InstallProfile', 'ProfileList'],
  )
  assert.match(installed, /^[0-9A-F-]{36}$/)
  assert.equal((await bench.settings(channel)).passcode?.state, 'verified')
  await bench.send('device.inventory', {}, [channel])
  await device.connect(({ Command }) => ({
    Status: 'Acknowledged',
    ...(Command.RequestType === 'ProfileList' && { ProfileList: [] }),
  }))
  assert.notEqual((await bench.settings(channel)).passcode?.state, 'verified')
})

test('the setup assistant is released when the device has its settings', async () => {
  await bench.publish('apple', { passcode: { minLength: 8 } })
  const code = await bench.code('apple')
  const device = await enrolled(bench.request, code)
  assert.equal((await device.tokenUpdate({ AwaitingConfiguration: true })).status, 200)
  await bench.evaluate('apple')
  const told = types(await device.connect())
  const settings = told.indexOf('InstallProfile')
  assert.ok(settings > 0 && told.indexOf('DeviceConfigured') > settings, told.join(' '))
})

test('a device that enrols again with the identity it has begins anew; what waited dies', async () => {
  const { device, channel } = await bench.device()
  const lock = await bench.send('device.lock', {}, [channel])
  assert.equal((await device.authenticate()).status, 200)
  assert.equal((await device.tokenUpdate()).status, 200)
  const again = await bench.channelOf(device)
  assert.equal(again.epoch, channel.epoch + 1)
  assert.equal((await bench.operation(lock, channel))?.state, 'cancelled')
  assert.deepEqual(types(await device.connect()), inventory)
})

test('a removal from here: the device takes its management off, then it is gone', async () => {
  const { device, channel } = await bench.device()
  await bench.send('device.disenrol', {}, [channel])
  const removal = await device.report('Idle')
  const uuid = /<key>CommandUUID<\/key>\s*<string>([^<]+)</.exec(String(removal.body))?.[1] ?? ''
  assert.match(
    String(removal.body),
    /RemoveProfile[\s\S]*org\.muster\.enrolment|org\.muster\.enrolment[\s\S]*RemoveProfile/,
  )
  assert.equal((await device.report('Acknowledged', { CommandUUID: uuid })).status, 200)
  const after = await device.report('Idle')
  assert.equal(after.status, 403)
  assert.equal((await device.checkin('CheckOut')).status, 200)
})

test('an idle poll issues no statement', async () => {
  const { device } = await bench.device()
  await device.connect()
  await device.connect()
  const counts = await bench.db.count(() => device.report('Idle'))
  assert.deepEqual(counts, { statements: 0, transactions: 0 })
})

test('unknown kinds: a user who signs in over the network, a token that is not given here', async () => {
  const { device } = await bench.device()
  assert.equal((await device.checkin('UserAuthenticate', { UserID: 'X' })).status, 410)
  assert.equal((await device.checkin('UserAuthenticate')).status, 410)
  assert.equal((await device.tokenUpdate({ Topic: 'com.apple.mgmt.other' })).status, 400, 'nobody could wake it there')
  assert.equal((await device.checkin('GetToken', { TokenServiceType: 'com.apple.maid' })).status, 400)
  await scep(bench.request, await bench.code('apple'))
})

test('the schedule of inventories knows every device that has an identity', async () => {
  const { channel } = await bench.device()
  const known = await bench.host('apple').certificates.ending(100 * 365 * 86_400, channel.no - 1)
  assert.deepEqual(
    known.map((k) => k.channel.no),
    [channel.no],
  )
  await bench.job('apple.inventories')
})
