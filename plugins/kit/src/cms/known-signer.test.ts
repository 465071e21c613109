/** The quick look at a signature: it finds who signed where `openSigned` does, and nobody where that refuses. */
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { context, der, integer, nothing, octets, oid, sequence, setOf, tags, time, utf8 } from '../der/index.ts'
import { cmsOids, knownSigner, openSigned, readCertificate, signData } from './index.ts'

const ecdsaSha256 = '1.2.840.10045.4.3.2'
const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const name = (text: string) => sequence(setOf(sequence(oid('2.5.4.3'), utf8(text))))

function certificate(of: KeyObject, serial: number, subject: string): Buffer {
  const day = 86_400_000
  const content = sequence(
    der(context(0), integer(2)),
    integer(serial),
    sequence(oid(ecdsaSha256)),
    name('Authority'),
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + day))),
    name(subject),
    of.export({ type: 'spki', format: 'der' }),
  )
  const bits = der(tags.bits, Buffer.from([0]), sign('sha256', content, authority))
  return sequence(content, sequence(oid(ecdsaSha256)), bits)
}
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const own = {
  rsa: { key: rsa.privateKey, certificate: certificate(rsa.publicKey, 5, 'device') },
  ec: { key: ec.privateKey, certificate: certificate(ec.publicKey, 6, 'other device') },
}
for (const { certificate } of Object.values(own)) readCertificate(certificate)
const body = Buffer.from('<plist>what the device says</plist>')

/** What the whole reader says of it. */
function whole(message: Buffer, content: Buffer): Buffer | undefined {
  try {
    const { signers } = openSigned(message, content)
    return signers.length === 1 ? signers[0]?.certificate.der : undefined
  } catch {
    return undefined
  }
}

/** Without attributes. */
function bare(by: (typeof own)['rsa'], algorithm: string, serial = by === own.rsa ? 5 : 6): Buffer {
  const signer = sequence(
    integer(1),
    sequence(name('Authority'), integer(serial)),
    sequence(oid('2.16.840.1.101.3.4.2.1'), nothing()),
    sequence(oid(algorithm)),
    octets(sign('sha256', body, by.key)),
  )
  return sequence(
    oid(cmsOids.signedData),
    der(
      context(0),
      sequence(
        integer(1),
        setOf(),
        sequence(oid(cmsOids.data)),
        der(context(0), by.certificate),
        der(tags.set, signer),
      ),
    ),
  )
}
const good = [
  signData({ content: body, ...own.rsa, detached: true }),
  signData({ content: body, ...own.rsa, detached: true, digest: 'sha1' }),
  signData({ content: body, ...own.ec, detached: true }),
  bare(own.rsa, cmsOids.rsa),
  bare(own.rsa, '1.2.840.113549.1.1.11'),
  bare(own.ec, ecdsaSha256),
]

test('whose certificate is known is found: RSA and EC, with attributes and without', () => {
  for (const [i, message] of good.entries()) {
    const found = knownSigner(Buffer.from(message), body)
    assert.ok(found, String(i))
    assert.deepEqual(found.der, whole(message, body))
    assert.equal(knownSigner(Buffer.from(message), Buffer.from('another body')), undefined)
  }
})

test('a certificate that was never read, a chain, and a content inside are for the whole reader', () => {
  const key = createPrivateKey(own.rsa.key.export({ type: 'pkcs8', format: 'pem' }))
  const strange = { key, certificate: certificate(rsa.publicKey, 7, 'stranger') }
  const message = bare(strange, cmsOids.rsa, 7)
  assert.equal(knownSigner(message, body), undefined)
  assert.ok(whole(message, body))
  assert.ok(knownSigner(message, body), 'by now it is known')
  const chained = signData({ content: body, ...own.rsa, detached: true, chain: [own.ec.certificate] })
  assert.equal(knownSigner(chained, body), undefined)
  assert.equal(knownSigner(signData({ content: body, ...own.rsa }), body), undefined)
})

test('a message is as it was when it was looked at', () => {
  for (const message of good) {
    const copy = Buffer.from(message)
    knownSigner(copy, body)
    assert.deepEqual(copy, message)
    knownSigner(copy, Buffer.from('another body'))
    assert.deepEqual(copy, message)
  }
})

test('of changed bytes it finds nobody whom the whole reader does not find', () => {
  const change = fc.record({
    at: fc.nat(),
    put: fc.uint8Array({ minLength: 0, maxLength: 3 }),
    gone: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.constantFrom(...good), fc.array(change, { maxLength: 3 }), (message, changes) => {
      let bytes = Buffer.from(message)
      for (const { at, put, gone } of changes) {
        const i = at % bytes.length
        bytes = Buffer.concat([bytes.subarray(0, i), put, bytes.subarray(i + gone)])
      }
      const found = knownSigner(Buffer.from(bytes), body)
      if (found) assert.deepEqual(found.der, whole(bytes, body))
    }),
    { numRuns: 2_000 },
  )
  for (const message of [good[0], good[5]] as Buffer[])
    for (let i = 0; i < message.length; i++) {
      const bytes = Buffer.from(message)
      bytes[i] = (bytes[i] as number) ^ (1 << (i % 8))
      const found = knownSigner(Buffer.from(bytes), body)
      if (found) assert.deepEqual(found.der, whole(bytes, body), `byte ${i}`)
    }
})
