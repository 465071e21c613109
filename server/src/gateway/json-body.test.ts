/** JSON as bytes: what is well-formed and fits reads as JSON.parse reads it; the rest is a refusal, whatever the bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProblem } from '@muster/contract'
import fc from 'fast-check'
import { jsonLimits, readJson } from './json-body.ts'

const bytes = (text: string) => Buffer.from(text)
const refused = (code: string) => (e: unknown) => isProblem(e) && e.code === code
const holds = (v: unknown, what: (s: string) => boolean): boolean =>
  typeof v === 'string'
    ? what(v)
    : Array.isArray(v)
      ? v.some((x) => holds(x, what))
      : v !== null && typeof v === 'object'
        ? Object.entries(v).some(([k, x]) => what(k) || holds(x, what))
        : false

test('a well-formed value reads as it is, unless it holds what cannot be kept', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value)
      const unfit = holds(JSON.parse(text), (s) => s.includes('\0') || !s.isWellFormed() || s === '__proto__')
      const plainProto = holds(JSON.parse(text), (s) => s === '__proto__')
      if (!unfit) assert.deepEqual(readJson(bytes(text)), JSON.parse(text))
      else if (!plainProto) assert.throws(() => readJson(bytes(text)), refused('malformed-json'))
    }),
  )
})

test('any bytes at all give a value or a Problem', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (b) => {
      try {
        readJson(b)
      } catch (e) {
        assert.ok(isProblem(e) && e.status === 400)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('every truncation of a document is refused', () => {
  const text = '{"a":[1,true,null,"\\u00e4ä"],"b":{"c":"d"}}'
  const all = bytes(text)
  for (let n = 1; n < all.length; n++)
    assert.throws(() => readJson(all.subarray(0, n)), refused('malformed-json'), `${n}`)
})

test('depth is bounded before parsing, and brackets in strings do not count', () => {
  const deep = (n: number) => '['.repeat(n) + ']'.repeat(n)
  assert.ok(readJson(bytes(deep(jsonLimits.depth))))
  assert.throws(() => readJson(bytes(deep(jsonLimits.depth + 1))), refused('body-too-deep'))
  assert.throws(() => readJson(bytes('{"a":'.repeat(500_000))), refused('body-too-deep'))
  assert.equal(readJson(bytes(`"${'['.repeat(100)}\\"${'{'.repeat(100)}"`)), `${'['.repeat(100)}"${'{'.repeat(100)}`)
})

test('a byte order mark, other encodings and lone surrogates are refused', () => {
  for (const b of [
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes('{}')]),
    Buffer.from('{}', 'utf16le'),
    Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    bytes('"\\uDC00"'),
    bytes('"a\\u0000"'),
  ])
    assert.throws(() => readJson(b), refused('malformed-json'))
})
