/** CMS EnvelopedData (RFC 5652, 6) for a key of ours: opened and made, with the content ciphers that SCEP clients and Apple's services use. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import {
  context,
  DerError,
  der,
  type Element,
  expect,
  integer,
  isTag,
  nothing,
  octets,
  oid,
  pieces,
  readOid,
  sequence,
  setOf,
  tags,
} from '../der/index.ts'
import { type Cipher, cipherOf, ciphers, oids } from './algorithms.ts'
import { type CertificateParts, readCertificate } from './certificate.ts'
import { CmsError, isFor, unwrap } from './signed.ts'

export interface Recipient {
  certificate: Uint8Array
  key: KeyObject
}
const closed = () => new CmsError('forged', 'it cannot be opened with our key')

/** The content, and the cipher to answer with. Whatever is wrong with the key or the padding is told in the same words. Throws CmsError. */
export function openEnveloped(
  message: Uint8Array,
  recipients: readonly Recipient[],
): { content: Buffer; cipher: Cipher } {
  const data = unwrap(message, oids.envelopedData)
  try {
    return openData(data, recipients)
  } catch (e) {
    throw e instanceof DerError ? new CmsError('unreadable', e.message) : e
  }
}

function openData(data: Element, recipients: readonly Recipient[]): { content: Buffer; cipher: Cipher } {
  const infos = data.items.find((e) => isTag(e, tags.set))?.items ?? []
  if (infos.length > 16) throw new CmsError('unreadable', 'too many recipients')
  const encrypted = expect(
    data.items.findLast((e) => isTag(e, tags.sequence)),
    tags.sequence,
    'encrypted content',
  )
  const [, algorithm, contentElement] = encrypted.items
  const cipher = cipherOf(readOid(algorithm?.items[0]))
  if (!cipher) throw new CmsError('unsupported', 'a cipher that is not known here')
  const { node, key: size, iv: ivSize, repeat } = ciphers[cipher]
  const iv = pieces(expect(algorithm?.items[1], tags.octets, 'initialisation vector'))
  if (iv.length !== ivSize) throw new CmsError('unreadable', 'a wrong initialisation vector')
  if (!isTag(contentElement, context(0)) && !isTag(contentElement, context(0, false)))
    throw new CmsError('unreadable', 'there is no content')
  const key = contentKey(infos, recipients)
  if (key.length !== size) throw closed()
  try {
    const d = createDecipheriv(node, repeat ? Buffer.concat([key, key, key]) : key, iv)
    return { content: Buffer.concat([d.update(pieces(contentElement)), d.final()]), cipher }
  } catch {
    throw closed()
  }
}

function contentKey(infos: readonly Element[], recipients: readonly Recipient[]): Buffer {
  const known = recipients.map((r) => ({ parts: readCertificate(r.certificate), key: r.key }))
  for (const info of infos) {
    if (!isTag(info, tags.sequence)) continue
    const [, id, algorithm, encrypted] = info.items
    const recipient = known.find((r) => isFor(id, r.parts))
    if (!recipient) continue
    const type = readOid(algorithm?.items[0])
    if (type !== oids.rsa) throw new CmsError('unsupported', 'a key transport that is not known here')
    try {
      return privateDecrypt(
        { key: recipient.key, padding: constants.RSA_PKCS1_PADDING },
        pieces(expect(encrypted, tags.octets, 'key')),
      )
    } catch (e) {
      throw e instanceof DerError ? e : closed()
    }
  }
  throw closed()
}

/** Enveloped for one RSA certificate. */
export function envelop(content: Uint8Array, to: Uint8Array, cipher: Cipher): Buffer {
  const certificate = readCertificate(to)
  const { oid: id, node, key: size, iv: ivSize, repeat } = ciphers[cipher]
  const key = randomBytes(size)
  const iv = randomBytes(ivSize)
  const c = createCipheriv(node, repeat ? Buffer.concat([key, key, key]) : key, iv)
  const encrypted = Buffer.concat([c.update(content), c.final()])
  const wrapped = publicEncrypt({ key: certificate.key, padding: constants.RSA_PKCS1_PADDING }, key)
  return sequence(
    oid(oids.envelopedData),
    der(
      context(0),
      sequence(
        integer(0),
        setOf(sequence(integer(0), issuerAndSerial(certificate), sequence(oid(oids.rsa), nothing()), octets(wrapped))),
        sequence(oid(oids.data), sequence(oid(id), octets(iv)), der(context(0, false), encrypted)),
      ),
    ),
  )
}

/** IssuerAndSerialNumber (RFC 5652, 10.2.4). */
export function issuerAndSerial(c: CertificateParts): Buffer {
  return sequence(c.issuer, der(tags.integer, c.serial))
}
