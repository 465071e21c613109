/** SOAP: clients' envelopes in their shapes, hostile ones within their bounds, and faults by the table of MS-MDE2 2.2.10. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, childrenOf, readXml, textAt, type XmlElement } from '@muster/kit/xml'
import fc from 'fast-check'
import { envelopeBytes, faultReply, namespaces, readEnvelope, SoapFault, soapReply } from './index.ts'

const bytes = (text: string) => Buffer.from(text)
const envelope = (o: { ns?: string; header?: string; body?: string } = {}) => `<?xml version="1.0"?>
<s:Envelope xmlns:s="${o.ns ?? namespaces.soap}" xmlns:a="${namespaces.addressing}" xmlns:wsse="${namespaces.security}">
  <s:Header><a:Action s:mustUnderstand="1">
      urn:action </a:Action><a:MessageID>urn:uuid: 748132ec
      </a:MessageID>${o.header ?? ''}</s:Header><s:Body>${o.body ?? '<x xmlns="urn:x"/>'}</s:Body></s:Envelope>`
const security = (inside: string) => `<wsse:Security s:mustUnderstand="1">${inside}</wsse:Security>`

test('an envelope of either SOAP, with ids wrapped as Microsoft’s examples wrap them', () => {
  for (const ns of [namespaces.soap, namespaces.oldSoap]) {
    const m = readEnvelope(bytes(envelope({ ns })))
    assert.deepEqual(
      [m?.action, m?.messageId, m?.body.name, m?.body.ns],
      ['urn:action', 'urn:uuid: 748132ec', 'x', 'urn:x'],
    )
    assert.equal(m?.username ?? m?.token, undefined)
  }
})

test('what somebody proves themselves with', () => {
  const token = (password: string) =>
    security(`<wsse:UsernameToken><wsse:Username> ada@example.org
      </wsse:Username><wsse:Password wsse:Type="#PasswordText">${password}</wsse:Password></wsse:UsernameToken>`)
  const read = (header: string) => readEnvelope(bytes(envelope({ header })))
  assert.deepEqual(read(token(' pass word ')), {
    ...read(''),
    username: { username: 'ada@example.org', password: ' pass word ' },
  })
  assert.equal(read(token('\n   mypassword\n      '))?.username?.password, 'mypassword')
  assert.equal(read(token('a&lt;b&amp;'))?.username?.password, 'a<b&')
  const binary = security(`<wsse:BinarySecurityToken ValueType=" urn:kind ">
     QUJD </wsse:BinarySecurityToken>`)
  assert.deepEqual(read(binary)?.token, { valueType: 'urn:kind', text: 'QUJD' })
})

test('what is no SOAP message is none, whatever it is', () => {
  const nothing: [string, string | Buffer][] = [
    ['empty', ''],
    ['text', 'hello'],
    ['other XML', '<Envelope/>'],
    ['another namespace', envelope({ ns: 'urn:soap' })],
    ['no body', `<s:Envelope xmlns:s="${namespaces.soap}"><s:Header/></s:Envelope>`],
    ['an empty body', envelope({ body: ' ' })],
    ['two elements', envelope({ body: '<a/><b/>' })],
    ['a DTD', envelope().replace('?>', '?><!DOCTYPE s [<!ENTITY a "b">]>')],
    ['an entity', envelope({ body: '<a>&b;</a>' })],
    [
      'a bomb',
      envelope()
        .replace('?>', '?><!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>')
        .replace('urn:action', '&b;'),
    ],
    ['depth', envelope({ body: '<a>'.repeat(40) + '</a>'.repeat(40) })],
    ['many', envelope({ body: `<a>${'<b/>'.repeat(2000)}</a>` })],
    ['length', envelope({ body: `<a>${'b'.repeat(envelopeBytes)}</a>` })],
    ['a processing instruction', envelope({ body: '<a><?b c?></a>' })],
    ['letters that are none', Buffer.concat([bytes('<s:Envelope'), Buffer.from([0xff, 0xfe])])],
  ]
  for (const [what, given] of nothing) assert.equal(readEnvelope(Buffer.from(given)), undefined, what)
})

test('any change of a message is a message or none', () => {
  const good = bytes(
    envelope({ header: security('<wsse:UsernameToken><wsse:Username>a</wsse:Username></wsse:UsernameToken>') }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }), (edits) => {
      const changed = Buffer.from(good)
      for (const [i, to] of edits) changed[i % changed.length] = to
      const m = readEnvelope(changed)
      if (m) assert.equal(typeof m.messageId + typeof m.body.name, 'stringstring')
    }),
    { numRuns: 500 },
  )
})

const written = (r: { body?: Uint8Array | string }): XmlElement => readXml(Buffer.from(r.body ?? ''))

test('an answer says how long it is and whose question it answers', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 60 }).filter((s) => !/\p{C}/u.test(s)),
      (id) => {
        const reply = soapReply({ action: 'urn:answer', relatesTo: id, body: '<x/>' })
        assert.equal(reply.headers?.['content-length'], String(Buffer.from(reply.body ?? '').length))
        assert.equal(reply.headers?.['transfer-encoding'], undefined)
        const root = written(reply)
        assert.equal(root.ns, namespaces.soap)
        assert.equal(at(root, 'Header', 'RelatesTo')?.text, id)
        assert.equal(textAt(root, 'Header', 'Action'), 'urn:answer')
      },
    ),
    { numRuns: 50 },
  )
})

test('faults carry Microsoft’s codes', () => {
  const table = [
    ['MessageFormat', '80180001', 's:MessageFormat'],
    ['Authentication', '80180002', 's:Authentication'],
    ['Authorization', '80180003', 's:Authorization'],
    ['CertificateRequest', '80180004', 's:CertificateRequest'],
    ['EnrollmentServer', '80180005', 's:EnrollmentServer'],
    ['InternalServiceFault', '80180006', 'a:InternalServiceFault'],
    ['InvalidSecurity', '80180007', 'a:InvalidSecurity'],
  ] as const
  for (const [kind, code, subcode] of table) {
    const fault = new SoapFault(kind, 'a <b> & "c"')
    assert.equal(fault.code, code)
    const reply = faultReply({ action: 'urn:answer', relatesTo: 'urn:uuid:1', fault })
    assert.deepEqual([reply.status, reply.headers?.['content-type']], [500, 'application/soap+xml; charset=utf-8'])
    const root = written(reply)
    const inside = at(root, 'Body', 'Fault')
    assert.equal(textAt(root, 'Header', 'RelatesTo'), 'urn:uuid:1')
    assert.deepEqual(
      [textAt(inside, 'Code', 'Value'), textAt(inside, 'Code', 'Subcode', 'Value'), textAt(inside, 'Reason', 'Text')],
      ['s:Receiver', subcode, 'a <b> & "c"'],
    )
    assert.deepEqual(childrenOf(inside, 'Detail'), [])
  }
  const detailed = [
    ['DeviceCapReached', '80180013'],
    ['DeviceNotSupported', '80180014'],
    ['NotSupported', '80180015'],
    ['NotEligibleToRenew', '80180016'],
    ['InMaintenance', '80180017'],
    ['UserLicense', '80180018'],
    ['InvalidEnrollmentData', '80180019'],
    ['CustomServerError', '80180032'],
  ] as const
  for (const [kind, code] of detailed) {
    const fault = new SoapFault(kind, 'why')
    assert.equal(fault.code, code)
    const detail = at(
      written(faultReply({ action: 'a', relatesTo: '', fault })),
      'Body',
      'Fault',
      'Detail',
      'DeviceEnrollmentServiceError',
    )
    assert.equal(detail?.ns, namespaces.enrolment)
    assert.deepEqual([textAt(detail, 'ErrorType'), textAt(detail, 'Message')], [kind, 'why'])
    assert.match(textAt(detail, 'TraceId') ?? '', /^[0-9a-f-]{36}$/)
  }
})
