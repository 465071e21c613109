/** The row of a feature: what is written again, what is taken away, how answers read, and what proves it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Json, JsonObject } from '@muster/contract'
import type { Answer, NodeStatus, Verb, Work } from '../wire/index.ts'
import { checked, device, lines, nodesOf, obeyed, put, rowOf, win11 } from './feature.fixture.ts'
import { dropWork, ownedAfter, ownedFact } from './index.ts'

const status = (verb: Verb, uri: string, code: number, original?: string): NodeStatus => ({
  verb,
  uri,
  code,
  ...(original && { original }),
})
const from = (id: string, statuses: readonly NodeStatus[]) =>
  rowOf(id).from?.({ statuses, results: [] } as unknown as Json, device())
const camera = './Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera'
const wlan = (name: string) => `./Device/Vendor/MSFT/WiFi/Profile/${name}/WlanXml`
const networks = (...names: string[]) => ({ networks: names.map((ssid) => ({ ssid, passphrase: 'correct horse' })) })

test('what is there already is replaced, what is not there is added, and the rest goes with it', () => {
  const first = put('windows.wifi', networks('A', 'B'))
  assert.deepEqual(
    first.commands.map((c) => c.verb),
    ['Add', 'Add', 'Get', 'Get'],
  )
  const again = from('windows.wifi', [status('Add', wlan('A'), 418), status('Add', wlan('B'), 200)])
  assert.deepEqual(again, { state: 'again', kept: { replace: [wlan('A'), wlan('B')] } })
  const kept = again?.state === 'again' ? again.kept : null
  const second = put('windows.wifi', networks('A', 'B'), { kept })
  assert.deepEqual(
    second.commands.map((c) => c.verb),
    ['Replace', 'Replace', 'Get', 'Get'],
  )
  const missing = from('windows.wifi', [status('Replace', wlan('A'), 404), status('Replace', wlan('B'), 200)])
  assert.deepEqual(missing, { state: 'again', kept: { replace: [wlan('B')], add: [wlan('A')] } })
  assert.deepEqual(from('windows.wifi', obeyed(second).statuses), { state: 'completed', result: {} })
})

test('a policy that is not there is not known: no other verb is tried', () => {
  assert.deepEqual(from('windows.camera', [status('Replace', camera, 404)]), {
    state: 'failed',
    reason: { code: 'not-applicable', text: `${camera}: 404: this system does not know it.` },
  })
  const one = './Device/Vendor/MSFT/Policy/Config/Update/DetectionFrequency'
  const other = './Device/Vendor/MSFT/Policy/Config/Update/ActiveHoursEnd'
  const some = from('windows.updates', [
    status('Replace', one, 500, '0x82B00006'),
    status('Replace', other, 200),
    status('Get', one, 404),
  ])
  assert.deepEqual(some, {
    state: 'failed',
    reason: {
      code: 'not-supported',
      text: `${one}: 500, 0x82B00006: the device failed to carry it out (this edition of Windows is not licensed for it).`,
    },
  })
  const wrong = from('windows.updates', [status('Replace', one, 400, '-2046820351'), status('Replace', other, 0)])
  assert.equal(wrong?.state === 'failed' && wrong.reason.code, 'device-error')
  assert.match(wrong?.state === 'failed' ? wrong.reason.text : '', /0x86000001: .*kind of the value.*never answered/)
})

test('a set that is done whole or not at all names its cause, and is read in a message of its own', () => {
  const work = put('passcode', { minLength: 12, minClasses: 3 })
  assert.equal(work.atomic, true)
  assert.ok(work.commands.every((c) => c.verb === 'Replace'))
  const uris = work.commands.map((c) => c.uri)
  const rolled = from(
    'passcode',
    uris.map((uri, i) => status('Replace', uri, i === 3 ? 500 : 216)),
  )
  assert.deepEqual(rolled, {
    state: 'failed',
    reason: { code: 'device-error', text: `${uris[3]}: 500: the device failed to carry it out.` },
  })
  const done = from('passcode', obeyed(work).statuses)
  assert.deepEqual(done, { state: 'again', kept: { read: true } })
  const reading = put('passcode', { minLength: 12, minClasses: 3 }, { kept: { read: true } })
  assert.deepEqual(
    reading.commands.map((c) => [c.verb, c.uri]),
    uris.map((uri) => ['Get', uri]),
  )
  assert.equal(reading.atomic, undefined)
  assert.deepEqual(from('passcode', obeyed(reading).statuses), { state: 'completed', result: {} })
})

test('settings of which this build knows none are not sent, and say so', () => {
  const old = { ...win11, 'os.version': '10.0.10240.0' }
  const work = put('windows.power', { SelectLidCloseActionOnBattery: 'sleep' }, { facts: old })
  assert.deepEqual(work, { commands: [{ verb: 'Get', uri: './DevDetail/SwV' }] })
  const said = from('windows.power', [status('Get', './DevDetail/SwV', 200)])
  assert.equal(said?.state === 'failed' && said.reason.code, 'not-applicable')
  assert.equal(checked('windows.power', { SelectLidCloseActionOnBattery: 'sleep' }, {}, old).state, 'not-applicable')
  // Of several those that it knows are.
  const both = { AllowAutoUpdate: 'off', NoUpdateNotificationsDuringActiveHours: true }
  assert.deepEqual(lines(put('windows.updates', both, { facts: old }), './Device/Vendor/MSFT/Policy/Config/'), [
    'Replace Update/AllowAutoUpdate = 5',
  ])
})

test('what a policy no longer has is taken away, once, and nothing of others', () => {
  const first = put('windows.wifi', networks('A', 'B'))
  const d = { feature: 'windows.wifi', verb: 'put' } as const
  const owned = ownedAfter({ 'windows.camera': [camera] }, d, first, obeyed(first))
  assert.deepEqual(owned, { 'windows.camera': [camera], 'windows.wifi': [wlan('A'), wlan('B')] })
  const facts = { ...win11, [ownedFact]: owned }
  const second = put('windows.wifi', networks('B'), { facts })
  assert.deepEqual(
    second.commands.map((c) => [c.verb, c.uri]),
    [
      ['Delete', './Device/Vendor/MSFT/WiFi/Profile/A'],
      ['Add', wlan('B')],
      ['Get', wlan('B')],
    ],
  )
  const refused: Answer = { statuses: second.commands.map((c) => status(c.verb, c.uri, 405)), results: [] }
  assert.deepEqual(ownedAfter(owned, d, second, refused), owned, 'what was not taken away is still there')
  assert.deepEqual(ownedAfter(owned, d, second, obeyed(second))['windows.wifi'], [wlan('B')])
  // Two features that write one node: it stays as long as one of them has it.
  const shared = { ...facts, [ownedFact]: { 'windows.customUris': [camera], 'windows.camera': [camera] } }
  assert.deepEqual(dropWork('windows.camera', { allowed: false }, device(shared)).commands, [
    { verb: 'Get', uri: './DevInfo/DevId' },
  ])
})

test('taking a feature away: deletes, defaults where nothing can be deleted, nothing where Windows keeps it', () => {
  const drop = (id: string, settings: JsonObject, owned: string[] = []) =>
    lines(dropWork(id, settings, device({ ...win11, [ownedFact]: { [id]: owned } })))
  assert.deepEqual(drop('windows.camera', { allowed: false }), ['Delete Policy/Config/Camera/AllowCamera'])
  assert.deepEqual(drop('windows.wifi', networks('A'), [wlan('A'), wlan('Old')]), [
    'Delete WiFi/Profile/A',
    'Delete WiFi/Profile/Old',
  ])
  assert.deepEqual(drop('windows.firewall', { public: { on: false, outbound: 'block' } }), [
    'Replace Firewall/MdmStore/PublicProfile/DefaultOutboundAction = 0',
    'Replace Firewall/MdmStore/PublicProfile/EnableFirewall = true',
  ])
  assert.deepEqual(drop('windows.localAccounts', { accounts: [{ name: 'a', administrator: false }] }), [])
  const firewall = './Device/Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall'
  assert.deepEqual(from('windows.camera', [status('Delete', camera, 404)]), { state: 'completed', result: {} })
  const stays = from('windows.camera', [status('Delete', camera, 405, '0x86000011')])
  assert.equal(stays?.state === 'failed' && stays.reason.code, 'not-removed')
  assert.match(stays?.state === 'failed' ? stays.reason.text : '', /^It cannot be removed: .*not allowed on this node/)
  assert.deepEqual(from('windows.firewall', [status('Replace', firewall, 200)]), { state: 'completed', result: {} })
  assert.deepEqual(dropWork('passcode', {}, device(), { read: true }).commands.length, 1)
  assert.deepEqual(dropWork('nobody.knows', {}, device()).commands.length, 1)
  // Its settings are gone: what was written is known all the same.
  assert.deepEqual(drop('windows.wifi', {}, [wlan('A')]), ['Delete WiFi/Profile/A'])
})

test('what is not there any more does not keep the rest of a set from being taken away', () => {
  const at = (name: string) => `./Device/Vendor/MSFT/Policy/Config/DeviceLock/${name}`
  const owned = {
    'windows.autoLock': [
      at('MaxInactivityTimeDeviceLock'),
      at('PreventEnablingLockScreenCamera'),
      at('PreventLockScreenSlideShow'),
    ],
  }
  const drop = (facts: JsonObject, kept?: Json) =>
    dropWork('windows.autoLock', {}, device({ ...win11, ...facts }), kept)
  const first = drop({ [ownedFact]: owned })
  assert.equal(first.atomic, true)
  // The second is not there: the first is undone, the third was never begun.
  const said = [216, 404, 215].map((code, i) => status('Delete', first.commands[i]?.uri ?? '', code))
  const left = [at('MaxInactivityTimeDeviceLock'), at('PreventLockScreenSlideShow')]
  assert.deepEqual(from('windows.autoLock', said), { state: 'again', kept: { left } })
  const after = ownedAfter(owned, { feature: 'windows.autoLock', verb: 'drop' }, first, { statuses: said, results: [] })
  assert.deepEqual(after, { 'windows.autoLock': left })
  const second = drop({ [ownedFact]: after }, { left })
  assert.deepEqual(
    second.commands,
    left.map((uri) => ({ verb: 'Delete', uri })),
  )
  assert.deepEqual(from('windows.autoLock', obeyed(second).statuses), { state: 'completed', result: {} })
  assert.deepEqual(ownedAfter(after, { feature: 'windows.autoLock', verb: 'drop' }, second, obeyed(second)), {})
  // All are gone: nothing is left to do.
  assert.deepEqual(drop({}, { left: [] }).commands, [{ verb: 'Get', uri: './DevInfo/DevId' }])
})

test('an identity is taken away by the name that it was given', () => {
  const settings = { identities: [{ name: 'Shared', keptIn: 'software', exportable: false }] }
  const row = rowOf('windows.identity')
  const made = row.to(settings, device(), { 'identities/0/pkcs12': 'MIIB' }, undefined, 'v1') as unknown as Work
  const gone = dropWork('windows.identity', settings, device(), undefined, 'v1').commands
  assert.equal(gone.length, 1)
  assert.ok(made.commands.every((c) => c.uri.startsWith(`${gone[0]?.uri}/`)))
})

test('a feature holds when the device says what it was told to; another value and a missing node are drift with evidence', () => {
  const settings = { Connectivity: { AllowBluetooth: 'off' }, Experience: { AllowCortana: false } }
  const work = put('windows.restrictions', settings)
  const nodes = nodesOf(work)
  assert.deepEqual(checked('windows.restrictions', settings, nodes), { state: 'verified' })
  const [first = '', second = ''] = Object.keys(nodes)
  assert.deepEqual(checked('windows.restrictions', settings, { ...nodes, [first]: '2', [second]: null }), {
    state: 'drifted',
    reason: { code: 'node-other', text: `2 nodes are not as they should be, such as ${first}.` },
    evidence: {
      nodes: [
        { node: first, wanted: '0', found: '2' },
        { node: second, missing: true },
      ],
    },
  })
  assert.equal(checked('windows.restrictions', settings, { [first]: '0' }).state, 'unknown')
  assert.equal(rowOf('windows.camera').check?.({ allowed: true }, {}).state, 'unknown')
})

test('values are compared as what they are', () => {
  const wanted = { public: { on: true, inbound: 'block' } }
  const at = './Device/Vendor/MSFT/Firewall/MdmStore/PublicProfile'
  for (const yes of ['true', 'True', '1', true])
    for (const one of ['1', ' 1 ', 1])
      assert.deepEqual(
        checked('windows.firewall', wanted, { [`${at}/EnableFirewall`]: yes, [`${at}/DefaultInboundAction`]: one }),
        { state: 'verified' },
      )
  assert.equal(
    checked('windows.firewall', wanted, { [`${at}/EnableFirewall`]: 'false', [`${at}/DefaultInboundAction`]: '' })
      .state,
    'drifted',
  )
  const value = 'x'.repeat(300)
  const uri = './Device/Vendor/MSFT/Policy/Config/ADMX_Example/Long'
  const long = { settings: [{ name: 'Long', uri, value }] }
  const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
  assert.deepEqual(checked('windows.customUris', long, { [uri]: hash(value) }), { state: 'verified' })
  assert.equal(checked('windows.customUris', long, { [uri]: hash(`${value}y`) }).state, 'drifted')
})

test('what nobody can read is never called verified', () => {
  const accounts = { accounts: [{ name: 'support', password: 'topsecret' }] }
  assert.deepEqual(checked('windows.localAccounts', accounts, {}), {
    state: 'unknown',
    reason: {
      code: 'not-readable',
      text: 'The device took it, and tells nobody what it has: it cannot be verified.',
    },
  })
  const uri = './Device/Vendor/MSFT/Example/A'
  const silent = { settings: [{ name: 'A', uri, value: '1', readable: false }] }
  assert.equal(checked('windows.customUris', silent, { [uri]: '2' }).state, 'unknown')
  assert.deepEqual(
    put('windows.customUris', silent).commands.map((c) => c.verb),
    ['Replace'],
  )
})

test('what the rules demand and Windows cannot be told to, fails in words', () => {
  const strict = { minLength: 20, minClasses: 4 }
  const nodes = nodesOf(put('passcode', strict))
  const verdict = checked('passcode', strict, nodes)
  assert.equal(verdict.state === 'failed' && verdict.reason.code, 'cannot-demand')
  assert.deepEqual(
    checked('passcode', { minLength: 16, minClasses: 3 }, nodesOf(put('passcode', { minLength: 16, minClasses: 3 }))),
    {
      state: 'verified',
    },
  )
})

test('encryption is what the device says it is, not what it was told', () => {
  const status = './Device/Vendor/MSFT/BitLocker/Status/DeviceEncryptionStatus'
  const nodes = nodesOf(put('windows.bitlocker', {}))
  assert.deepEqual(checked('windows.bitlocker', {}, { ...nodes, [status]: '0' }), { state: 'verified' })
  const wrong = checked('windows.bitlocker', {}, { ...nodes, [status]: '20' })
  assert.equal(
    wrong.state === 'failed' && wrong.reason.text,
    'BitLocker says: the system drive is not protected; the policy asks for TPM and PIN, and they are not used.',
  )
  const bare = checked('windows.bitlocker', {}, nodes, { ...win11, 'security.encrypted': false })
  assert.equal(bare.state === 'failed' && bare.reason.code, 'not-encrypted')
  const stale = { ...win11, 'security.encrypted': false }
  assert.deepEqual(checked('windows.bitlocker', {}, { ...nodes, [status]: '0' }, stale), { state: 'verified' })
  assert.deepEqual(checked('windows.bitlocker', { required: false }, { ...nodes, [status]: '4' }), {
    state: 'verified',
  })
})

test('answers that are none are unreadable', () => {
  for (const reply of [null, 'yes', { statuses: 1 }, { statuses: [{ verb: 'Move' }], results: [] }])
    assert.equal(rowOf('windows.camera').from?.(reply as Json, device()).state, 'unreadable')
})

test('devices that cannot are told why: edition, build, provider', () => {
  const can = (id: string, facts: JsonObject) => rowOf(id).when?.(device(facts))
  const code = (id: string, facts: JsonObject) => {
    const said = can(id, facts)
    return said === true ? true : said?.code
  }
  assert.equal(code('windows.restrictions', { 'windows.edition': 'Home' }), 'edition')
  assert.equal(code('windows.restrictions', { 'windows.edition': '101' }), 'edition')
  assert.equal(code('windows.restrictions', { 'windows.edition': 'Pro' }), true)
  assert.equal(code('windows.personalisation', { 'windows.edition': 'Pro' }), 'edition')
  assert.equal(code('windows.personalisation', { 'windows.edition': 'Pro Education' }), true)
  assert.equal(code('windows.localGroups', { 'os.version': '10.0.18363.1' }), 'os-version')
  assert.equal(code('windows.laps', { 'windows.csp': { Policy: '11.0' } }), 'no-csp')
  assert.equal(code('windows.laps', { 'windows.csp': { LAPS: '0.9' } }), 'csp-version')
  assert.equal(code('windows.laps', { 'windows.csp': { LAPS: '1.1' } }), true)
  assert.equal(code('windows.laps', {}), true, 'what is not known yet stands in nobody’s way')
})

test('an identity that is there stays, and a new secret makes a new one', () => {
  const settings = { identities: [{ name: 'Shared', pkcs12: 'MIIB', password: 'one' }] }
  const version = (secret: string) => `whole identities/0/pkcs12=p identities/0/password=${secret}`
  const first = put('windows.identity', settings, { version: version('a') })
  assert.equal(first.atomic, true)
  const id = first.commands[0]?.uri.split('/').at(-2) ?? ''
  const at = `./Device/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall/${id}`
  const d = { feature: 'windows.identity', verb: 'put' } as const
  const facts = {
    ...win11,
    'windows.nodes': { [`${at}/Status`]: '0' },
    [ownedFact]: ownedAfter(undefined, d, first, obeyed(first)),
  }
  assert.deepEqual(lines(put('windows.identity', settings, { facts, version: version('a') })), [])
  const changed = put('windows.identity', settings, { facts, version: version('b') })
  assert.deepEqual(changed.commands[0], { verb: 'Delete', uri: at })
  assert.ok(changed.commands.slice(1).every((c) => c.verb === 'Add' && !c.uri.startsWith(at)))
})

test('an empty work of a kept identity reads its status alone', () => {
  const work: Work = put('windows.identity', { identities: [{ name: 'A', pkcs12: 'MIIB' }] }, { kept: { read: true } })
  assert.deepEqual(
    work.commands.map((c) => [c.verb, c.uri.split('/').at(-1)]),
    [['Get', 'Status']],
  )
})

test('features say which nodes they write, so that an address of one’s own is seen to meet them', () => {
  const uri = './Vendor/MSFT/Policy/Config/Camera/allowcamera'
  const own = { settings: [{ name: 'Camera', uri, format: 'int', value: '1', made: false, readable: true }] }
  const typed = rowOf('windows.camera').keys?.({ allowed: false })
  assert.deepEqual(typed, [camera.toLowerCase()])
  assert.deepEqual(rowOf('windows.customUris').keys?.(own), typed)
})

test('own addresses: what is the management’s, acts once, or is no address, is refused', () => {
  const refused = (uri: string, more: object = {}) =>
    assert.throws(() => put('windows.customUris', { settings: [{ name: 'a', uri, value: '1', ...more }] }), uri)
  for (const uri of [
    '/Vendor/MSFT/A/B',
    './Vendor/MSFT',
    './Vendor/MSFT/A/../B',
    './Vendor/MSFT/A?list=Struct',
    './Vendor/MSFT/A//B',
    './Vendor/MSFT/A B',
    './Device/Vendor/MSFT/DMClient/Provider/Muster/Unenroll',
    './Device/Vendor/MSFT/RemoteWipe/doWipe',
    './Device/Vendor/MSFT/%52emoteWipe/doWipe',
    './Device/Vendor/MSFT/%44MClient/Provider/Muster/Unenroll',
    './Device/Vendor/MSFT/CleanPC/CleanPCRetainingUserData',
    './Vendor/MSFT/dmacc/x',
    './SyncML/DMAcc/x',
    './Vendor/Other/A',
  ])
    refused(uri)
  const good = './Vendor/MSFT/A/B'
  refused(good, { format: 'int', value: 'many' })
  refused(good, { format: 'bool', value: '1' })
  refused(good, { format: 'b64', value: 'not base64!' })
  refused(good, { format: 'xml', value: '<a>' })
  refused(good, { format: 'xml', value: '<!DOCTYPE a><a/>' })
  refused(good, { value: 'bell \u0007' })
  refused(good, { value: 'half \ud800' })
  refused(good, { value: '<a>{{user.name}}</a>' })
  for (const more of [
    { format: 'xml', value: '<a/><b>1</b>' },
    { format: 'int', value: '-1' },
    { format: 'b64', value: 'AQID' },
    { value: '{{user.email}}' },
  ])
    assert.equal(
      put('windows.customUris', { settings: [{ name: 'a', uri: good, ...more }] }).commands[0]?.uri,
      './Device/Vendor/MSFT/A/B',
    )
})

test('what is made once is not made again: being there is what was wanted', () => {
  const account = './Device/Vendor/MSFT/Accounts/Users/support/Password'
  const template = './Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/App/Policy/One'
  assert.deepEqual(from('windows.localAccounts', [status('Add', account, 418)]), { state: 'completed', result: {} })
  assert.deepEqual(from('windows.admxTemplates', [status('Add', template, 418)]), { state: 'completed', result: {} })
  const failed = from('windows.admxTemplates', [status('Add', template, 500, '0x86000018')])
  assert.equal(failed?.state === 'failed' && failed.reason.code, 'device-error')
})

test('a secret of an own address goes to the device, and is never asked for again', () => {
  const uri = './Device/Vendor/MSFT/Example/Key'
  const settings = { settings: [{ name: 'Key', uri, secretValue: 'topsecret' }] }
  assert.deepEqual(put('windows.customUris', settings).commands, [
    { verb: 'Replace', uri, format: 'chr', data: 'topsecret' },
  ])
  assert.equal(checked('windows.customUris', settings, { [uri]: 'other' }).state, 'unknown')
  assert.throws(() => put('windows.customUris', { settings: [{ name: 'Key', uri, value: '1', secretValue: '2' }] }))
  assert.throws(() => put('windows.customUris', { settings: [{ name: 'Key', uri, format: 'int', secretValue: 'x' }] }))
})
