/** Flat property lists: what is read at a glance is what the whole reader reads, and nothing that it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Plist, readFlatPlist, readPlist, writeXmlPlist } from './index.ts'

const idle = (more = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<dict>\n\t<key>Status</key>\n\t<string>Idle</string>\n\t<key>UDID</key>\n\t<string>0000-1</string>\n${more}</dict>\n</plist>\n`

function whole(bytes: Uint8Array): Plist | undefined {
  try {
    return readPlist(bytes)
  } catch {
    return undefined
  }
}

test('what devices say all day is read at a glance', () => {
  assert.deepEqual(readFlatPlist(Buffer.from(idle())), { Status: 'Idle', UDID: '0000-1' })
  const ours = writeXmlPlist({ CommandUUID: 'o1-2', Status: 'Acknowledged', UDID: 'X' })
  assert.deepEqual(readFlatPlist(Buffer.from(ours)), { CommandUUID: 'o1-2', Status: 'Acknowledged', UDID: 'X' })
})

test('everything else is for the reader that knows all', () => {
  for (const more of [
    '<key>A</key><true/>',
    '<key>A</key><string>&lt;</string>',
    '<key>A</key><string/>',
    '<key>Status</key><string>twice</string>',
    '<key>__proto__</key><string>x</string>',
    '<key>A</key><string>é</string>',
    '<key>A</key><!-- c --><string>x</string>',
    '<key>A</key><dict><key>B</key><string>x</string></dict>',
    Array.from({ length: 40 }, (_, i) => `<key>k${i}</key><string>v</string>`).join(''),
  ])
    assert.equal(readFlatPlist(Buffer.from(idle(more))), undefined, more)
  assert.equal(readFlatPlist(Buffer.from(`${idle()}x`)), undefined)
  assert.equal(readFlatPlist(Buffer.from(`\ufeff${idle()}`)), undefined)
  assert.equal(readFlatPlist(Buffer.from(idle().replace('<dict>', '<dict >'))), undefined)
})

test('of changed bytes it reads what the whole reader reads, or nothing', () => {
  const good = Buffer.from(idle('<key>CommandUUID</key><string>o1-2</string>'))
  for (let n = 0; n < good.length; n++)
    assert.equal(readFlatPlist(good.subarray(0, n)) && n, good.length - 1 === n ? n : undefined)
  const piece = fc.constantFrom(
    '<',
    '>',
    '&amp;',
    '</dict>',
    '<key>',
    '</key>',
    '<string>',
    '</string>',
    ' ',
    '\n',
    '\0',
    'é',
    'a',
    '',
  )
  const change = fc.tuple(fc.nat(), piece, fc.nat(9))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      let text = good.toString()
      for (const [at, put, gone] of changes) {
        const i = at % text.length
        text = text.slice(0, i) + put + text.slice(i + gone)
      }
      const bytes = Buffer.from(text)
      const found = readFlatPlist(bytes)
      if (found) assert.deepEqual(found, whole(bytes))
    }),
    { numRuns: 3_000 },
  )
})
