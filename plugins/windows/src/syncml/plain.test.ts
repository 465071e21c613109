/** The fast reader and writer of SyncML: what they do, the whole reader and the tree's writer do alike, whatever is changed, cut or glued. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeXml } from '@muster/kit/xml'
import fc from 'fast-check'
import { readPlainSyncml, readWholeSyncml, type SyncMessage, SyncmlError, writeSyncmlText } from './index.ts'
import { treeOf } from './write.ts'

const first = (more = '') =>
  `<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1F</SessionID><MsgID>1</MsgID><Target><LocURI>https://mdm.example/windows/manage</LocURI></Target><Source><LocURI>A0B1</LocURI>${more}</Source></SyncHdr><SyncBody><Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert><Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>A &amp; B</Data></Item><Item><Source><LocURI>./DevInfo/Lang</LocURI></Source><Data/></Item></Replace><Final/></SyncBody></SyncML>`
const second = `<SyncML xmlns="SYNCML:SYNCML1.2" xmlns:msft="http://schemas.microsoft.com/MobileDevice/MDM">
  <SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>2</MsgID><Target><LocURI>https://mdm.example/windows/manage</LocURI></Target><Source><LocURI>A0B1</LocURI></Source></SyncHdr>
  <SyncBody><Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><TargetRef>https://mdm.example/windows/manage</TargetRef><SourceRef>A0B1</SourceRef><Data>200</Data></Status>
  <Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>o7-1.0.1.01234567</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>
  <Results><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>o7-1.0.1.01234567</CmdRef><Item><Source><LocURI>./DevDetail/SwV</LocURI></Source><Meta><Format xmlns="syncml:metinf">chr</Format><Type xmlns="syncml:metinf">text/plain</Type></Meta><Data> 10.0 &lt;x&gt; </Data></Item></Results><Final/></SyncBody></SyncML>
`
const samples = [first(), first('<LocName>muster-7</LocName>'), second]

/** What the whole reader says. */
function whole(text: string): SyncMessage | undefined {
  try {
    return readWholeSyncml(Buffer.from(text), false)
  } catch (e) {
    assert.ok(e instanceof SyncmlError, String(e))
    return undefined
  }
}

test('what Windows writes is read in one pass', () => {
  for (const text of samples) {
    const read = readPlainSyncml(Buffer.from(text))
    assert.ok(read)
    assert.deepEqual(read, whole(text))
  }
  const [, , , results] = readPlainSyncml(Buffer.from(second.replace('<Final/>', '')))?.body ?? []
  assert.equal(results, undefined)
  assert.equal(readPlainSyncml(Buffer.from(second))?.body.length, 3)
})

test('what is not surely plain is left to the whole reader', () => {
  for (const [from, to] of [
    ['A &amp; B', 'A &#38; B'],
    ['A &amp; B', 'A & B'],
    ['A &amp; B', 'Ä'],
    ['A &amp; B', '<![CDATA[A]]>'],
    ['A &amp; B', 'A ]]> B'],
    ['<Final/>', '<!-- x --><Final/>'],
    ['<Data>1201</Data>', '<Data xmlns:msft="urn:x" msft:originalerror="0x1">1201</Data>'],
    ['<CmdID>2</CmdID>', `<CmdID>${'2'.repeat(65)}</CmdID>`],
    ['<CmdID>2</CmdID>', '<CmdID/>'],
    ['<CmdID>2</CmdID>', ''],
    ['<Data>1201</Data>', '<Data>12</Data>'],
    ['<Data>1201</Data>', '<Data>x01</Data>'],
    ['DM/1.2', 'DS/1.2'],
    ['<Source><LocURI>A0B1', `<Source><LocURI>A\nB`],
    ['</SyncHdr>', '<Meta><MaxMsgSize xmlns="syncml:metinf">9</MaxMsgSize></Meta></SyncHdr>'],
    ['</SyncHdr>', '<Cred><Data>x</Data></Cred></SyncHdr>'],
    ['<Replace>', '<Atomic><CmdID>1</CmdID></Atomic><Replace>'],
    ['user</Data>', 'user</Data><MoreData/>'],
    ['</SyncML>', '</SyncML><x/>'],
    ['</SyncML>', ''],
    ['<?xml', '<!DOCTYPE x><?xml'],
  ] as const) {
    const text = first().replace(from, to)
    assert.notEqual(text, first(), from)
    assert.equal(readPlainSyncml(Buffer.from(text)), undefined, to)
  }
  assert.equal(readPlainSyncml(Buffer.from(first().replace('A &amp;', 'x'.repeat(70_000)))), undefined)
})

const pieces = [
  ...new Set(samples.flatMap((s) => s.match(/<[^>]*>|[^<]+/g) ?? [])),
  ' ',
  '\n',
  '\t',
  '\r',
  '&',
  '&lt;',
  '&#10;',
  ']]>',
  'é',
  '\0',
  '<![CDATA[x]]>',
  '<Data></Data>',
  '<MoreData/>',
  '<Meta></Meta>',
]
const edit = fc.tuple(fc.nat(), fc.nat(80), fc.constantFrom('', ...pieces))

