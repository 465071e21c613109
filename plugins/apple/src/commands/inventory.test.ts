/** Inventory: each kind of device is asked what it answers and no more, and no answer sets an inventory back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject, OperationRow } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { apple } from '../index.ts'
import { errandOf } from './errands.ts'
import { deviceQueries } from './facts.ts'

const row = apple.rows({}).operations['device.inventory']?.[0] as OperationRow
const channel = (facts: JsonObject) => sampleChannel({ platform: 'apple', facts })
const everybody = ['DeviceInformation', 'SecurityInfo', 'ProfileList', 'CertificateList']
const keys: Readonly<Record<string, string>> = { DeviceInformation: 'QueryResponses', UserList: 'Users' }
const answerTo = (type: string): JsonObject => ({ Status: 'Acknowledged', [keys[type] ?? type]: [] })

/** What a device of these facts is asked, one after the other, when it answers all. */
function asked(facts: JsonObject): string[] {
  const c = channel(facts)
  const types: string[] = []
  let kept: Json | undefined
  for (let round = 0; round < 20; round += 1) {
    const { RequestType: type } = row.to({}, c, {}, kept) as { RequestType: string }
    types.push(type)
    const outcome = row.from(answerTo(type), c, kept)
    if (outcome.state !== 'again') {
      assert.equal(outcome.state, 'completed')
      return types
    }
    kept = outcome.kept
  }
  throw new Error(`it does not end: ${types}`)
}
/** The same as the plugin's own errands ask it, each of which queues the next. */
function errands(facts: JsonObject): string[] {
  const types: string[] = []
  for (let payload: JsonObject | undefined = { step: 0 }; payload; ) {
    const { command, next } = errandOf('inventory', payload, channel(facts))
    types.push(String(command.RequestType))
    payload = next?.payload
  }
  return types
}

test('each kind of device is asked the parts that it answers', () => {
  const apps = ['InstalledApplicationList', 'ManagedApplicationList']
  const cases: [string, JsonObject, string[]][] = [
    ['iPhone', { 'os.name': 'iOS', 'os.version': '18.1' }, [...everybody, ...apps]],
    [
      'iPhone that claims to be shared',
      { 'os.name': 'iOS', 'os.version': '18.1', 'apple.sharedIpad': true, 'apple.enrollmentId': 'E' },
      [...everybody, ...apps],
    ],
    ['iPad', { 'os.name': 'iPadOS', 'os.version': '17.0', 'apple.sharedIpad': false }, [...everybody, ...apps]],
    ['iPad that has not said', { 'os.name': 'iPadOS', 'os.version': '17.0' }, [...everybody, ...apps]],
    [
      'shared iPad',
      { 'os.name': 'iPadOS', 'os.version': '17.0', 'apple.sharedIpad': true },
      [...everybody, ...apps, 'UserList'],
    ],
    ['Mac', { 'os.name': 'macOS', 'os.version': '15.1' }, [...everybody, ...apps, 'UserList']],
    ['old Mac', { 'os.name': 'macOS', 'os.version': '10.12.6' }, [...everybody, 'InstalledApplicationList']],
    [
      'Mac that a person enrolled with an account',
      { 'os.name': 'macOS', 'os.version': '15.1', 'apple.enrollmentId': 'E' },
      [...everybody, 'ManagedApplicationList'],
    ],
    ['Apple TV', { 'os.name': 'tvOS', 'os.version': '18.0' }, [...everybody, ...apps]],
    ['old Apple TV', { 'os.name': 'tvOS', 'os.version': '10.1' }, everybody],
    ['Watch', { 'os.name': 'watchOS', 'os.version': '11.0' }, [...everybody, ...apps]],
  ]
  for (const [what, facts, parts] of cases) {
    assert.deepEqual(asked(facts), parts, what)
    assert.deepEqual(errands(facts), parts, `${what}, by errands`)
  }
})

test('DeviceInformation names what the system knows, and of a person’s own device nothing that it may not tell', () => {
  const of = (facts: JsonObject) => new Set(deviceQueries(channel(facts)))
  const phone = of({ 'os.name': 'iOS', 'os.version': '18.1' })
  const mac = of({ 'os.name': 'macOS', 'os.version': '15.1' })
  const tv = of({ 'os.name': 'tvOS', 'os.version': '18.0' })
  const own = of({ 'os.name': 'iOS', 'os.version': '18.1', 'apple.enrollmentId': 'E' })
  for (const q of ['IMEI', 'ServiceSubscriptions', 'IsMultiUser', 'DeviceName', 'SerialNumber'])
    assert.deepEqual([phone.has(q), mac.has(q)], [true, q === 'DeviceName' || q === 'SerialNumber'], q)
  for (const q of ['HostName', 'EthernetMAC', 'IsAppleSilicon', 'EACSPreflight'])
    assert.deepEqual([phone.has(q), mac.has(q), tv.has(q)], [false, true, false], q)
  for (const q of ['BatteryLevel', 'DeviceCapacity']) assert.deepEqual([phone.has(q), tv.has(q)], [true, false], q)
  for (const q of ['UDID', 'SerialNumber', 'IMEI', 'PhoneNumber', 'WiFiMAC']) assert.equal(own.has(q), false, q)
  assert.ok(own.has('DeviceName') && own.has('OSVersion'))
  // Not yet: it was introduced with the version that this one does not have.
  assert.equal(of({ 'os.name': 'iOS', 'os.version': '15.7' }).has('SupplementalBuildVersion'), false)
})

test('late and repeated answers set nothing back, and what is asked now is asked again', () => {
  const c = channel({ 'os.name': 'macOS', 'os.version': '15.1' })
  const at = (step: number) => ({ state: 'again', kept: { step } })
  assert.deepEqual(row.from(answerTo('DeviceInformation'), c, { step: 4 }), at(4))
  assert.deepEqual(row.from(answerTo('CertificateList'), c, { step: 4 }), at(4))
  assert.deepEqual(row.from(answerTo('InstalledApplicationList'), c, { step: 4 }), at(5))
  // An error does not say of what, unless this node remembers it.
  const error = { Status: 'Error', ErrorChain: [] }
  assert.deepEqual(row.from(error, c, { step: 4 }), at(5))
  assert.deepEqual(row.from({ ...error, RequestType: 'ProfileList' }, c, { step: 4 }), at(4))
  assert.equal(row.from(error, c, {}).state, 'failed')
})

test('however answers come again and late, the inventory goes forward only and ends', () => {
  const c = channel({ 'os.name': 'macOS', 'os.version': '15.1' })
  const types = asked({ 'os.name': 'macOS', 'os.version': '15.1' })
  fc.assert(
    fc.property(fc.array(fc.nat(types.length - 1), { maxLength: 9 }), (late) => {
      let kept: Json | undefined
      let step = 0
      for (let round = 0; round < 16; round += 1) {
        const { RequestType } = row.to({}, c, {}, kept) as { RequestType: string }
        const before = types.indexOf(RequestType)
        assert.ok(before >= step, `${RequestType} is asked again`)
        step = before
        // A late answer is one of what was asked before.
        const old = late.pop()
        const said = old === undefined || old > before ? RequestType : (types[old] as string)
        const outcome = row.from(answerTo(said), c, kept)
        if (outcome.state === 'completed') return
        assert.equal(outcome.state, 'again')
        kept = outcome.state === 'again' ? outcome.kept : undefined
      }
      assert.fail('it does not end')
    }),
  )
})
