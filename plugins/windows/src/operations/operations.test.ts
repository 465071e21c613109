/** Inventories read into facts, whatever a device says; operations that are more than one command; raw commands that are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delivery, Json, PlatformHost } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import type { Answer, Node, Work } from '../wire/index.ts'
import { buildOf, cspVersion, hasCsp } from '../wire/index.ts'
import {
  createEncode,
  inventoryFacts,
  inventoryJob,
  isRepeatable,
  msiAlert,
  operationRows,
  readNodes,
  windowsOperations,
} from './index.ts'
import { inventoryWork, nextStep } from './inventory.ts'
import { slotOf } from './schedule.ts'

const at = new Date('2026-01-02T03:04:05.000Z')
const now = () => at
const read = (results: Node[], statuses: Answer['statuses'] = []) => readNodes({ results, statuses }, now)
const vendor = './Device/Vendor/MSFT'
const row = (id: string) => operationRows[id]![0]!

test('a device tells who it is, what it has and how safe it is', () => {
  const { facts } = read([
    { uri: './DevInfo/Man', data: 'Contoso' },
    { uri: './DevInfo/Mod', data: 'Book 5' },
    { uri: './DevDetail/SwV', data: '10.0.22631.4317' },
    { uri: './DevDetail/Ext/Microsoft/SMBIOSSerialNumber', data: 'S-1' },
    { uri: './DevDetail/Ext/Microsoft/TotalRAM', data: '16384' },
    { uri: './DevDetail/Ext/Microsoft/ProcessorArchitecture', data: '9' },
    { uri: `${vendor}/DeviceStatus/OS/Edition`, data: '4' },
    { uri: `${vendor}/DeviceStatus/SecureBootState`, data: '1' },
    { uri: `${vendor}/DeviceStatus/Compliance/EncryptionCompliance`, data: '1' },
    { uri: `${vendor}/DeviceStatus/Battery/Status`, data: '1' },
    { uri: `${vendor}/DeviceStatus/Battery/EstimatedChargeRemaining`, data: '87' },
    { uri: `${vendor}/Defender/Health/RtpEnabled`, data: 'true' },
    { uri: `${vendor}/BitLocker/Status/DeviceEncryptionStatus`, data: '0' },
    {
      uri: `${vendor}/DeviceManageability/Capabilities/CSPVersions`,
      data: '<?xml version="1.0" encoding="utf-8"?><DeviceManageability Version="com.microsoft/1.1/MDM/DeviceManageability"><Capabilities><CSPVersions><CSP Node="./DevDetail" Version="1.2"/><CSP Node="./Device/Vendor/MSFT/BitLocker" Version="5.0"/><CSP Node="./Vendor/MSFT/__proto__" Version="1"/></CSPVersions></Capabilities></DeviceManageability>',
    },
  ])
  assert.deepEqual(facts, {
    'device.manufacturer': 'Contoso',
    'device.model': 'Book 5',
    'os.version': '10.0.22631.4317',
    'device.serial': 'S-1',
    'hardware.memoryBytes': 16384 * 2 ** 20,
    'windows.processorArchitecture': 'x64',
    'windows.edition': 'Enterprise',
    'windows.secureBoot': 'on',
    'security.encrypted': true,
    'device.formFactor': 'laptop',
    'power.batteryPercent': 87,
    'windows.defender.realTime': true,
    'windows.bitlocker.status': 0,
    'windows.csp': { DevDetail: '1.2', BitLocker: '5.0' },
    'os.name': 'Windows',
    'os.build': '22631',
    'device.identifiers': [{ kind: 'serial', value: 'S-1' }],
    'windows.inventoryAt': at.toISOString(),
  })
  assert.deepEqual(
    [buildOf(facts), cspVersion(facts, 'BitLocker'), hasCsp(facts, 'LAPS'), hasCsp({}, 'LAPS')],
    [22631, '5.0', false, undefined],
  )
})

test('lists: programs, packages and MSI, certificates, updates, network cards', () => {
  const program = `${vendor}/Win32AppInventory/Win32InstalledProgram/%7BA-1%7D`
  const msi = `${vendor}/EnterpriseDesktopAppManagement/MSI/%7BB-2%7D`
  const sha1 = 'ab'.repeat(20)
  const { facts } = read([
    { uri: `${program}/Name`, data: 'Tool' },
    { uri: `${program}/Version`, data: '1.2' },
    { uri: `${msi}/Name`, data: 'Other' },
    { uri: `${msi}/Status`, data: '70' },
    {
      uri: `${vendor}/EnterpriseModernAppManagement/AppManagement/AppInventoryResults`,
      data: '<Repository><nonStore><Package PackageFamilyName="Example.Tool_8wekyb3d8bbwe"><PackageDetails Name="Example.Tool" Version="3.0" Publisher="CN=Example"/></Package></nonStore></Repository>',
    },
    { uri: `${vendor}/CertificateStore/My/System/${sha1}/IssuedTo`, data: 'me' },
    { uri: `${vendor}/CertificateStore/My/System/${sha1}/ValidTo`, data: '2027-01-01T00:00:00Z' },
    { uri: `${vendor}/Update/InstalledUpdates/u-1/RevisionNumber`, data: '200' },
    { uri: `${vendor}/Update/FailedUpdates/u-2/HResult`, data: '0x80070005' },
    { uri: `${vendor}/DeviceStatus/NetworkIdentifiers/00155D/IPAddressV4`, data: '10.0.0.5' },
    { uri: `${vendor}/DeviceStatus/NetworkIdentifiers/00155D/Type`, data: '2' },
  ])
  assert.deepEqual(
    (facts['software.apps'] as { kind: string; id: string; version: string }[]).map((a) => [a.kind, a.id, a.version]),
    [
      ['program', '{A-1}', '1.2'],
      ['msi', '{B-2}', ''],
      ['package', 'Example.Tool_8wekyb3d8bbwe', '3.0'],
    ],
  )
  assert.deepEqual((facts['software.certificates'] as Json[]).length, 1)
  assert.deepEqual(facts['software.updates'], [
    { id: 'u-1', state: 'installed' },
    { id: 'u-2', state: 'failed', error: '0x80070005' },
  ])
  assert.deepEqual(facts['network.interfaces'], [{ mac: '00155D', ipv4: '10.0.0.5', up: false, kind: 'wlan' }])
})

test('where a PC is woken: as it says; what is no address clears it', () => {
  const uri = `${vendor}/DMClient/Provider/Muster/Push/ChannelURI`
  assert.deepEqual(read([{ uri, data: 'https://db5.notify.windows.com/?token=x' }]).push, {
    channelUri: 'https://db5.notify.windows.com/?token=x',
  })
  for (const data of ['', 'none', 'ftp://db5.notify.windows.com/?t', 'https://db5.notify.windows.com/?t t'])
    assert.equal(read([{ uri, data }]).push, null)
  assert.equal(read([], [{ verb: 'Get', uri, code: 404 }]).push, null)
  assert.equal('push' in read([]), false)
})

test('any words of a device become facts, and none is described without a name', () => {
  const ends = [
    './DevDetail/SwV',
    `${vendor}/DeviceStatus/OS/Edition`,
    `${vendor}/DeviceManageability/Capabilities/CSPVersions`,
  ]
  const uri = fc.oneof(
    fc.constantFrom(...ends),
    fc.webUrl(),
    fc.string(),
    fc
      .constantFrom('Win32AppInventory/Win32InstalledProgram', 'CertificateStore/My/System')
      .map((r) => `${vendor}/${r}/%zz/Name`),
  )
  const known = new Set(inventoryFacts.map((f) => f.id))
  fc.assert(
    fc.property(fc.array(fc.record({ uri, data: fc.string() }), { maxLength: 20 }), (nodes) => {
      const { facts } = read(nodes)
      for (const name of Object.keys(facts))
        assert.ok(!name.startsWith('windows.') || known.has(name) || name === 'windows.hardwareId', name)
      assert.doesNotThrow(() => JSON.stringify(facts))
    }),
  )
})

test('an inventory goes part by part; a late answer sets nothing back, and what settings have written comes last', () => {
  const c = sampleChannel({
    platform: 'windows',
    facts: { 'windows.nodes': { [`${vendor}/WiFi/x`]: '1', './User/x': null, './DevDetail/SwV': '1' } },
  })
  assert.deepEqual([nextStep(1, c), nextStep(4, c), nextStep(5, c), nextStep(6, c)], [1, 4, 5, undefined])
  assert.deepEqual(
    inventoryWork(4, c).commands.map((w) => w.uri),
    [`${vendor}/WiFi/x`],
  )
  assert.equal(nextStep(4, sampleChannel({ platform: 'windows' })), undefined)
  const { from } = row('device.inventory')
  const said = (uri: string): Json => ({ statuses: [{ verb: 'Get', uri, code: 200 }], results: [{ uri, data: '1' }] })
  assert.deepEqual(from(said('./DevDetail/SwV'), c, { step: 4 }), { state: 'again', kept: { step: 4 } })
  assert.deepEqual(from(said(`${vendor}/WiFi/x`), c, { step: 4 }), { state: 'again', kept: { step: 5 } })
  assert.equal(from(said('./User/x'), c, { step: 5 }).state, 'completed')
})

test('errands of an inventory queue the next part, and ask where the PC is woken', async () => {
  const errands: unknown[] = []
  const host = {
    errand: async (_c: unknown, name: string, payload: Json) => void errands.push([name, payload]),
  } as unknown as PlatformHost
  const drop = () => ({ commands: [] })
  const channel = sampleChannel({ platform: 'windows' })
  const errand = (payload: Json) =>
    ({ kind: 'errand', name: 'inventory', payload, id: 'o7-1', channel }) as unknown as Delivery
  const encode = createEncode({ host, drop, push: async () => 'Example.App_8wekyb3d8bbwe' })
  const { work } = await encode(errand({ step: 0 }))
  assert.deepEqual(
    work.commands.slice(-3).map((c) => [c.verb, c.uri.split('/').at(-1)]),
    [
      ['Replace', 'PFN'],
      ['Add', 'PFN'],
      ['Get', 'ChannelURI'],
    ],
  )
  const later = await encode(errand({ step: 1 }))
  assert.deepEqual(
    later.work.commands.filter((c) => c.uri.includes('/Push/')).map((c) => c.verb),
    ['Get'],
    'until it told',
  )
  const known = { ...errand({ step: 1 }), channel: { ...channel, push: { channelUri: 'https://x/' } } } as Delivery
  assert.ok(!(await encode(known)).work.commands.some((c) => c.uri.includes('/Push/')))
  errands.length = 1
  const without = await createEncode({ host, drop, push: async () => undefined })(errand({ step: 3 }))
  assert.equal(without.work.commands.length, 4)
  assert.deepEqual(errands, [['inventory', { step: 1 }]])
  await assert.rejects(encode({ ...errand(null), name: 'nonsense' } as Delivery), /no such errand/)
})

test('an installation is taken, and the alert tells how it ended', async () => {
  const product = '{F5645004-3214-46EA-92C2-48835689DA06}'
  const source = `${vendor}/EnterpriseDesktopAppManagement/MSI/%7Bf5645004-3214-46ea-92c2-48835689da06%7D/DownloadInstall`
  const alert = (data: string, more: object = {}) =>
    msiAlert({ kind: 'alert', id: '1', code: 1224, items: [{ source, data, ...more }] })
  assert.deepEqual(alert('0'), { ref: `msi:${product}`, state: 'completed', result: {} })
  assert.deepEqual(alert('-2147023293'), {
    ref: `msi:${product}`,
    state: 'failed',
    reason: { code: 'device-error', text: 'The PC could not install it: 0x80070643.' },
  })
  assert.equal(alert('soon'), undefined)
  assert.equal(alert('0', { source: './Other' }), undefined)
  const params = windowsOperations.find((o) => o.id === 'windows.msi.install')?.examples[0]?.params as Record<
    string,
    Json
  >
  const made = row('windows.msi.install')
  const d = {
    kind: 'operation',
    operation: 'windows.msi.install',
    row: made,
    params,
    id: 'o7-1',
    channel: sampleChannel({ platform: 'windows' }),
    secrets: {},
  }
  const host = { errand: async () => undefined }
  const { ref } = await createEncode({ host, drop: () => ({ commands: [] }), push: async () => undefined })(
    d as unknown as Delivery,
  )
  assert.equal(ref, `msi:${product}`)
})

test('raw commands: what a device or the protocol would not survive is refused', () => {
  const { params } = windowsOperations.find((o) => o.id === 'windows.csp')!
  const ok = (commands: object[], atomic = false) => params.safeParse({ commands, atomic }).success
  const uri = './Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera'
  assert.ok(ok([{ verb: 'Get', uri }]))
  assert.ok(ok([{ verb: 'Replace', uri, format: 'xml', data: '<a>&"\n</a>' }]))
  for (const erasing of [
    './Device/Vendor/MSFT/CleanPC/CleanPCWithoutRetainingUserData',
    './Vendor/MSFT/remotewipe/doWipe',
    './Device/Vendor/MSFT/%52emoteWipe/doWipe',
    './Device/Vendor/MSFT/%2552emoteWipe/doWipe',
    './Device/Vendor/MSFT/Policy/../RemoteWipe/doWipe',
    './cimv2/MDM_RemoteWipe/doWipeMethod',
    './Device/Vendor/MSFT/DMClient/Provider/Muster/%55nenroll',
    './Device/Vendor/MSFT//DMClient//Unenroll',
    './Device/Vendor/MSFT/DMAcc/x',
  ])
    assert.equal(ok([{ verb: 'Exec', uri: erasing }]), false, erasing)
  const client = './Device/Vendor/MSFT/DMClient'
  for (const above of ['./Device', './Device/Vendor/MSFT', './Vendor/MSFT/DMClient', `${client}/Provider/Muster`])
    assert.equal(ok([{ verb: 'Delete', uri: above }]), false, above)
  const address = `${client}/Provider/Muster/ManagementServiceAddress`
  assert.equal(ok([{ verb: 'Replace', uri: address, data: 'https://elsewhere.example' }]), false)
  assert.equal(ok([{ verb: 'Replace', uri: address.replace('Mana', '%4Dana'), data: 'https://x.example' }]), false)
  assert.ok(ok([{ verb: 'Get', uri: address }]))
  assert.ok(ok([{ verb: 'Replace', uri: `${client}/Provider/Muster/ConfigRefresh/Enabled`, data: 'true' }]))
  assert.equal(ok([{ verb: 'Get', uri: '/Device/x' }]), false)
  assert.equal(ok([{ verb: 'Get', uri: './Device/a b' }]), false)
  assert.equal(ok([{ verb: 'Get', uri }], true), false)
  assert.equal(
    ok(
      [
        { verb: 'Replace', uri, data: '1' },
        { verb: 'Replace', uri: './User/x', data: '1' },
      ],
      true,
    ),
    false,
  )
  assert.equal(
    ok(
      [
        { verb: 'Replace', uri, data: '1' },
        { verb: 'Add', uri, data: '1' },
      ],
      true,
    ),
    false,
  )
  assert.equal(ok([{ verb: 'Replace', uri, data: 'a\u0000' }]), false)
  assert.equal(ok([{ verb: 'Replace', uri }]), false)
  assert.equal(ok([{ verb: 'Delete', uri, data: '1' }]), false)
  assert.equal(ok([{ verb: 'Exec', uri: './Device/Vendor/MSFT/RemoteWipe/doWipe' }]), false)
  assert.equal(ok([{ verb: 'Exec', uri: './Device/Vendor/MSFT/DMClient/Provider/Muster/Unenroll' }]), false)
  assert.equal(ok([{ verb: 'Delete', uri: './Vendor/MSFT/DMClient/Provider/Muster' }]), false)
  assert.equal(ok([]), false)
})

test('raw commands: a refusal is told in words, with what Windows itself says', () => {
  const [command] = [{ verb: 'Replace', uri: './Device/Vendor/MSFT/X', code: 500, original: '0x86000018' }]
  const said = row('windows.csp').from?.({ statuses: [command], results: [] } as unknown as Json, {} as never)
  assert.deepEqual((said as { reason: object }).reason, {
    code: 'device-error',
    text: 'Replace ./Device/Vendor/MSFT/X 500, 0x86000018: the device failed to carry it out (its XML cannot be read)',
  })
})

test('an app goes for everybody at once, for one person from where Windows keeps hers', () => {
  const uris = (everybody: boolean) => {
    const params = { packageFullName: 'Example.Tool_1.2.3.0_x64__8wekyb3d8bbwe', everybody }
    const wire = row('windows.app.remove').to(params, sampleChannel({ platform: 'windows' }), {}) as unknown as Work
    return wire.commands.map((c) => `${c.verb} ${c.uri}`)
  }
  assert.deepEqual(uris(true), [`Exec ${vendor}/EnterpriseModernAppManagement/AppManagement/RemovePackage`])
  const mine = './User/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement'
  const packageOf = 'Example.Tool_8wekyb3d8bbwe/Example.Tool_1.2.3.0_x64__8wekyb3d8bbwe'
  assert.deepEqual(uris(false), [`Delete ${mine}/AppStore/${packageOf}`, `Delete ${mine}/nonStore/${packageOf}`])
})

test('offered only where the device can', () => {
  const facts = { 'windows.csp': { RemoteLock: '1.1' }, 'os.version': '10.0.17134.1' }
  const when = (id: string, more: object = {}) =>
    row(id).when?.({ ...sampleChannel({ platform: 'windows', facts }), ...more })
  assert.equal(when('device.lock'), true)
  assert.equal((when('device.ring') as { code: string }).code, 'not-supported')
  assert.equal((when('device.rename') as { code: string }).code, 'too-old')
  const new11 = { facts: { ...facts, 'windows.csp': { RemoteWipe: '1.1' }, 'os.version': '10.0.26100.1' } }
  assert.equal((when('windows.autopilot-reset', { ...new11, ownership: 'byod' }) as { code: string }).code, 'byod')
  assert.equal(when('windows.autopilot-reset', new11), true)
  assert.equal(row('device.lock').when?.(sampleChannel({ platform: 'windows' })), true, 'who has not told yet may')
  assert.deepEqual(
    [isRepeatable('device.lock'), isRepeatable('windows.csp'), isRepeatable('device.reboot')],
    [true, false, false],
  )
})

test('each PC has its slot between two inventories', async () => {
  const channels = [1, 2, 3, 48].map((no) => ({ ...sampleChannel({ platform: 'windows' }), no }))
  const asked: number[] = []
  const host = {
    clock: { now: () => new Date(2 * 600_000) },
    certificates: {
      ending: async (_s: number, beyond = 0) =>
        channels.filter((c) => c.no > beyond).map((channel) => ({ channel, notAfter: at })),
    },
    errand: async (c: { no: number }) => void asked.push(c.no),
  } as unknown as PlatformHost
  await inventoryJob(host, 8).run(new AbortController().signal)
  assert.deepEqual(
    asked,
    channels.map((c) => c.no).filter((no) => slotOf(no, 8) === 2),
  )
  assert.deepEqual(asked, [2])
})