test('changed, cut and glued: both readers read the same, or the fast one leaves it', () => {
  let read = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(edit, { maxLength: 4 }),
      fc.boolean(),
      (sample, edits, atTags) => {
        let text = sample
        for (const [at, cut, put] of edits) {
          let i = at % (text.length + 1)
          if (atTags) i = Math.max(0, text.indexOf('<', i))
          text = text.slice(0, i) + put + text.slice(i + (cut < 40 ? 0 : cut - 40))
        }
        const fast = readPlainSyncml(Buffer.from(text))
        if (!fast) return
        read += 1
        assert.deepEqual(fast, whole(text))
      },
    ),
    { numRuns: 4_000 },
  )
  assert.ok(read > 300, `${read} were read`)
})

test('elements put together in any way: both readers read the same, or the fast one leaves it', () => {
  const [head = '', tail = ''] = first().split(/<Alert>.*<\/Replace>/)
  const leaf = fc
    .tuple(
      fc.constantFrom('CmdID', 'MsgRef', 'CmdRef', 'Cmd', 'Data', 'TargetRef', 'SourceRef', 'Format', 'LocURI'),
      fc.constantFrom('1', '200', ' 200 ', '', 'a b', '&amp;', './x', '\n'),
    )
    .map(([name, text]) => `<${name}>${text}</${name}>`)
  const item = fc.constantFrom(
    '<Item></Item>',
    '<Item><Data>x</Data></Item>',
    '<Item><Target><LocURI>./a</LocURI></Target><Source><LocURI>./b</LocURI></Source></Item>',
    '<Item><Source><LocURI>./b</LocURI></Source><Target><LocURI>./a</LocURI></Target><Data/></Item>',
    '<Item><Source></Source><Meta><Type>t</Type><Format>f</Format></Meta></Item>',
    '<Item><Meta><Format>f</Format><Format>g</Format></Meta></Item>',
    '<Item><Data>a<b>c</b></Data></Item>',
  )
  const word = fc
    .tuple(
      fc.constantFrom('Status', 'Results', 'Alert', 'Get', 'Exec', 'Replace', 'Add'),
      fc.array(fc.oneof(leaf, item), { maxLength: 7 }),
    )
    .map(([name, inner]) => `<${name}>${inner.join('')}</${name}>`)
  const good = fc
    .tuple(fc.array(item, { maxLength: 2 }), fc.constantFrom('Results', 'Status', 'Alert', 'Get'))
    .map(([items, name]) => {
      const refs = name === 'Results' || name === 'Status' ? '<MsgRef>1</MsgRef><CmdRef>0</CmdRef>' : ''
      const code = name === 'Status' || name === 'Alert' ? '<Data>200</Data>' : ''
      return `<${name}><CmdID>1</CmdID>${refs}${code}${items.join('')}</${name}>`
    })
  let read = 0
  fc.assert(
    fc.property(fc.array(fc.oneof(word, { weight: 3, arbitrary: good }), { maxLength: 4 }), (words) => {
      const text = head + words.join('') + tail
      const fast = readPlainSyncml(Buffer.from(text))
      if (!fast) return
      read += 1
      assert.deepEqual(fast, whole(text))
    }),
    { numRuns: 3_000 },
  )
  assert.ok(read > 200, `${read} were read`)
})

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 10 }), fc.constant(''))
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const anyItem = fc.record(
  { source: text, target: text, format: text, type: text, mark: text, data: text, more: fc.boolean(), size: fc.nat() },
  { requiredKeys: [] },
)
const anyItems = fc.array(anyItem, { maxLength: 3 })
const anyCommand = fc.record({
  kind: fc.constant('command' as const),
  id: text,
  verb: fc.constantFrom('Add' as const, 'Get' as const),
  items: anyItems,
})
const anyWord = fc.oneof(
  anyCommand,
  fc.record({ kind: fc.constant('alert' as const), id: text, code: fc.nat(9999), items: anyItems }),
  fc.record({ kind: fc.constant('results' as const), id: text, msgRef: text, cmdRef: text, items: anyItems }),
  fc.record({
    kind: fc.constant('atomic' as const),
    id: text,
    commands: fc.array(anyCommand, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('status' as const),
    id: text,
    msgRef: text,
    cmdRef: text,
    cmd: text,
    code: fc.nat(999),
    targets: fc.array(text, { maxLength: 2 }),
    sources: fc.array(text, { maxLength: 2 }),
    challenge: maybe(fc.record({ type: text, format: text, nonce: text })),
    items: anyItems,
  }),
)
const anyMessage: fc.Arbitrary<SyncMessage> = fc.record({
  session: text,
  message: text,
  target: text,
  source: text,
  sourceName: maybe(text),
  credentials: maybe(fc.record({ type: text, format: maybe(text), data: text })),
  maxMessage: maybe(fc.nat()),
  maxObject: maybe(fc.nat()),
  respondTo: maybe(text),
  body: fc.array(anyWord, { maxLength: 4 }),
  final: fc.boolean(),
})

test('what is put together as text is what the tree is written as', () => {
  fc.assert(
    fc.property(anyMessage, (m) =>
      assert.equal(writeSyncmlText(m), writeXml(treeOf(m)).replace(/<SyncBody\/>/, '<SyncBody></SyncBody>')),
    ),
    { numRuns: 500 },
  )
})
