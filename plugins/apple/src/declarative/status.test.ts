/** Status reports: anything is read or refused; facts come of what fits alone, and lists are kept up piece by piece. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { readStatus } from './status.ts'
import { declaredFacts, factsIn, statusItems, subscriptions } from './status-items.ts'

const bytes = (v: unknown) => Buffer.from(JSON.stringify(v))

test('any bytes are a report or none, and never more', () => {
  const near = fc.record({ StatusItems: fc.jsonValue(), Errors: fc.jsonValue(), FullReport: fc.jsonValue() })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), near.map(bytes), fc.jsonValue().map(bytes)), (data) => {
      const report = readStatus(data)
      if (report) assert.equal(typeof report.items, 'object')
    }),
  )
  assert.equal(readStatus(Buffer.from(`{"StatusItems":${'['.repeat(100)}`)), undefined)
  assert.ok(readStatus(bytes({ StatusItems: { text: '[[[['.repeat(50) } })), 'brackets within strings are none')
})

test('items of any shape give facts of their own names alone', () => {
  const known = new Set([
    ...declaredFacts.map((f) => f.id),
    ...Object.values(statusItems).flatMap((i) => [...(i.facts ?? []).map((f) => f.fact), i.list?.fact ?? '']),
  ])
  const value = fc.jsonValue() as fc.Arbitrary<Json>
  const one = fc
    .tuple(fc.constantFrom(...Object.keys(statusItems)), value)
    .map(([name, v]) => name.split('.').reduceRight<Json>((inner, key) => ({ [key]: inner }), v))
  fc.assert(
    fc.property(one, fc.boolean(), (items, full) => {
      for (const fact of Object.keys(factsIn(items as JsonObject, {}, full))) assert.ok(known.has(fact), fact)
    }),
  )
})

test('a list is told piece by piece; a full report takes the place of its own kind alone', () => {
  const apps = (...list: JsonObject[]) => ({ mdm: { app: list } })
  const first = factsIn(apps({ identifier: 'a', state: 'queued' }, { identifier: 'b', state: 'managed' }), {}, false)
  const both = factsIn(
    {
      app: { managed: { list: [{ identifier: 'd', state: 'managed' }] } },
      ...apps({ identifier: 'a', _removed: true }),
    },
    first,
    false,
  )
  const ids = (f: JsonObject) => (f['apple.appStates'] as JsonObject[]).map((a) => `${a.kind} ${a.identifier}`)
  assert.deepEqual(ids(both).sort(), ['command b', 'declaration d'])
  assert.deepEqual(ids(factsIn(apps({ identifier: 'c' }), both, true)).sort(), ['command c', 'declaration d'])
})

test('a device is asked for what its system tells, a Mac’s user for less, and who said what it tells for that', () => {
  const asked = (facts: JsonObject, name = 'device') => subscriptions(sampleChannel({ platform: 'apple', facts, name }))
  const phone = { 'os.name': 'iOS', 'os.version': '15.4' }
  const mac = { 'os.name': 'macOS', 'os.version': '15.1' }
  assert.ok(!asked(phone).includes('passcode.is-present'))
  assert.ok(asked({ ...phone, 'os.version': '17.0' }).includes('passcode.is-present'))
  assert.ok(asked(mac).includes('diskmanagement.filevault.enabled') && !asked(mac).includes('mdm.app'))
  assert.ok(!asked(mac, 'user:501').includes('diskmanagement.filevault.enabled'))
  assert.deepEqual(asked({ ...mac, 'apple.statusItems': ['mdm.app', 'nothing.known'] }), ['mdm.app'])
  assert.deepEqual(asked({}), [])
})
