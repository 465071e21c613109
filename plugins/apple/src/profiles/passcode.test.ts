/** The common password rules in Apple's words: never weaker than they are, never more dangerous. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, passcode as rules } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { readWire, rowOf } from './feature.fixture.ts'

const row = rowOf('passcode')
const ios = { 'os.name': 'iOS', 'os.version': '18.0' }
const mac = { 'os.name': 'macOS', 'os.version': '15.1' }
const oldMac = { 'os.name': 'macOS', 'os.version': '13.6' }
const settingsOf = (s: JsonObject) => rules.settings.parse(s) as JsonObject
function payload(s: JsonObject, facts: JsonObject): JsonObject {
  const wire = readWire(row.to(settingsOf(s), sampleChannel({ platform: 'apple', facts }), {}))
  return wire.payloads[0] as JsonObject
}
const verdict = (s: JsonObject, facts: JsonObject) => {
  const { uuid } = readWire(row.to(settingsOf(s), sampleChannel({ platform: 'apple', facts }), {}))
  const said = row.check?.(settingsOf(s), { ...facts, 'apple.profiles': [{ identifier: 'x.passcode', uuid }] })
  return said?.state === 'failed' ? said.reason.code : said?.state
}

test('phones are never told to erase themselves after wrong passcodes; Macs lock', () => {
  assert.equal(payload({ maxFailedAttempts: 5 }, ios).maxFailedAttempts, undefined)
  assert.equal(payload({ maxFailedAttempts: 5 }, {}).maxFailedAttempts, undefined)
  assert.equal(payload({ maxFailedAttempts: 5 }, oldMac).maxFailedAttempts, 5)
  assert.equal(payload({ maxFailedAttempts: 1 }, mac).maxFailedAttempts, 2)
  assert.equal(payload({ maxFailedAttempts: 20 }, mac).maxFailedAttempts, 11)
  assert.equal(payload({}, mac).maxFailedAttempts, undefined)
})

test('kinds of characters become the nearest that is no weaker', () => {
  const of = (minClasses: number) => payload({ minClasses, minLength: 10, maxAgeDays: 30, history: 3 }, ios)
  assert.deepEqual(of(1), {
    PayloadType: 'com.apple.mobiledevice.passwordpolicy',
    forcePIN: true,
    allowSimple: true,
    requireAlphanumeric: false,
    minComplexChars: 0,
    minLength: 10,
    maxPINAgeInDays: 30,
    pinHistory: 3,
  })
  assert.deepEqual([of(2).requireAlphanumeric, of(2).minComplexChars], [true, 0])
  assert.deepEqual([of(3).requireAlphanumeric, of(3).minComplexChars], [true, 1])
})

test('what a system cannot demand is told, and not taken for done', () => {
  assert.equal(verdict({ minLength: 12, minClasses: 3 }, ios), 'verified')
  assert.equal(verdict({ minLength: 20 }, ios), 'cannot-demand')
  assert.equal(verdict({ minClasses: 4 }, ios), 'cannot-demand')
  assert.equal(verdict({ minLength: 20, minClasses: 4 }, oldMac), 'cannot-demand')
  assert.equal(verdict({ minLength: 20, minClasses: 4 }, mac), 'verified')
  assert.equal(verdict({ minLength: 12 }, { ...ios, 'apple.enrollmentId': 'E1' }), 'cannot-demand')
  assert.equal(verdict({}, { ...ios, 'apple.passcodePresent': false }), 'no-passcode')
  assert.equal(verdict({}, { ...ios, 'apple.passcodeCompliantWithProfiles': false }), 'passcode-not-compliant')
})

test('a declared passcode is judged again by each report that speaks of it', () => {
  const settings = settingsOf({ minLength: 8 })
  const { uuid } = readWire(row.to(settings, sampleChannel({ platform: 'apple', facts: ios }), {}))
  const declared = [
    {
      feature: 'passcode',
      part: '',
      uuid,
      native: true,
      conditional: false,
      active: true,
      valid: 'valid',
      reasons: '',
    },
  ]
  const state = (reported: JsonObject, of = declared) =>
    row.check?.(settings, reported, { ...ios, 'apple.declarations': of })?.state
  const [present, fits] = ['apple.passcodePresent', 'apple.passcodeCompliant']
  assert.equal(state({ [present]: false }), 'failed')
  assert.equal(state({ [present]: true, [fits]: false }), 'failed')
  assert.equal(state({ [present]: true, [fits]: true, 'apple.passcodeCompliantWithProfiles': false }), 'verified')
  assert.equal(state({ 'os.version': '18.1' }), 'unknown', 'no word of it')
  const earlier = declared.map((d) => ({ ...d, uuid: 'X' }))
  assert.equal(state({ [present]: true, [fits]: true }, earlier), 'unknown', 'the version before')
})

test('a Mac’s expression takes just the passwords that the rules take', () => {
  const characters = fc.constantFrom(...'abyzABYZ0189 !#é')
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 24 }),
      fc.integer({ min: 2, max: 4 }),
      fc.array(characters, { maxLength: 26 }).map((c) => c.join('')),
      (minLength, minClasses, password) => {
        const { customRegex } = payload({ minLength, minClasses }, mac)
        const { passwordContentRegex: text } = customRegex as { passwordContentRegex: string }
        const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(password)).length
        assert.ok(text.length < 2048)
        assert.equal(new RegExp(text).test(password), password.length >= minLength && kinds >= minClasses)
      },
    ),
    { numRuns: 500 },
  )
  assert.equal(payload({ minLength: 8 }, mac).customRegex, undefined)
  assert.equal(payload({ minLength: 20 }, mac).minLength, 16)
})
