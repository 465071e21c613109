/** Property lists are read as they were written, in XML and in binary; and what others write is read too. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '@muster/contract'
import fc from 'fast-check'
import { writeBinary } from './bplist.ts'
import { data, date, readDict, readPlist, real, writeXml } from './plist.ts'

const text = fc.string({ unit: 'binary' }).map((t) => t.replaceAll(/[^\t\n\u0020-\ud7ff\ue000-\ufffd]/gu, 'ß'))
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.boolean(),
  fc.integer(),
  text,
  fc.uint8Array().map(data),
  fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => date(s * 1000)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => real(n === 0 ? 0 : n)),
)
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('tree'), { maxLength: 20 }),
    fc.dictionary(fc.stringMatching(/^[A-Za-z_]{1,12}$/), tie('tree'), { maxKeys: 20 }).map((d) => ({ ...d })),
  ),
}))

/** Dates in binary come back with milliseconds. */
function same(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(same)
  if (typeof value.$date === 'string') return { $date: new Date(value.$date).toISOString() }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, same(v)]))
}

test('what is written is read back, in XML and in binary', () => {
  fc.assert(
    fc.property(tree, (value) => {
      for (const bytes of [Buffer.from(writeXml(value)), writeBinary(value)])
        assert.deepEqual(same(readPlist(bytes)), same(value))
    }),
    { numRuns: 300 },
  )
})

test('as others write it', () => {
  const xml = `\uFEFF<?xml version='1.0'?><!-- a comment -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>A &amp; B</key><string>&lt;&#228;&#xe4;&gt;</string><key>none</key><string></string>
  <key>bytes</key><data>
    AQID
    BA==
  </data><key>yes</key><true></true><key>list</key><array/><key>real</key><real>1e3</real>
</dict></plist>\n`
  const expected = {
    'A & B': '<ää>',
    none: '',
    bytes: { $data: 'AQIDBA==' },
    yes: true,
    list: [],
    real: { $real: 1000 },
  }
  assert.deepEqual(readDict(Buffer.from(xml)), expected)
})

test('what is no property list is refused', () => {
  for (const wrong of [
    '',
    'x',
    '<plist>',
    '<plist/>',
    '<plist><dict><string/></dict></plist>',
    '<plist><dict><key>a</key></dict></plist>',
    '<plist><string>&x;</string></plist>',
    '<plist><integer>1.5</integer></plist>',
    '<plist><true/></plist><plist/>',
    '<!DOCTYPE plist [<!ENTITY a "b">]><plist><true/></plist>',
  ])
    assert.throws(() => readPlist(Buffer.from(wrong)), wrong)
  const good = writeBinary({ a: [1, 2, { b: 'c' }] })
  // An array that holds itself.
  const cyclic = Buffer.concat([
    Buffer.from('bplist00'),
    Buffer.from([0xa1, 0, 8]),
    Buffer.alloc(6),
    Buffer.from([1, 1]),
    Buffer.from('00000000000000010000000000000000000000000000000a', 'hex'),
  ])
  assert.throws(() => readPlist(cyclic), RangeError)
  for (let cut = 8; cut < good.length; cut += 1) assert.throws(() => readPlist(good.subarray(0, cut)), RangeError)
})
