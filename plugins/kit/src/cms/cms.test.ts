/** CMS against OpenSSL, both ways, and against bytes that somebody changed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { context, DerError, der, oid, readDer, readOid, sequence } from '../der/index.ts'
import { CmsError, certificatesOnly, envelop, openEnveloped, openSigned, readCertificate, signData } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-cms-'))
after(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

interface Own {
  certificate: Buffer
  key: KeyObject
  name: string
}
function own(name: string, ...kind: string[]): Own {
  openssl(
    'req',
    '-x509',
    '-newkey',
    ...kind,
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  )
  return {
    name,
    certificate: Buffer.from(new X509Certificate(readFileSync(at(`${name}.pem`))).raw),
    key: createPrivateKey(readFileSync(at(`${name}.key`))),
  }
}
const rsa = own('rsa', 'rsa:2048')
const ec = own('ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256')
const body = Buffer.from('<plist>what the device says</plist>')
writeFileSync(at('body'), body)

/** As signed by OpenSSL. */
function signed(by: Own, ...more: string[]): Buffer {
  return openssl(
    'cms',
    '-sign',
    '-binary',
    '-in',
    'body',
    '-signer',
    `${by.name}.pem`,
    '-inkey',
    `${by.name}.key`,
    '-outform',
    'DER',
    ...more,
  )
}
const code = (c: CmsError['code']) => (e: unknown) => e instanceof CmsError && e.code === c

for (const by of [rsa, ec])
  for (const digest of ['sha1', 'sha256', 'sha512'])
    for (const form of [
      [],
      ['-noattr'],
      ['-stream'],
      ['-noattr', '-stream'],
      ['-nodetach'],
      ['-nodetach', '-stream'],
      ['-keyid'],
    ])
      test(`signed by OpenSSL: ${by.name} ${digest} ${form.join(' ')}`, () => {
        const message = signed(by, '-md', digest, ...form)
        const { signers, content } = openSigned(message, form.includes('-nodetach') ? undefined : body)
        assert.deepEqual(Buffer.from(content), body)
        assert.deepEqual(Buffer.from(signers[0]!.certificate.der), by.certificate)
        assert.throws(() => openSigned(message, Buffer.from('another body')), code('forged'))
      })

test('indefinite lengths are what -stream writes', () => assert.equal(readDer(signed(rsa, '-stream')).indefinite, true))

test('OpenSSL verifies what we sign, attributes and all', () => {
  for (const by of [rsa, ec]) {
    writeFileSync(
      at('ours'),
      signData({
        content: body,
        certificate: by.certificate,
        key: by.key,
        attributes: [['2.16.840.1.113733.1.9.2', Buffer.from([0x13, 1, 0x33])]],
      }),
    )
    const out = openssl(
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-in',
      'ours',
      '-CAfile',
      `${by.name}.pem`,
      '-purpose',
      'any',
    )
    assert.deepEqual(out, body)
    const opened = openSigned(readFileSync(at('ours')))
    assert.deepEqual([...opened.signers[0]!.attributes.keys()].length, 4)
  }
  const detached = signData({
    content: body,
    certificate: rsa.certificate,
    key: rsa.key,
    detached: true,
    digest: 'sha1',
  })
  assert.deepEqual(Buffer.from(openSigned(detached, body).content), body)
  assert.throws(() => openSigned(detached), code('unreadable'))
})

