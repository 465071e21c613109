/** Restrictions: every key is writable, former names are used where they must be, and what is passed over is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonSchema } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { available } from './availability.ts'
import { featureOf, readWire, rowOf } from './feature.fixture.ts'
import { restrictionGroups } from './restrictions-table.ts'
import { systemsOf } from './systems.ts'

const descriptor = featureOf('apple.restrictions')
const row = rowOf('apple.restrictions')
const ios = { 'os.name': 'iPadOS', 'os.version': '18.0', 'apple.supervised': true }
function keysOf(settings: JsonObject, facts: JsonObject): JsonObject {
  const wire = readWire(row.to(settings, sampleChannel({ platform: 'apple', facts }), {}))
  const { PayloadType: type, ...keys } = wire.payloads[0] as JsonObject
  assert.equal(type, 'com.apple.applicationaccess')
  return keys
}
function verdict(settings: JsonObject, facts: JsonObject) {
  const { uuid } = readWire(row.to(settings, sampleChannel({ platform: 'apple', facts }), {}))
  return row.check?.(settings, { ...facts, 'apple.profiles': [{ identifier: 'x.apple.restrictions', uuid }] })
}

test('each key of the table is taken, written under its own name, and described', () => {
  const seen = new Set<string>()
  for (const [name, g] of Object.entries(restrictionGroups))
    for (const [key, [title, systems, more]] of Object.entries(g.keys)) {
      const first = more?.[0]
      const value = first === undefined ? false : first
      const settings = { [name]: { [key]: value } }
      assert.ok(descriptor.settings.safeParse(settings).success, key)
      assert.ok(!descriptor.settings.safeParse({ [name]: { [key]: 'no such value' } }).success, key)
      assert.deepEqual(keysOf(settings, ios), { [key]: value })
      assert.ok(title.length > 0 && title.length <= 64 && Object.keys(systemsOf(systems)).length > 0, key)
      assert.ok(!seen.has(key), `${key} is there twice`)
      seen.add(key)
    }
  assert.ok(seen.size > 150)
  assert.match(JSON.stringify(jsonSchema(descriptor.settings)), /"iOS 7\.0 \(supervised\), macOS 10\.13/)
})

test('nothing at all is no policy, and unknown keys are refused', () => {
  assert.ok(!descriptor.settings.safeParse({}).success)
  assert.ok(!descriptor.settings.safeParse({ device: {} }).success)
  assert.ok(!descriptor.settings.safeParse({ device: { allowCamra: false } }).success)
  assert.ok(!descriptor.settings.safeParse({ content: { ratingApps: 1001 } }).success)
})

test('older systems get the names that they know', () => {
  const settings = {
    allowedApps: ['com.example.a'],
    blockedApps: ['com.example.b'],
    onlyPolicyWifi: true,
    cookies: 'current-site',
  }
  assert.deepEqual(keysOf(settings, ios), {
    allowListedAppBundleIDs: ['com.example.a'],
    blockedAppBundleIDs: ['com.example.b'],
    forceWiFiToAllowedNetworksOnly: true,
    safariAcceptCookies: { $real: 1 },
  })
  assert.deepEqual(keysOf(settings, { ...ios, 'os.version': '14.4' }), {
    whitelistedAppBundleIDs: ['com.example.a'],
    blacklistedAppBundleIDs: ['com.example.b'],
    forceWiFiWhitelisting: true,
    safariAcceptCookies: { $real: 1 },
  })
})

test('what only supervised devices obey is not taken for done on others', () => {
  const settings = { device: { allowCamera: false, allowAirDrop: false } }
  assert.equal(verdict(settings, ios)?.state, 'verified')
  const unsupervised = verdict(settings, { ...ios, 'apple.supervised': false })
  assert.deepEqual(unsupervised, {
    state: 'failed',
    reason: { code: 'not-supervised', text: 'Only supervised devices obey: AirDrop.' },
    evidence: { passedOver: ['AirDrop'] },
  })
  // On a Mac the same restriction asks for no supervision.
  const mac = { 'os.name': 'macOS', 'os.version': '15.0', 'apple.supervised': false }
  assert.equal(verdict(settings, mac)?.state, 'verified')
  // What the device does not know cannot be broken there.
  const genmoji = { intelligence: { allowGenmoji: false } }
  assert.equal(verdict(genmoji, { ...ios, 'os.version': '16.0', 'apple.supervised': false })?.state, 'not-applicable')
})

test('systems are read as they are written', () => {
  assert.deepEqual(systemsOf('i11.3! m10.13 t'), {
    iOS: { version: '11.3', supervised: true },
    macOS: { version: '10.13' },
    tvOS: {},
  })
  assert.throws(() => systemsOf('x1'))
  assert.equal(available(systemsOf('m10.13'), { facts: { 'os.name': 'macOS', 'os.version': '10.13' } }), true)
  assert.notEqual(available(systemsOf('m10.13'), { facts: { 'os.name': 'macOS', 'os.version': '10.9.5' } }), true)
})
