/** XML: what is written is read again, and hostile documents end in an XmlError within their bounds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  at,
  childrenOf,
  node,
  readXml,
  textAt,
  writeXml,
  type XmlElement,
  XmlError,
  type XmlNode,
  xmlLimits,
} from './index.ts'
import { readPlainXml } from './plain.ts'
import { readAllXml } from './read.ts'

const bytes = (text: string) => Buffer.from(text)
const refused = (b: Uint8Array, why: RegExp) =>
  assert.throws(
    () => readXml(b),
    (e) => e instanceof XmlError && why.test(e.message),
  )

test('namespaces are resolved, prefixes are nobody’s business', () => {
  const root = readXml(
    bytes(`<?xml version="1.0"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
  <s:Header><a:MessageID s:mustUnderstand="1">
     urn:uuid:1 </a:MessageID></s:Header><s:Body><x xmlns="urn:x"><y>1</y><y>&lt;2&gt;<![CDATA[<&]]></y></x></s:Body></s:Envelope>`),
  )
  assert.equal(root.ns, 'http://www.w3.org/2003/05/soap-envelope')
  assert.equal(textAt(root, 'Header', 'MessageID'), 'urn:uuid:1')
  assert.deepEqual(
    { ...at(root, 'Header', 'MessageID')?.attributes },
    {
      '{http://www.w3.org/2003/05/soap-envelope}mustUnderstand': '1',
    },
  )
  assert.deepEqual(
    childrenOf(at(root, 'Body', 'x'), 'y').map((y) => [y.ns, y.text]),
    [
      ['urn:x', '1'],
      ['urn:x', '<2><&'],
    ],
  )
  assert.equal(readXml(Buffer.from('\ufeff<a>ü</a>', 'utf16le')).text, 'ü')
})

test('hostile documents', () => {
  refused(bytes('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), /DTD/)
  refused(bytes('<a>&b;</a>'), /entity/)
  refused(bytes('<a><?php 1 ?></a>'), /processing/)
  refused(bytes('<a>'.repeat(40)), /deep/)
  refused(bytes(`<a>${'<b/>'.repeat(60_000)}</a>`), /too many/)
  refused(Buffer.alloc((1 << 20) + 1, 32), /large/)
  refused(bytes('<a><b></a>'), /not the XML/)
  refused(bytes('<x:a/>'), /not the XML/)
  refused(bytes(''), /not the XML/)
  refused(bytes('<a/><b/>'), /not the XML/)
  refused(Buffer.from([0x3c, 0x61, 0xff]), /UTF/)
  refused(bytes('<a b="1" b="2"/>'), /not the XML/)
})

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}$/)
const speakable = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((s) => !/\p{C}/u.test(s))
const tree = fc.letrec<{ n: XmlNode }>((tie) => ({
  n: fc.record({
    name: word,
    attributes: fc.dictionary(
      word.filter((w) => w !== 'xmlns'),
      speakable,
      { maxKeys: 3, noNullPrototype: true },
    ),
    content: fc.oneof({ depthSize: 'small' }, speakable, fc.array(tie('n'), { maxLength: 4 })),
  }),
})).n
const shape = (n: XmlNode): unknown => [
  n.name,
  { ...n.attributes },
  typeof n.content === 'string' ? n.content : '',
  typeof n.content === 'string' ? [] : (n.content ?? []).map((c) => shape(c as XmlNode)),
]
const read = (e: XmlElement): unknown => [e.name, { ...e.attributes }, e.text, e.children.map(read)]

test('what is written is read again', () => {
  fc.assert(
    fc.property(tree, (n) => assert.deepEqual(read(readXml(bytes(writeXml(n)))), shape(n))),
    { numRuns: 200 },
  )
  assert.equal(writeXml(node('a', 'x\u0000\ud800\r', { b: '"' })), '<a b="&quot;">x\ufffd\ufffd&#13;</a>')
})

/** As one of the two ways reads it; undefined: it does not. */
const otherwise = (text: string): unknown => {
  try {
    return read(readAllXml(text, xmlLimits))
  } catch (e) {
    assert.ok(e instanceof XmlError)
    return undefined
  }
}
test('the fast way reads what the whole parser reads, or leaves it alone', () => {
  const same = (text: string) => {
    const plain = readPlainXml(text, xmlLimits)
    if (plain) assert.deepEqual(read(plain), otherwise(text), text)
    return plain !== undefined
  }
  const bits = fc.constantFrom(
    '<a>',
    '</a>',
    '<a/>',
    '<x:a>',
    '</x:a>',
    '<a xmlns="u">',
    '<a xmlns:x="v" x:b="1">',
    '<a b="1" b="2"/>',
    '<x:a xmlns:x="v" xmlns:y="v" x:b="1" y:b="2"/>',
    '&amp;',
    '&lt;',
    '&#65;',
    '&b;',
    '&',
    ']]>',
    '>',
    '"',
    ' ',
    '\n',
    't',
    '<!-- -->',
    '<![CDATA[x]]>',
    '<?p?>',
    '<a xml:lang="en"/>',
    '<a xmlns:x=""/>',
    '<a\tb="1"/>',
    '<a b="1"c="2"/>',
    "<a b='1'/>",
    '<a xmlns:xml="u"/>',
    '<a:b:c/>',
    '<a xmlns="http://www.w3.org/2000/xmlns/"/>',
  )
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 12 }), (parts) => void same(parts.join(''))),
    { numRuns: 3000 },
  )
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 8 }), (parts) => void same(`<r xmlns:x="w">${parts.join('')}</r>`)),
    { numRuns: 3000 },
  )
  fc.assert(
    fc.property(tree, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 9, max: 126 })), { maxLength: 4 }), (n, edits) => {
      const b = bytes(writeXml(n))
      for (const [i, to] of edits) b[i % b.length] = to
      same(b.toString())
    }),
    { numRuns: 1000 },
  )
  assert.ok(
    same('<?xml version="1.0" encoding="utf-8"?>\n<s:a xmlns:s="u" b="c"><s:d>1 &lt; 2</s:d><e xmlns="v"/></s:a>\n'),
  )
  assert.equal(same('<?xml version="1.0"?><!DOCTYPE a><a/>'), false)
})

test('any change of a document is read or refused, never anything else', () => {
  fc.assert(
    fc.property(tree, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (n, edits) => {
      const b = bytes(writeXml(n))
      for (const [i, to] of edits) b[i % b.length] = to
      try {
        readXml(b)
      } catch (e) {
        assert.ok(e instanceof XmlError, String(e))
      }
    }),
    { numRuns: 500 },
  )
})
