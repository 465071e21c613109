/** Certificate requests looked at before anything is spent: real clients' shapes are taken, and whatever proves nothing is refused in words. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { context, der, integer, nothing, oid, printable, sequence, setOf, tags, utf8 } from '@muster/kit/der'
import { certificateRequest, ecKey, rsaKey } from '@muster/kit/testing'
import fc from 'fast-check'
import { SoapFault } from '../soap/index.ts'
import { checkRequest } from './csr.ts'

const key = rsaKey()
const deviceId = '7BA748C8703E4DF2A74A92984117346A'
interface Shape {
  subject?: Buffer
  key?: KeyObject
  signedBy?: KeyObject
  algorithm?: string
  digest?: string
}
function request(o: Shape = {}): Buffer {
  const of = o.key ?? key
  const name = sequence(setOf(sequence(oid('2.5.4.3'), o.subject ?? printable(`A1B2!${deviceId}\0`))))
  const spki = createPublicKey(of).export({ format: 'der', type: 'spki' })
  const content = sequence(integer(0), name, spki, der(context(0)))
  const signature = sign(o.digest ?? 'sha1', content, o.signedBy ?? of)
  const algorithm = sequence(oid(o.algorithm ?? '1.3.14.3.2.29'), nothing())
  return sequence(content, algorithm, der(tags.bits, Buffer.from([0]), signature))
}
const refused = (why: RegExp) => (e: unknown) =>
  e instanceof SoapFault && e.kind === 'CertificateRequest' && why.test(e.message)

test('what Windows sends', () => {
  checkRequest(request(), deviceId)
  checkRequest(request({ subject: utf8('ada@corp.example') }), deviceId)
  checkRequest(request({ subject: utf8(`x!{${deviceId.toLowerCase()}}`) }), deviceId)
  checkRequest(request({ subject: utf8('x!another') }))
  checkRequest(request({ algorithm: '1.2.840.113549.1.1.11', digest: 'sha256' }), deviceId)
  checkRequest(request({ algorithm: '1.2.840.113549.1.1.5' }), deviceId)
  checkRequest(certificateRequest(ecKey()), deviceId)
})

test('what proves nothing', () => {
  const cases: [Uint8Array, RegExp][] = [
    [request({ signedBy: rsaKey() }), /not signed with its own key/],
    [request({ digest: 'sha256' }), /not signed with its own key/],
    [request({ algorithm: '1.2.3.4' }), /not signed with its own key/],
    [request({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }), /not signed with its own key/],
    [request({ key: rsaKey(1024) }), /1024 bits/],
    [request({ key: generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey }), /exponent/],
    [certificateRequest(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), /curve/],
    [request({ subject: printable('A1B2!0000000000000000000000000000000F\0') }), /another device/],
    [Buffer.alloc(0), /empty/],
    [Buffer.alloc(20_000, 0x30), /longer/],
    [Buffer.from('-----BEGIN CERTIFICATE REQUEST-----'), /cannot be read/],
  ]
  for (const [csr, why] of cases) assert.throws(() => checkRequest(csr, deviceId), refused(why))
})

test('any change, and any bytes at all, are refused in words', () => {
  const good = certificateRequest(key)
  const changed = fc
    .tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([i, x]) => good.with(i, (good[i] ?? 0) ^ x))
  const cut = fc.nat(good.length - 1).map((n) => good.subarray(0, n))
  fc.assert(
    fc.property(fc.oneof(changed, cut, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      try {
        checkRequest(bytes)
        // A slack of the encoding outside of what is signed may be changed: the NULL beside an algorithm.
        assert.ok(Buffer.from(bytes).includes(createPublicKey(key).export({ format: 'der', type: 'spki' })))
      } catch (e) {
        if (!(e instanceof SoapFault)) throw e
      }
    }),
    { numRuns: 500 },
  )
})
