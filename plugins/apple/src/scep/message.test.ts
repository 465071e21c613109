/** The reader of SCEP messages, against every client's algorithms and against bytes that somebody changed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Cipher, Digest } from '@muster/kit/cms'
import { context, der, nothing, octets, oid, sequence, setOf, tags, utf8 } from '@muster/kit/der'
import { certificateRequest, readCertRep, rsaKey, scepMessage, selfSigned } from '@muster/kit/testing'
import fc from 'fast-check'
import { type Authority, challengeOf, readScep, ScepError, writeScep } from './message.ts'

const ra = selfSigned(rsaKey(), 'authority')
const authority: Authority = { key: ra.key, chain: [ra.certificate] }
const key = rsaKey()
const by = selfSigned(key)
const csr = certificateRequest(key, { challenge: 'secret' })
const common = { authority: ra.certificate, by, content: csr }
const fails = (fail: string) => (e: unknown) => e instanceof ScepError && e.fail === fail

for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'] satisfies Digest[])
  for (const cipher of ['des', '3des', 'aes128', 'aes192', 'aes256'] satisfies Cipher[])
    test(`${digest} and ${cipher} are read, and answered alike`, async () => {
      const nonce = randomBytes(16)
      const r = readScep(scepMessage({ ...common, digest, cipher, nonce, transaction: 'T+/=1' }), authority)
      assert.deepEqual([r.type, r.transactionId, r.cipher, r.digest], ['PKCSReq', 'T+/=1', cipher, digest])
      assert.deepEqual([Buffer.from(r.senderNonce), Buffer.from(r.content)], [nonce, csr])
      assert.deepEqual(Buffer.from(r.signer), Buffer.from(by.certificate))
      const rep = readCertRep(await writeScep(r, { issued: [by.certificate, ra.certificate] }, authority), by)
      assert.deepEqual(
        [rep.status, rep.transaction, rep.cipher, rep.digest, rep.fail],
        ['0', 'T+/=1', cipher, digest, undefined],
      )
      assert.deepEqual(rep.recipientNonce, nonce)
      assert.deepEqual(
        rep.certificates.map((c) => Buffer.from(c)),
        [by.certificate, ra.certificate],
      )
    })

test('failure and pending carry no content', async () => {
  const r = readScep(scepMessage(common), authority)
  const failed = readCertRep(await writeScep(r, { fail: 'badTime' }, authority), by)
  assert.deepEqual([failed.status, failed.fail, failed.certificates], ['2', '3', []])
  const pending = readCertRep(await writeScep(r, { pending: true }, authority), by)
  assert.deepEqual([pending.status, pending.fail, pending.certificates], ['3', undefined, []])
})

test('what is missing or odd is told by its name', () => {
  const read = (o: Parameters<typeof scepMessage>[0]) => () => readScep(scepMessage(o), authority)
  assert.throws(read({ ...common, type: '22' }), fails('badRequest'))
  assert.throws(read({ ...common, type: '' }), fails('badRequest'))
  for (const without of ['type', 'transaction', 'senderNonce'] as const)
    assert.throws(read({ ...common, without: [without] }), fails('badRequest'))
  assert.throws(read({ ...common, transaction: 'x'.repeat(129) }), fails('badRequest'))
  for (const size of [0, 7, 65]) assert.throws(read({ ...common, nonce: Buffer.alloc(size, 1) }), fails('badRequest'))
  // Enveloped for somebody else: it can still be answered.
  const other = selfSigned(rsaKey(), 'somebody else')
  assert.throws(
    read({ ...common, authority: other.certificate }),
    (e) => e instanceof ScepError && e.fail === 'badMessageCheck' && e.to?.transactionId !== undefined,
  )
})

test('a message that somebody changed or cut is refused, or says what it said', () => {
  const message = scepMessage(common)
  const judge = (bytes: Uint8Array) => {
    try {
      assert.deepEqual(Buffer.from(readScep(bytes, authority).content), csr)
    } catch (e) {
      assert.ok(e instanceof ScepError, String(e))
    }
  }
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }), (edits) => {
      const changed = Buffer.from(message)
      for (const [i, to] of edits) changed[i % changed.length] = to
      judge(changed)
    }),
    { numRuns: 1500 },
  )
  fc.assert(
    fc.property(fc.nat(message.length - 1), (n) => {
      assert.throws(() => readScep(message.subarray(0, n), authority), ScepError)
    }),
    { numRuns: 200 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => judge(bytes)),
    { numRuns: 300 },
  )
})

test('what stands inside the envelope may be anything', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (content) => {
      const r = readScep(scepMessage({ ...common, content }), authority)
      assert.deepEqual(Buffer.from(r.content), Buffer.from(content))
    }),
    { numRuns: 20 },
  )
})

test('the challenge in each kind of string', () => {
  const code = '7ZK2M-Q0V9R-XTB4C-HW8JD'
  const wide = Buffer.from(code, 'utf16le').swap16()
  for (const challenge of [
    code,
    utf8(code),
    der(0x14, Buffer.from(code)),
    der(tags.ia5, Buffer.from(code)),
    der(tags.bmp, wide),
  ])
    assert.equal(challengeOf(certificateRequest(key, { challenge })), code)
  assert.equal(challengeOf(certificateRequest(key)), undefined)
  const odd = sequence(
    sequence(oid('1.2.3')),
    der(context(0), sequence(oid('1.2.840.113549.1.9.7'), setOf())),
    nothing(),
  )
  assert.equal(challengeOf(odd), undefined)
})

test('a challenge in a request that somebody changed is read, or refused in words', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (edits) => {
      const changed = Buffer.from(csr)
      for (const [i, to] of edits) changed[i % changed.length] = to
      try {
        challengeOf(changed)
      } catch (e) {
        assert.equal((e as Error).name, 'DerError')
      }
    }),
    { numRuns: 2000 },
  )
  assert.throws(() => challengeOf(octets(Buffer.alloc(3)).subarray(1)), { name: 'DerError' })
})
