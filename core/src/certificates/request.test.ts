/** Requests as old clients make them: letters that the string type does not allow, and a signature under an identifier that libraries have forgotten. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { isProblem } from '@muster/contract'
import fc from 'fast-check'
import { derItems } from './encoding.ts'
import { readRequest } from './request.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })

function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), body])
}
const oid = (hex: string) => tlv(6, Buffer.from(hex, 'hex'))
const owner = 'A4B1!7BA748C8703E4DF2A74A92984117346A\0'

/** PKCS#10 with the subject as a PrintableString and the identifier 1.3.14.3.2.29. */
function request(o: { key?: typeof pair.privateKey; signedBy?: typeof pair.privateKey; digest?: string } = {}): Buffer {
  const key = o.key ?? pair.privateKey
  const name = tlv(0x30, tlv(0x31, tlv(0x30, oid('550403'), tlv(0x13, Buffer.from(owner)))))
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const content = tlv(0x30, tlv(2, Buffer.from([0])), name, spki, tlv(0xa0))
  const signature = sign(o.digest ?? 'sha1', content, o.signedBy ?? key)
  return tlv(0x30, content, tlv(0x30, oid('2b0e03021d'), tlv(5)), tlv(3, Buffer.from([0]), signature))
}
const refused = (text: RegExp) => (e: unknown) =>
  isProblem(e) && e.code === 'invalid-request' && text.test(JSON.stringify(e.extra))

test('a request signed as OIW names RSA with SHA-1 proves its key, whatever letters the subject has', async () => {
  const { publicKey, rsa } = await readRequest(request())
  assert.equal(rsa, true)
  assert.deepEqual(Buffer.from(publicKey.rawData), pair.publicKey.export({ format: 'der', type: 'spki' }))
})

test('the same identifier over a wrong signature, a foreign key or a weak one proves nothing', async () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  await assert.rejects(readRequest(request({ signedBy: other })), refused(/not signed with its own key/))
  await assert.rejects(readRequest(request({ digest: 'sha256' })), refused(/not signed with its own key/))
  await assert.rejects(readRequest(request({ key: weak })), refused(/1024 bits/))
  await assert.rejects(readRequest(request({ key: ec })), refused(/not signed with its own key/))
  const csr = request()
  await assert.rejects(readRequest(csr.with(60, csr[60]! ^ 1)), refused(/./))
})

test('items of any bytes lie within them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const items = derItems(bytes)
      assert.ok(items.reduce((n, i) => n + i.whole.length, 0) <= bytes.length)
      for (const i of items) assert.ok(i.inside.length <= i.whole.length)
    }),
  )
  assert.deepEqual(
    derItems(Buffer.from('3006020105040107', 'hex')).map((i) => i.inside[0]),
    [5, 7],
  )
})
