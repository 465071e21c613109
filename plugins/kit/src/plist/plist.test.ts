/** Property lists of both forms: what is written is read again, and hostile ones end in a PlistError within their bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assemble, writeBinary } from './binary.fixture.ts'
import { type Plist, PlistError, plistLimits, Real, readPlist, writeXmlPlist } from './index.ts'

const xml = (inner: string) => Buffer.from(`<plist version="1.0">${inner}</plist>`)
const refused = (bytes: Uint8Array, why: RegExp) =>
  assert.throws(
    () => readPlist(bytes),
    (e) => e instanceof PlistError && why.test(e.message),
  )

const speakable = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((s) => !/\p{C}/u.test(s))
const value: fc.Arbitrary<Plist> = fc.letrec<{ v: Plist }>((tie) => ({
  v: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    speakable,
    fc.integer(),
    fc.bigInt({ min: 2n ** 60n, max: 2n ** 64n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Number.isSafeInteger(n) ? 0.5 : n)),
    fc.boolean(),
    fc
      .date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
      .map((d) => new Date(Math.floor(d.getTime() / 1000) * 1000)),
    fc.uint8Array({ maxLength: 60 }),
    fc.array(tie('v'), { maxLength: 6 }),
    fc.dictionary(speakable, tie('v'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).v

test('what is written is read again, in both forms', () => {
  fc.assert(
    fc.property(value, (v) => {
      assert.deepEqual(readPlist(Buffer.from(writeXmlPlist(v))), v)
      assert.deepEqual(readPlist(writeBinary(v)), v)
    }),
    { numRuns: 300 },
  )
})

test('any bytes, and true lists with bytes changed, are read or refused, never anything else', () => {
  const calm = (bytes: Uint8Array) => {
    try {
      readPlist(bytes)
    } catch (e) {
      assert.ok(e instanceof PlistError, String(e))
    }
  }
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(value, changes, fc.boolean(), fc.nat(), (v, edits, binary, cut) => {
      const bytes = binary ? writeBinary(v) : Buffer.from(writeXmlPlist(v))
      for (const [at, to] of edits) bytes[at % bytes.length] = to
      calm(bytes)
      calm(bytes.subarray(0, cut % bytes.length))
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (b) => calm(Buffer.concat([Buffer.from('bplist00'), b]))),
    { numRuns: 1000 },
  )
})

test('XML as devices and tools write it', () => {
  const full = readPlist(
    Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- a comment -->
<plist version="1.0"><dict >
  <key>Text &amp; more</key><string>&lt;b&gt; &#x1F600;<![CDATA[<raw> & ]]> end</string >
  <key>Hex</key><integer> 0x1F </integer><key>Minus</key><integer>-9223372036854775808</integer>
  <key>Real</key><real>1.5e3</real><key>Yes</key><true/><key>No</key><false></false>
  <key>Data</key><data>
    SGVs
    bG8=
  </data><key>At</key><date>2026-11-22T10:00:00Z</date><key/><string/><key>List</key><array><dict/><array/></array>
</dict></plist>\n<!-- end -->\n`),
  )
  assert.deepEqual(full, {
    'Text & more': '<b> \u{1F600}<raw> &  end',
    Hex: 31,
    Minus: -9223372036854775808n,
    Real: 1500,
    Yes: true,
    No: false,
    Data: new Uint8Array(Buffer.from('Hello')),
    At: new Date('2026-11-22T10:00:00Z'),
    '': '',
    List: [{}, []],
  })
  assert.equal(writeXmlPlist({ n: new Real(1) }).includes('<real>1</real>'), true)
  assert.deepEqual(readPlist(Buffer.from(writeXmlPlist('\u0000a\ud800\r\n'))), '\ufffda\ufffd\r\n')
})

test('names of JavaScript are keys like any other', () => {
  const read = readPlist(xml('<dict><key>__proto__</key><dict><key>admin</key><true/></dict></dict>')) as object
  assert.equal(Object.getPrototypeOf(read), Object.prototype)
  assert.equal('admin' in read, false)
})

test('hostile XML', () => {
  refused(Buffer.from('<!DOCTYPE plist [<!ENTITY a "b">]><plist><string>&a;</string></plist>'), /DTD/)
  refused(xml('<string>&a;</string>'), /entity/)
  refused(xml('<string>&#0;</string>'), /entity/)
  refused(xml('<string>&#xD800;</string>'), /entity/)
  refused(xml('<dict><key>a</key><true/><key>a</key><false/></dict>'), /twice/)
  refused(xml('<dict><key>a</key></dict>'), /without its value/)
  refused(xml('<dict><true/></dict>'), /without its key/)
  refused(xml('<array>x</array>'), /text/)
  refused(xml('<string>a<b/></string>'), /inside/)
  refused(xml('<date>2026-02-31T00:00:00Z</date>'), /date/)
  refused(xml('<integer>99999999999999999999</integer>'), /64 bits/)
  refused(xml('<integer></integer>'), /integer/)
  for (const text of ['0x', '-0x', '1_000', '+-5', '0b1', '5e3', '١', '9'.repeat(10_000), '0x1FFFFFFFFFFFFFFFF'])
    refused(xml(`<integer>${text}</integer>`), /integer/)
  for (const [text, value] of [
    ['-0x1F', -31],
    ['+0x1F', 31],
    ['+5', 5],
    [' 5 ', 5],
    ['-0', 0],
    ['-0x8000000000000000', -(2n ** 63n)],
  ] as const)
    assert.deepEqual(readPlist(xml(`<integer>${text}</integer>`)), value, text)
  refused(xml('<integer>-0x8000000000000001</integer>'), /64 bits/)
  refused(xml('<data>====</data>'), /base64/)
  refused(xml('<true/><true/>'), /more than one/)
  refused(xml(''), /empty/)
  refused(Buffer.concat([xml('<true/>'), Buffer.from('<x/>')]), /after the end/)
  refused(xml('<array>'.repeat(5000) + '</array>'.repeat(5000)), /deep/)
  refused(xml('<array >'.repeat(5000)), /deep/)
  refused(Buffer.from([0x3c, 0xff, 0xfe]), /UTF-8/)
  refused(Buffer.alloc(plistLimits.bytes + 1, 32), /too large/)
  refused(xml(`<array>${'<true/>'.repeat(plistLimits.values)}</array>`), /too many/)
})

test('hostile binary lists', () => {
  const own = assemble([Buffer.from([0xa1, 0, 0])], 0)
  refused(own, /contains itself/)
  // Each level holds the next one twice: 2^40 values of 41 objects.
  const bomb = Array.from({ length: 30 }, (_, i) => Buffer.from([0xa2, 0, i + 1, 0, i + 1])).concat(Buffer.from([9]))
  refused(assemble(bomb, 0), /too many/)
  refused(assemble([Buffer.from([0xa1, 0, 7])], 0), /unknown object/)
  refused(assemble([Buffer.from([0x80, 1])], 0), /unknown object/)
  refused(assemble([Buffer.from([0x5f, 0x13, 0, 0, 0, 255, 255, 255, 255, 255])], 0), /outside|wrong length/)
  refused(Buffer.from('bplist00'), /too short/)
  const far = writeBinary('x')
  far.writeBigUInt64BE(2n ** 60n, far.length - 8)
  refused(far, /too large|wrong offset/)
  const deep = Array.from({ length: 100 }, (_, i) => Buffer.from([0xa1, 0, i + 1])).concat(Buffer.from([9]))
  refused(assemble(deep, 0), /deep/)
})
