/** Commands: who can do them and who not, what the table takes, what facts are read, and that nothing a device says breaks them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { apple } from '../index.ts'
import { readFacts } from './facts.ts'
import { appleOperations } from './index.ts'
import { rawId } from './raw.ts'
import { rawCommands } from './raw-table.ts'
import { readSystems } from './systems.ts'

const rows = apple.rows({}).operations
function can(operation: string, facts: JsonObject): string {
  const [row] = rows[operation] ?? []
  assert.ok(row, operation)
  const answer = row.when?.(sampleChannel({ platform: 'apple', facts })) ?? true
  return answer === true ? 'yes' : answer.code
}

test('who can: by system, version, supervision, own devices and what they told', () => {
  const phone = { 'os.name': 'iOS', 'os.version': '18.1', 'apple.supervised': true }
  const mac = { 'os.name': 'macOS', 'os.version': '15.1' }
  const cases: [string, JsonObject, string][] = [
    ['device.lock', phone, 'yes'],
    ['device.lock', mac, 'mac-needs-pin'],
    ['apple.lock', mac, 'yes'],
    ['device.lock', { 'os.name': 'tvOS', 'os.version': '18.0' }, 'other-system'],
    ['device.lost-mode.enable', phone, 'yes'],
    ['device.lost-mode.enable', { ...phone, 'apple.supervised': false }, 'not-supervised'],
    ['device.lost-mode.enable', mac, 'other-system'],
    ['device.locate', { ...phone, 'apple.lostMode': false }, 'not-lost'],
    ['device.locate', { ...phone, 'apple.lostMode': true }, 'yes'],
    ['apple.accessibility', { ...phone, 'os.version': '15.7' }, 'system-too-old'],
    ['device.wipe', { ...phone, 'apple.enrollmentId': 'E' }, 'user-enrolment'],
    ['device.wipe', { ...mac, 'apple.erasePin': true }, 'erase-pin'],
    ['apple.shared-ipad', { 'os.name': 'iPadOS', 'os.version': '17.0', 'apple.sharedIpad': false }, 'not-shared'],
    ['apple.recovery-lock.set', mac, 'yes'],
    ['apple.command.restrictions', mac, 'other-system'],
    ['device.reboot', {}, 'yes'],
  ]
  for (const [operation, facts, answer] of cases) assert.equal(can(operation, facts), answer, operation)
})

test('what Macs take for their users alone goes over their channels, and to other devices themselves', () => {
  const over = (operation: string, system: string, name: string) =>
    (rows[operation] ?? [])
      .filter((r) => r.channel === name.split(':')[0])
      .map((r) =>
        r.when?.(sampleChannel({ platform: 'apple', facts: { 'os.name': system, 'os.version': '15.1' }, name })),
      )
  for (const type of ['InstallMedia', 'InviteToProgram', 'ManagedApplicationFeedback']) {
    const id = rawId(type)
    assert.deepEqual(over(id, 'macOS', 'user:501'), [true], id)
    assert.deepEqual(over(id, 'iOS', 'device'), [true], id)
    assert.notDeepEqual(over(id, 'macOS', 'device'), [true], id)
  }
})

test('the short words of systems are read, and others are none', () => {
  assert.deepEqual(readSystems('i10.3!x m t12.0!'), {
    iOS: { version: '10.3', supervised: true, personal: false },
    macOS: {},
    tvOS: { version: '12.0', supervised: true },
  })
  for (const none of ['', 'z1', 'i1.x!', 'i 1']) assert.throws(() => readSystems(none))
})

test('raw commands: an id of its own each; what the table does not know is refused', () => {
  assert.equal(rawId('LOMSetupRequest'), 'apple.command.lomSetupRequest')
  assert.equal(rawId('NSExtensionMappings'), 'apple.command.nsExtensionMappings')
  assert.equal(rawId('RefreshCellularPlans'), 'apple.command.refreshCellularPlans')
  const ids = Object.keys(rawCommands).map(rawId)
  assert.equal(new Set(ids).size, ids.length)
  const takes = (type: string, params: Json) =>
    appleOperations.find((d) => d.id === rawId(type))?.params.safeParse(params).success
  const good: [string, Json][] = [
    ['RefreshCellularPlans', { eSIMServerURL: 'https://carrier.example' }],
    ['ContentCachingInformation', {}],
    ['InstallMedia', { MediaType: 'Book', Kind: 'epub' }],
    ['DeviceInformation', { Queries: ['UDID'], DeviceAttestationNonce: 'AAAA' }],
    ['AccountConfiguration', { AutoSetupAdminAccounts: [{ shortName: 'admin', passwordHash: 'AAAA' }] }],
  ]
  const bad: [string, Json][] = [
    ['RefreshCellularPlans', {}],
    ['RefreshCellularPlans', { eSIMServerURL: 'no address' }],
    ['RefreshCellularPlans', { eSIMServerURL: 'https://x.example', More: 1 }],
    ['InstallMedia', { MediaType: 'Film' }],
    ['InstallMedia', { MediaType: 'Book', iTunesStoreID: 'x' }],
    ['DeviceInformation', {}],
    ['DeviceInformation', { Queries: [] }],
    ['InstallProvisioningProfile', { ProvisioningProfile: 'no base64!' }],
    ['AccountConfiguration', { AutoSetupAdminAccounts: [{ fullName: 'x' }] }],
    ['ContentCachingInformation', { x: 1 }],
    ['RotateFileVaultKey', { KeyType: 'institutional', NewCertificate: 'AAAA' }],
    ['RotateFileVaultKey', { KeyType: 'institutional', FileVaultUnlock: { Password: 'x' } }],
  ]
  for (const [type, params] of good) assert.equal(takes(type, params), true, `${type} ${JSON.stringify(params)}`)
  for (const [type, params] of bad) assert.equal(takes(type, params), false, `${type} ${JSON.stringify(params)}`)
})

test('bytes of a raw command go out as bytes, and its answer comes back without what is of the protocol', () => {
  const [row] = rows['apple.command.installProvisioningProfile'] ?? []
  const c = sampleChannel({ platform: 'apple' })
  assert.deepEqual(row?.to({ ProvisioningProfile: 'AAAA' }, c, {}), {
    RequestType: 'InstallProvisioningProfile',
    ProvisioningProfile: { $data: 'AAAA' },
  })
  const [list] = rows['apple.command.managedMediaList'] ?? []
  assert.deepEqual(list?.from({ Status: 'Acknowledged', UDID: 'U', CommandUUID: 'x', Books: [] }, c), {
    state: 'completed',
    result: { Books: [] },
  })
})

test('facts: of each SIM card, of FileVault, of lists, in bounds', () => {
  const facts = readFacts({
    QueryResponses: {
      ProductName: 'iPhone15,3',
      IMEI: '35 123456 123456 1',
      ServiceSubscriptions: [{ IMEI: '351234561234561' }, { IMEI: '359999999999999', PhoneNumber: '+49 30 1' }],
      IsSupervised: 'yes',
      BatteryLevel: -1,
    },
    SecurityInfo: {
      FDE_Enabled: true,
      ManagementStatus: { EnrolledViaDEP: true },
      FirewallSettings: { StealthMode: true },
    },
    Users: [{ UserName: 'ada', IsLoggedIn: true }],
    InstalledApplicationList: Array.from({ length: 5_000 }, (_, i) => ({ Identifier: `a.${i}` })),
  })
  assert.deepEqual(facts?.['device.identifiers'], [
    { kind: 'imei', value: '351234561234561' },
    { kind: 'imei', value: '359999999999999' },
    { kind: 'phone', value: '+49301' },
  ])
  assert.deepEqual(
    [facts?.['security.encrypted'], facts?.['apple.automatedEnrolment'], facts?.['apple.firewallStealth']],
    [true, true, true],
  )
  assert.equal(Object.hasOwn(facts ?? {}, 'apple.supervised'), false, 'a value of another type is not taken')
  assert.equal(Object.hasOwn(facts ?? {}, 'power.batteryPercent'), false)
  assert.equal(Array.isArray(facts?.['apple.apps']) && facts['apple.apps'].length, 3_000)
})

test('every fact that is read has a word, and any answer is read without harm', () => {
  const words = new Map(apple.describe({}).facts.map((f) => [f.id, f.type]))
  const keys = ['QueryResponses', 'SecurityInfo', 'ProfileList', 'CertificateList', 'InstalledApplicationList']
  const more = ['ManagedApplicationList', 'Users', 'AvailableOSUpdates', 'OSUpdateStatus']
  const any = fc.jsonValue() as fc.Arbitrary<Json>
  const reply = fc.dictionary(
    fc.constantFrom(...keys, ...more),
    fc.oneof(any, fc.array(fc.dictionary(fc.string(), any))),
  )
  fc.assert(
    fc.property(reply, (r) => {
      for (const [fact, value] of Object.entries(readFacts(r as JsonObject) ?? {})) {
        assert.ok(words.has(fact), fact)
        if (words.get(fact) === 'list') assert.ok(Array.isArray(value), fact)
      }
    }),
    { numRuns: 300 },
  )
})
