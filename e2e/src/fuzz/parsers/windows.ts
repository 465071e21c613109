/** What Windows PCs speak: SOAP while they enrol, SyncML ever after, as XML and as WBXML. */
import { isDeepStrictEqual } from 'node:util'
import { writeWbxml } from '@muster/kit/wbxml'
import { node, readXml, type XmlElement } from '@muster/kit/xml'
import { readEnvelope, readPlainSyncml, readSyncml, readWholeSyncml, SyncmlError } from '@muster/plugin-windows'
import type { Specimen } from '../specimen.ts'
import { demand } from './refusals.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))
const header = (more = '') =>
  `<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>2</MsgID><Target><LocURI>https://mdm.example/windows/manage</LocURI></Target><Source><LocURI>0123456789ABCDEF</LocURI>${more}</Source></SyncHdr>`
const syncml = (body: string, head = header()) =>
  `<SyncML xmlns="SYNCML:SYNCML1.2">${head}<SyncBody>${body}</SyncBody></SyncML>`
const first = syncml(
  `<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert><Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>0123456789ABCDEF</Data></Item></Replace><Final/>`,
)
const second = syncml(
  `<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status><Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>o1-2.0</CmdRef><Cmd>Get</Cmd><Data msft:originalerror="0x86000002" xmlns:msft="http://schemas.microsoft.com/MobileDevice/MDM">404</Data></Status><Results><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>o1-2.1</CmdRef><Item><Source><LocURI>./DevDetail/SwV</LocURI></Source><Meta><Format xmlns="syncml:metinf">chr</Format></Meta><Data>10.0.22631.4317 &lt;&amp;</Data></Item></Results><Final/>`,
  header('<LocName>device</LocName>'),
)
const hostile = [
  '',
  'x',
  '<SyncML/>',
  syncml('').replace('DM/1.2', 'DS/1.2'),
  syncml('<Nothing><CmdID>1</CmdID></Nothing>'),
  syncml(`<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Data>two hundred</Data></Status>`),
  `<!DOCTYPE SyncML [<!ENTITY a "b">]>${first.replace('>2<', '>&a;<')}`,
  syncml(`${'<Atomic><CmdID>1</CmdID>'.repeat(60)}${'</Atomic>'.repeat(60)}`),
]

const xml: Specimen = {
  name: 'syncml',
  good: [first, second],
  bad: hostile,
  read: (bytes) => readSyncml(bytes, false),
  refused: (e) => e instanceof SyncmlError,
  holds: (message) => {
    const { session, body } = message as ReturnType<typeof readSyncml>
    demand(session.length > 0 && session.length <= 64, 'a session without a name, or with a long one')
    demand(body.length <= 5_000, 'more commands than there may be')
  },
}
/** What it does not leave to the whole reader, the fast one reads as that does. */
const plain: Specimen = {
  ...xml,
  name: 'syncml-plain',
  good: [first, second.replace(/ msft:originalerror="[^"]*" xmlns:msft="[^"]*"/, '')],
  read: (bytes) => {
    const fast = readPlainSyncml(bytes)
    if (!fast) throw new RangeError('left to the whole reader')
    return { fast, whole: readWholeSyncml(bytes, false) }
  },
  refused: (e) => e instanceof RangeError,
  holds: (read) => {
    const { fast, whole } = read as { fast: unknown; whole: unknown }
    demand(isDeepStrictEqual(fast, whole), 'two readers that read something else')
  },
}
const again = (e: XmlElement): ReturnType<typeof node> =>
  node(e.name, e.children.length > 0 ? e.children.map(again) : e.text)
const binary: Specimen = {
  ...xml,
  name: 'syncml-wbxml',
  good: [first, second].map((text) => new Uint8Array(writeWbxml(again(readXml(bytesOf(text)))))),
  bad: ['', first],
  read: (bytes) => readSyncml(bytes, true),
}

const envelope = (inside: string, body = '<x xmlns="urn:x">y</x>') =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">urn:a</a:Action><a:MessageID>urn:uuid:1</a:MessageID>${inside}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
const security = (inside: string) =>
  envelope(
    `<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">${inside}</wsse:Security>`,
  )
const soap: Specimen = {
  name: 'soap',
  good: [
    envelope(''),
    security(
      '<wsse:UsernameToken><wsse:Username>ada</wsse:Username><wsse:Password>a&lt;b</wsse:Password></wsse:UsernameToken>',
    ),
    security('<wsse:BinarySecurityToken ValueType="urn:kind">QUJD</wsse:BinarySecurityToken>'),
  ],
  bad: [
    '',
    '<Envelope/>',
    envelope('', ''),
    envelope('', '<a/><b/>'),
    `<!DOCTYPE s [<!ENTITY a "b">]>${envelope('')}`,
    envelope('', `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`),
  ],
  read: (bytes) => {
    const read = readEnvelope(bytes)
    if (!read) throw new RangeError('refused')
    return read
  },
  refused: (e) => e instanceof RangeError,
  holds: (message) => demand((message as { messageId: string }).messageId.length <= 512, 'an id without end'),
}

export const windows: readonly Specimen[] = [xml, plain, binary, soap]