test('envelopes, both ways, in each cipher', () => {
  for (const [name, flag] of [
    ['3des', '-des3'],
    ['aes128', '-aes-128-cbc'],
    ['aes192', '-aes-192-cbc'],
    ['aes256', '-aes-256-cbc'],
  ] as const) {
    const theirs = openssl('cms', '-encrypt', '-binary', '-in', 'body', flag, '-outform', 'DER', 'rsa.pem')
    assert.deepEqual(openEnveloped(theirs, [{ certificate: rsa.certificate, key: rsa.key }]), {
      content: body,
      cipher: name,
    })
    writeFileSync(at('enveloped'), envelop(body, rsa.certificate, name))
    assert.deepEqual(
      openssl('cms', '-decrypt', '-inform', 'DER', '-in', 'enveloped', '-inkey', 'rsa.key', '-recip', 'rsa.pem'),
      body,
    )
  }
  const single = envelop(body, rsa.certificate, 'des')
  assert.deepEqual(openEnveloped(single, [{ certificate: rsa.certificate, key: rsa.key }]), {
    content: body,
    cipher: 'des',
  })
  const other = own('other', 'rsa:2048')
  assert.throws(() => openEnveloped(single, [other]), code('forged'))
})

test('certificates alone', () => {
  writeFileSync(at('certificates'), certificatesOnly([rsa.certificate, ec.certificate]))
  const text = openssl('pkcs7', '-inform', 'DER', '-in', 'certificates', '-print_certs').toString()
  assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2)
  assert.throws(() => openSigned(readFileSync(at('certificates')), body), code('unreadable'))
})

test('a message that somebody changed is refused, or says what it said', () => {
  const messages = [signed(rsa, '-nodetach'), signed(ec, '-nodetach', '-stream'), signed(rsa, '-noattr', '-nodetach')]
  fc.assert(
    fc.property(
      fc.nat(messages.length - 1),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (which, edits) => {
        const message = Buffer.from(messages[which]!)
        for (const [i, to] of edits) message[i % message.length] = to
        try {
          assert.deepEqual(Buffer.from(openSigned(message).content), body)
        } catch (e) {
          assert.ok(e instanceof CmsError, String(e))
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('an opened envelope never fails otherwise than in words', () => {
  const message = envelop(body, rsa.certificate, 'aes128')
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(), (edits, cut) => {
      const changed = Buffer.from(message)
      for (const [i, to] of edits) changed[i % changed.length] = to
      for (const bytes of [changed, message.subarray(0, cut % message.length)])
        try {
          openEnveloped(bytes, [{ certificate: rsa.certificate, key: rsa.key }])
        } catch (e) {
          assert.ok(e instanceof CmsError, String(e))
        }
    }),
    { numRuns: 300 },
  )
})

test('bombs of depth, length and number end at their bounds', () => {
  const wrong = (bytes: Uint8Array) => assert.throws(() => readDer(bytes), DerError)
  let deep: Uint8Array = Buffer.from([5, 0])
  for (let i = 0; i < 100; i++) deep = sequence(deep)
  wrong(deep)
  wrong(Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from([0x30, 0x80]))))
  wrong(Buffer.from([0x04, 0x84, 0xff, 0xff, 0xff, 0xff]))
  wrong(Buffer.from([0x04, 0x88, 1, 1, 1, 1, 1, 1, 1, 1]))
  wrong(Buffer.from([0x1f, 0x81, 0x01, 0x00]))
  wrong(Buffer.from([0x04, 0x80, 0, 0]))
  wrong(Buffer.from([0x30, 0x03, 0x04, 0x05, 0x00]))
  wrong(Buffer.from([5, 0, 5, 0]))
  wrong(der(context(0), Buffer.alloc(60_000, Buffer.from([5, 0]))))
  assert.throws(() => openSigned(Buffer.alloc(0), body), code('unreadable'))
})

test('object identifiers are written as they are read', () => {
  fc.assert(
    fc.property(fc.nat(2), fc.nat(39), fc.array(fc.nat(2 ** 31), { maxLength: 8 }), (a, b, more) => {
      const dotted = [a, b, ...more].join('.')
      assert.equal(readOid(readDer(oid(dotted))), dotted)
    }),
  )
})

test('a certificate that is none', () => {
  assert.throws(() => readCertificate(sequence(sequence(), oid('1.2.3'))), DerError)
  assert.throws(() => readCertificate(Buffer.from('hello')), DerError)
})
