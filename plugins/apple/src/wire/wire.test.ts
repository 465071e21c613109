/** JSON to property lists and back, and what answers mean. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '@muster/contract'
import { readPlist, writeXmlPlist } from '@muster/kit/plist'
import fc from 'fast-check'
import { data, date, real, replyOutcome, toDict, toJson, toPlist } from './index.ts'

test('the marks become bytes, moments and reals; nothing is left out of nothing', () => {
  const text = writeXmlPlist(
    toDict({
      Bytes: data(Buffer.from('hi')),
      At: date('2026-01-02T03:04:05.000Z'),
      Half: real(2),
      None: null,
      List: [1],
    }),
  )
  assert.match(text, /<data>\s*aGk=\s*<\/data>/)
  assert.match(text, /<date>2026-01-02T03:04:05Z<\/date>/)
  assert.match(text, /<real>2(\.0)?<\/real>/)
  assert.doesNotMatch(text, /None/)
})

/** What XML can hold: no control characters. */
const plain = fc.string().map((s) => s.replace(/[^\x20-\x7e]/g, ''))
/** `__proto__` is refused as a name before it comes here. */
const name = plain.filter((s) => s !== '__proto__')
const value = fc.letrec<{ v: Json }>((tie) => ({
  v: fc.oneof(
    { maxDepth: 4 },
    plain,
    fc.boolean(),
    fc.integer(),
    fc.array(tie('v'), { maxLength: 4 }),
    fc.dictionary(name, tie('v'), { maxKeys: 4 }) as fc.Arbitrary<JsonObject>,
  ),
})).v

test('what JSON can say comes back as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (json) => {
      const clean = { ...(json as JsonObject) }
      const back = toJson(readPlist(Buffer.from(writeXmlPlist(toPlist(clean)))))
      assert.deepEqual(back, JSON.parse(JSON.stringify(clean)))
    }),
    { numRuns: 300 },
  )
})

test('answers: done, failed in the device’s words, not understood, and none at all', () => {
  const read = (reply: Json) => replyOutcome(reply, () => ({ well: true }))
  assert.deepEqual(read({ Status: 'Acknowledged' }), { state: 'completed', result: { well: true } })
  const chain: Json = [
    { ErrorDomain: 'A', ErrorCode: 1, USEnglishDescription: 'outer' },
    { ErrorDomain: 'B', ErrorCode: 2, LocalizedDescription: 'inner' },
    'nonsense',
  ]
  assert.deepEqual(read({ Status: 'Error', ErrorChain: chain }), {
    state: 'failed',
    reason: { code: 'device-error', text: 'A 1: outer; B 2: inner' },
  })
  assert.equal(read({ Status: 'CommandFormatError' }).state, 'failed')
  const nothing: Json[] = [null, 1, 'x', [], {}, { Status: 'Else' }]
  for (const none of nothing) assert.equal(read(none).state, 'unreadable')
})
