/** SyncML: what is written is read again, in both encodings; a captured shape of a native client; hostile ones end in words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Item, readSyncml, type SyncMessage, SyncmlError, type Word, writeSyncml } from './index.ts'

const speakable = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((s) => !/\p{C}/u.test(s) && s.trim() === s && s !== '')
const number = fc.nat(9999).map(String)
const code = fc.constantFrom(200, 212, 401, 407, 418, 1201, 1226)
const item: fc.Arbitrary<Item> = fc.record(
  {
    source: speakable,
    target: speakable,
    format: fc.constantFrom('chr', 'int', 'node'),
    type: speakable,
    mark: speakable,
    data: speakable,
    more: fc.constant(true),
    size: fc.nat(),
  },
  { requiredKeys: [] },
)
const items = fc.array(item, { maxLength: 3 })
const command = fc.record({
  kind: fc.constant('command' as const),
  id: number,
  verb: fc.constantFrom('Add' as const, 'Get' as const, 'Exec' as const),
  items,
})
const word: fc.Arbitrary<Word> = fc.oneof(
  command,
  fc.record({ kind: fc.constant('alert' as const), id: number, code, items }),
  fc.record({ kind: fc.constant('results' as const), id: number, msgRef: number, cmdRef: number, items }),
  fc.record({ kind: fc.constant('atomic' as const), id: number, commands: fc.array(command, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('status' as const),
    id: number,
    msgRef: number,
    cmdRef: number,
    cmd: fc.constantFrom('SyncHdr', 'Get'),
    code,
    targets: fc.array(speakable, { maxLength: 2 }),
    sources: fc.array(speakable, { maxLength: 2 }),
    challenge: fc.option(
      fc.record({ type: fc.constant('syncml:auth-md5'), format: fc.constant('b64'), nonce: speakable }),
      { nil: undefined },
    ),
    items,
  }),
)
const message: fc.Arbitrary<SyncMessage> = fc.record({
  session: number,
  message: number,
  target: speakable,
  source: speakable,
  sourceName: fc.option(speakable, { nil: undefined }),
  credentials: fc.option(
    fc.record({ type: fc.constant('syncml:auth-md5'), format: fc.constant('b64'), data: speakable }),
    { nil: undefined },
  ),
  maxMessage: fc.option(fc.integer({ min: 1, max: 1 << 20 }), { nil: undefined }),
  maxObject: fc.option(fc.integer({ min: 1, max: 1 << 20 }), { nil: undefined }),
  respondTo: fc.option(speakable, { nil: undefined }),
  body: fc.array(word, { maxLength: 5 }),
  final: fc.boolean(),
})
/** Without what is undefined. */
const plain = (x: unknown): unknown => JSON.parse(JSON.stringify(x))

test('what is written is read again, in XML and in WBXML', () => {
  fc.assert(
    fc.property(message, fc.boolean(), (m, wbxml) =>
      assert.deepEqual(plain(readSyncml(writeSyncml(m, wbxml), wbxml)), plain(m)),
    ),
    { numRuns: 300 },
  )
})

test('a first package as native clients send it', () => {
  const m = readSyncml(
    Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>
<SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>https://mdm.example/windows/manage</LocURI></Target><Source><LocURI>A0B1</LocURI></Source></SyncHdr>
<SyncBody><Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert>
<Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>Example</Data></Item></Replace>
<Status><CmdID>5</CmdID><MsgRef>1</MsgRef><CmdRef>2</CmdRef><Cmd>Add</Cmd><Data msft:originalerror="0x86000002" xmlns:msft="http://schemas.microsoft.com/MobileDevice/MDM">500</Data></Status><Final/></SyncBody></SyncML>`),
    false,
  )
  assert.deepEqual([m.session, m.message, m.source, m.final, m.body.length], ['1', '1', 'A0B1', true, 4])
  const [, login, , status] = m.body
  assert.ok(
    login?.kind === 'alert' &&
      login.items[0]?.type === 'com.microsoft/MDM/LoginStatus' &&
      login.items[0].data === 'user',
  )
  assert.ok(status?.kind === 'status' && status.originalError === '0x86000002')
})

test('hostile messages', () => {
  const refused = (xml: string, why: RegExp) =>
    assert.throws(
      () => readSyncml(Buffer.from(xml), false),
      (e) => e instanceof SyncmlError && why.test(e.message),
    )
  const whole = (header: string, body = '') =>
    `<SyncML><SyncHdr>${header}</SyncHdr><SyncBody>${body}</SyncBody></SyncML>`
  const header = '<VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>1</MsgID>'
  refused('<a/>', /no SyncML/)
  refused(whole('<VerProto>DS/1.2</VerProto>'), /protocol/)
  refused(whole('<VerProto>DM/1.2</VerProto><SessionID>1</SessionID>'), /MsgID/)
  refused(whole(header, '<Format><CmdID>1</CmdID></Format>'), /unknown command/)
  refused(whole(header, '<Get/>'), /CmdID/)
  refused(whole(header, '<Alert><CmdID>1</CmdID><Data>x</Data></Alert>'), /status code/)
  refused(whole(header, '<Get><CmdID>1</CmdID></Get>'.repeat(5001)), /too many/)
  refused(`<!DOCTYPE SyncML><SyncML/>`, /DTD/)
  refused(whole(header.replace('1</S', `${'1'.repeat(100)}</S`)), /too long/)
})

test('any change of a message is read or refused, never anything else', () => {
  fc.assert(
    fc.property(
      message,
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      (m, wbxml, edits) => {
        const b = writeSyncml(m, wbxml)
        for (const [i, to] of edits) b[i % b.length] = to
        try {
          readSyncml(b, wbxml)
        } catch (e) {
          assert.ok(e instanceof SyncmlError, String(e))
        }
      },
    ),
    { numRuns: 600 },
  )
})
