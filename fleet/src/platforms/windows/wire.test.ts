/** What the simulator says and reads by itself: requests as two generations of Windows make them, looked at by OpenSSL; WBXML as libwbxml reads and writes it; XML without what no client takes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { digestOf } from './digest.ts'
import { requestOf } from './request.ts'
import { el, readMessage, readWbxml, wbxmlOf, xmlOf } from './syncml/index.ts'
import { escaped, NotUnderstood, readXml } from './xml.ts'

const message = el(
  'SyncML',
  el(
    'SyncHdr',
    el('VerDTD', '1.2'),
    el('VerProto', 'DM/1.2'),
    el('SessionID', '1A'),
    el('MsgID', '1'),
    el('Target', el('LocURI', 'PC')),
    el('Source', el('LocURI', 'https://fake/manage')),
  ),
  el(
    'SyncBody',
    el(
      'Status',
      el('CmdID', '1'),
      el('MsgRef', '1'),
      el('CmdRef', '0'),
      el('Cmd', 'SyncHdr'),
      el('Chal', el('Meta', el('Format', 'b64'), el('Type', 'syncml:auth-md5'), el('NextNonce', 'Tm9uY2U='))),
      el('Data', '407'),
    ),
    el(
      'Add',
      el('CmdID', '2'),
      el(
        'Item',
        el('Target', el('LocURI', './DevDetail/Ext/Microsoft/DeviceName')),
        el('Meta', el('Format', 'chr')),
        el('Data', 'größer <und> & mehr'),
      ),
    ),
    el('Final'),
  ),
)

describe('simulated PCs: bytes', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-pc-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('requests for certificates hold what OpenSSL finds in captured ones', () => {
    const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    for (const kind of ['oiw', 'modern'] as const) {
      const file = join(folder, `${kind}.der`)
      writeFileSync(file, requestOf({ key, deviceId: 'A'.repeat(32), kind }))
      const shown = execFileSync('openssl', ['req', '-inform', 'DER', '-in', file, '-noout', '-text', '-verify'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      }).toString()
      const oiw = kind === 'oiw'
      assert.match(shown, oiw ? /sha1WithRSA\b/ : /sha256WithRSAEncryption/)
      assert.match(shown, new RegExp(`!A{32}${oiw ? '\\\\(?:00|x00)' : ''}`))
      assert.equal(/Client Authentication/.test(shown), !oiw)
      const structure = execFileSync('openssl', ['asn1parse', '-inform', 'DER', '-in', file]).toString()
      assert.match(structure, oiw ? /PRINTABLESTRING/ : /UTF8STRING/)
    }
  })

  it('the digest is that of the specification’s example', () => {
    const nonce = Buffer.from('Nonce').toString('base64')
    assert.equal(digestOf({ name: 'Bruce2', secret: 'OhBehave' }, nonce), 'Zz6EivR3yeaaENcRN6lpAQ==')
  })

  it('XML and WBXML say the same, to itself and to libwbxml where it is installed', () => {
    const plain = readMessage(readXml(xmlOf(message)))
    assert.deepEqual(readMessage(readWbxml(wbxmlOf(message))), plain)
    if (!installed('wbxml2xml')) return
    const [wbxml, xml] = [join(folder, 'm.wbxml'), join(folder, 'm.xml')]
    writeFileSync(wbxml, wbxmlOf(message))
    execFileSync('wbxml2xml', ['-o', xml, wbxml], { stdio: 'ignore' })
    // It writes a document type and CDATA, which no server may.
    const theirs = readFileSync(xml, 'utf8')
      .replace(/<!DOCTYPE[^>]*>/, '')
      .replace(/<!\[CDATA\[(.*?)\]\]>/g, (_, text: string) => escaped(text))
    assert.deepEqual(readMessage(readXml(Buffer.from(theirs))), plain)
    writeFileSync(xml, xmlOf(message))
    execFileSync('xml2wbxml', ['-v', '1.2', '-o', wbxml, xml], { stdio: 'ignore' })
    assert.deepEqual(readMessage(readWbxml(readFileSync(wbxml))), plain)
  })

  it('XML that no client takes', () => {
    const good = '<a xmlns="x" b="1">&lt;&#65;</a>'
    assert.deepEqual(readXml(Buffer.from(good)).text, '<A')
    for (const bad of [
      '',
      '<a>',
      '<a></b>',
      '<a/><b/>',
      'x<a/>',
      '<!DOCTYPE a><a/>',
      '<a><![CDATA[x]]></a>',
      '<a>&x;</a>',
      '<a>& </a>',
      '<a b="1" b="2"/>',
      '<x:a/>',
      '<a x:b="1"/>',
      '<a b=1/>',
    ])
      assert.throws(() => readXml(Buffer.from(bad)), NotUnderstood, bad)
  })
})

function installed(tool: string): boolean {
  try {
    execFileSync('which', [tool], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
