/** What devices of other platforms speak: property lists, XML, WBXML, DER and CMS. */
import { CmsError, openSigned, readCertificate } from '@muster/kit/cms'
import { DerError, readDer } from '@muster/kit/der'
import { PlistError, readPlist, writeXmlPlist } from '@muster/kit/plist'
import { readWbxml, writeWbxml } from '@muster/kit/wbxml'
import { node, readXml, writeXml, type XmlElement, XmlError } from '@muster/kit/xml'
import type { Specimen } from '../specimen.ts'
import { demand, text } from './refusals.ts'
import { certificate, signed, streamed } from './signed-messages.ts'

const hex = (digits: string) => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
const head =
  '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">'
/** bplist00: the objects, a table of their places of one byte each, and the trailer. */
function binary(objects: readonly Uint8Array[], top = 0): Uint8Array {
  const places: number[] = []
  let at = 8
  for (const o of objects) {
    places.push(at)
    at += o.length
  }
  const trailer = Buffer.alloc(32)
  trailer.writeUInt8(1, 6)
  trailer.writeUInt8(1, 7)
  trailer.writeBigUInt64BE(BigInt(objects.length), 8)
  trailer.writeBigUInt64BE(BigInt(top), 16)
  trailer.writeBigUInt64BE(BigInt(at), 24)
  return new Uint8Array(Buffer.concat([Buffer.from('bplist00'), ...objects, Uint8Array.from(places), trailer]))
}

const plist: Specimen = {
  name: 'plist',
  good: [
    `${head}<plist version="1.0"><dict><key>MessageType</key><string>Authenticate &amp; &#233;</string><key>n</key><integer>-7</integer><key>d</key><data>AAEC</data><key>t</key><date>2026-05-01T10:00:00Z</date><key>a</key><array><true/><real>1.5</real></array></dict></plist>`,
    // {a: [1, true]}
    binary([hex('d1 01 02'), hex('51 61'), hex('a2 03 04'), hex('10 01'), hex('09')]),
  ],
  bad: [
    '',
    '<plist/>',
    `<!DOCTYPE plist [<!ENTITY a "b">]><plist><string>&a;</string></plist>`,
    `<!DOCTYPE plist SYSTEM "file:///etc/passwd"><plist><string>a</string></plist>`.replace(
      'plist SYSTEM',
      'plist [<!ENTITY % x SYSTEM "http://a/x"> %x;] SYSTEM',
    ),
    `${head}<plist>${'<array>'.repeat(100)}${'</array>'.repeat(100)}</plist>`,
    'bplist00',
    // An array that holds itself, and a count of all there is.
    binary([hex('a1 00')]),
    binary([hex('af 13 ff ff ff ff ff ff ff ff')]),
  ],
  read: (bytes) => readPlist(bytes),
  refused: (e) => e instanceof PlistError,
  holds: (value) => {
    demand(({} as { admin?: unknown }).admin === undefined, 'the prototype of all objects was changed')
    const written = writeXmlPlist(value as never)
    demand(written.length > 0, 'it cannot be written')
  },
}

const xml: Specimen = {
  name: 'xml',
  good: [
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><a:Action xmlns:a="urn:a" s:mustUnderstand="1">x</a:Action></s:Header><s:Body>&lt;&#65;<![CDATA[ <b> ]]></s:Body></s:Envelope>',
    '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody><Status><CmdID>1</CmdID><Data>200</Data></Status><Final/></SyncBody></SyncML>',
  ],
  bad: [
    '',
    'x',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<?php x ?><a/>',
    '<a b="1" b="2"/>',
    '<x:a/>',
    '<a>&#0;</a>',
    `${'<a>'.repeat(500)}${'</a>'.repeat(500)}`,
  ],
  read: (bytes) => readXml(bytes),
  refused: (e) => e instanceof XmlError,
  holds: (root) => {
    const again = (e: XmlElement): ReturnType<typeof node> =>
      node('x', e.children.length > 0 ? e.children.map(again) : e.text)
    demand(
      readXml(new Uint8Array(Buffer.from(writeXml(again(root as XmlElement))))).name === 'x',
      'it does not come back',
    )
  },
}

const message = node('SyncML', [
  node('SyncHdr', [node('VerDTD', '1.2'), node('SessionID', '7'), node('Source', [node('LocURI', 'x')])]),
  node('SyncBody', [node('Alert', [node('CmdID', '2'), node('Data', '1201')]), node('Final')]),
])
const wbxml: Specimen = {
  name: 'wbxml',
  good: [new Uint8Array(writeWbxml(message))],
  bad: [
    '',
    hex('03'),
    hex('03 01 6a 00'),
    hex('03 01 6a 00 01'),
    hex('03 01 6a ff ff ff ff 7f 6d'),
    hex(`03 01 6a 00 ${'6d '.repeat(500)}`),
  ],
  read: (bytes) => readWbxml(bytes),
  refused: (e) => e instanceof XmlError,
}

const derSpecimen: Specimen = {
  name: 'der',
  good: [certificate, signed, streamed, hex('30 80 02 01 07 00 00')],
  bad: [
    '',
    hex('30'),
    hex('30 80'),
    hex('30 84 ff ff ff ff'),
    hex('30 88 7f ff ff ff ff ff ff ff'),
    hex('1f ff ff ff 7f 00'),
    hex('30 80'.repeat(2000)),
    hex('02 01 07 00'),
  ],
  read: (bytes) => readDer(bytes),
  refused: (e) => e instanceof DerError,
}

/** What a device signs of itself. Whoever changes one bit of what counts is found out; what does not count may differ. */
const cms: Specimen = {
  name: 'cms-signed',
  good: [signed, streamed],
  bad: ['', certificate, signed.slice(0, 200), signed.with(signed.length - 1, (signed.at(-1) ?? 0) ^ 1)],
  read: (bytes) => openSigned(bytes),
  refused: (e) => e instanceof CmsError || e instanceof DerError,
  holds: (opened) => {
    const { content } = opened as { content?: Uint8Array }
    demand(content !== undefined && text(content) === '<plist/>', 'a forged message was taken for a signed one')
  },
}
const x509: Specimen = {
  name: 'certificate',
  good: [certificate],
  bad: ['', signed, certificate.slice(0, 100), 'hello'],
  read: (bytes) => readCertificate(bytes),
  refused: (e) => e instanceof CmsError || e instanceof DerError,
}

export const protocols: readonly Specimen[] = [plist, xml, wbxml, derSpecimen, cms, x509]
