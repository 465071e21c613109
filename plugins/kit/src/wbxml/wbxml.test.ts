/** WBXML: read as it was written, as libwbxml writes it, and refused within bounds. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { node, readXml, writeXml, type XmlElement, XmlError, type XmlNode } from '../xml/index.ts'
import { readWbxml, writeWbxml } from './index.ts'
import { pages } from './tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-wbxml-'))
after(() => rmSync(folder, { recursive: true }))

const message = node(
  'SyncML',
  [
    node('SyncHdr', [
      node('VerDTD', '1.2'),
      node('VerProto', 'DM/1.2'),
      node('SessionID', '1'),
      node('MsgID', '1'),
      node('Target', [node('LocURI', 'https://muster.example/windows/manage')]),
      node('Source', [node('LocURI', 'ABC')]),
      node('Meta', [node('MaxMsgSize', '65536', { xmlns: 'syncml:metinf' })]),
    ]),
    node('SyncBody', [
      node('Replace', [
        node('CmdID', '2'),
        node('Item', [
          node('Source', [node('LocURI', './DevInfo/Mod')]),
          node('Meta', [
            node('Format', 'chr', { xmlns: 'syncml:metinf' }),
            node('Type', 'text/plain', { xmlns: 'syncml:metinf' }),
          ]),
          node('Data', 'Straße & <more>'),
        ]),
      ]),
      node('Final'),
    ]),
  ],
  { xmlns: 'SYNCML:SYNCML1.2' },
)
const shape = (e: XmlElement): unknown => [e.name, e.ns, e.text.trim(), e.children.map(shape)]

test('a message of SyncML is the same tree in XML and in WBXML', () => {
  const wbxml = writeWbxml(message)
  assert.deepEqual([...wbxml.subarray(0, 6)], [0x02, 0xa4, 0x01, 0x6a, 0x00, 0x6d])
  assert.deepEqual(shape(readWbxml(wbxml)), shape(readXml(Buffer.from(writeXml(message)))))
})

const hasTools = (() => {
  try {
    execFileSync('xml2wbxml', ['-h'], { stdio: 'ignore' })
    return true
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== 'ENOENT'
  }
})()
test(hasTools ? 'libwbxml reads ours, and we read its' : 'bytes that libwbxml wrote are read', () => {
  if (hasTools) {
    writeFileSync(
      join(folder, 'in.xml'),
      `<?xml version="1.0"?><!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.2//EN" "http://www.openmobilealliance.org/tech/DTD/OMA-TS-SyncML_RepPro_DTD-V1_2.dtd">${writeXml(message)}`,
    )
    execFileSync('xml2wbxml', ['-v', '1.2', '-o', 'theirs.wbxml', 'in.xml'], { cwd: folder, stdio: 'ignore' })
    assert.deepEqual(
      shape(readWbxml(readFileSync(join(folder, 'theirs.wbxml')))),
      shape(readWbxml(writeWbxml(message))),
    )
    writeFileSync(join(folder, 'ours.wbxml'), writeWbxml(message))
    execFileSync('wbxml2xml', ['-o', 'out.xml', 'ours.wbxml'], { cwd: folder, stdio: 'ignore' })
    const out = readFileSync(join(folder, 'out.xml'), 'utf8').replace(/<!DOCTYPE[^>]*>/, '')
    assert.deepEqual(shape(readXml(Buffer.from(out))), shape(readXml(Buffer.from(writeXml(message)))))
  }
  // A Final alone, by its tokens; the public identifier as a string of the table.
  const table = Buffer.from('-//SYNCML//DTD SyncML 1.2//EN\u0000')
  const named = Buffer.concat([
    Buffer.from([0x03, 0x00, 0x00, 0x6a, table.length]),
    table,
    Buffer.from([0x6d, 0x12, 0x01]),
  ])
  assert.deepEqual(shape(readWbxml(named)), ['SyncML', 'SYNCML:SYNCML1.2', '', [['Final', 'SYNCML:SYNCML1.2', '', []]]])
})

const names = pages.flatMap((p) => p.tags.filter(Boolean))
const tree = fc.letrec<{ n: XmlNode }>((tie) => ({
  n: fc.record({
    name: fc.constantFrom(...names),
    content: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.array(tie('n'), { maxLength: 4 }),
    ),
  }),
})).n
const plain = (n: XmlNode): unknown => [
  n.name,
  typeof n.content === 'string' ? n.content : '',
  typeof n.content === 'string' ? [] : (n.content ?? []).map((c) => plain(c as XmlNode)),
]
const read = (e: XmlElement): unknown => [e.name, e.text, e.children.map(read)]

test('what is written is read again', () => {
  fc.assert(
    fc.property(tree, (n) => assert.deepEqual(read(readWbxml(writeWbxml(n))), plain(n))),
    { numRuns: 300 },
  )
})

test('any bytes are read or refused, never anything else', () => {
  const calm = (b: Uint8Array) => {
    try {
      readWbxml(b)
    } catch (e) {
      assert.ok(e instanceof XmlError, String(e))
    }
  }
  fc.assert(
    fc.property(
      tree,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      (n, edits, cut) => {
        const b = writeWbxml(n)
        for (const [i, to] of edits) b[i % b.length] = to
        calm(b)
        calm(b.subarray(0, cut % b.length))
      },
    ),
    { numRuns: 1000 },
  )
  const bad = (...b: number[]) =>
    assert.throws(() => readWbxml(Buffer.from([0x02, 0xa4, 0x01, 0x6a, 0x00, ...b])), XmlError)
  bad(...Array.from({ length: 100 }, () => 0x6d))
  bad(0x01)
  bad(0xc3, 0xff, 0xff, 0xff, 0xff, 0x0f)
  bad(0x6d, 0x43, 0x01, 0x01)
  bad(0xed, 0x01)
  bad(0x6d, 0x00, 0x07, 0x01)
  bad(0x6d, 0x83, 0x05, 0x01)
  bad(0x6d, 0x01, 0x00)
  assert.throws(() => writeWbxml(node('Html')), XmlError)
})
