/** Signed and enveloped messages (RFC 5652) as devices make and read them: signatures in each form seen in the wild, envelopes for SCEP. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { issuerAndSerial } from './certificate.ts'
import {
  context,
  indefinite,
  int,
  item,
  type Node,
  NotDer,
  nul,
  octets,
  oid,
  oidOf,
  read,
  seq,
  setOf,
  tag,
  tlv,
  utcTime,
} from './der.ts'

const ids = {
  data: '1.2.840.113549.1.7.1',
  signed: '1.2.840.113549.1.7.2',
  enveloped: '1.2.840.113549.1.7.3',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  rsa: '1.2.840.113549.1.1.1',
} as const
export type Digest = 'sha1' | 'sha256' | 'sha512'
const digests: Readonly<Record<Digest, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const ecdsa: Readonly<Record<Digest, string>> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha512: '1.2.840.10045.4.3.4',
}

/** How a message is signed. */
export interface Form {
  readonly digest: Digest
  /** With contentType, signingTime and messageDigest; else the signature is over the content itself. */
  readonly attributes: boolean
  readonly detached: boolean
  /** BER of indefinite length, as Security.framework writes it. */
  readonly ber: boolean
}
/** As in captures of real devices and of clients of the protocol. */
export const forms: Readonly<Record<string, Form>> = {
  mac: { digest: 'sha1', attributes: false, detached: true, ber: true },
  phone: { digest: 'sha256', attributes: true, detached: true, ber: true },
  library: { digest: 'sha1', attributes: true, detached: true, ber: false },
  modern: { digest: 'sha256', attributes: true, detached: true, ber: false },
  plain: { digest: 'sha256', attributes: false, detached: true, ber: false },
  enclosed: { digest: 'sha256', attributes: true, detached: false, ber: false },
}

export interface Signing {
  readonly key: KeyObject
  readonly certificate: Uint8Array
}
export interface SignAsked extends Form {
  readonly now: Date
  /** Further signed attributes: identifier, and the DER of the value. */
  readonly more?: readonly (readonly [string, Buffer])[]
}

export function signed(content: Uint8Array, by: Signing, o: SignAsked): Buffer {
  const wrap = o.ber ? indefinite : tlv
  const attribute = (id: string, value: Buffer) => seq(oid(id), setOf(value))
  const attributes = o.attributes
    ? setOf(
        attribute(ids.contentType, oid(ids.data)),
        attribute(ids.signingTime, utcTime(o.now)),
        attribute(ids.messageDigest, octets(createHash(o.digest).update(content).digest())),
        ...(o.more ?? []).map(([id, value]) => attribute(id, value)),
      )
    : undefined
  const over = attributes ?? content
  const algorithm = by.key.asymmetricKeyType === 'ec' ? seq(oid(ecdsa[o.digest])) : seq(oid(ids.rsa), nul())
  const signer = seq(
    int(1),
    issuerAndSerial(by.certificate),
    seq(oid(digests[o.digest]), nul()),
    // Implicitly tagged in the message, a plain SET where it is signed (RFC 5652, 5.4).
    ...(attributes ? [Buffer.concat([Buffer.from([context(0)]), attributes.subarray(1)])] : []),
    algorithm,
    octets(sign(o.digest, over, by.key)),
  )
  const enclosed = o.ber ? indefinite(0x24, octets(content)) : octets(content)
  const data = wrap(
    tag.sequence,
    int(1),
    setOf(seq(oid(digests[o.digest]), nul())),
    wrap(tag.sequence, oid(ids.data), ...(o.detached ? [] : [wrap(context(0), enclosed)])),
    wrap(context(0), Buffer.from(by.certificate)),
    setOf(signer),
  )
  return wrap(tag.sequence, oid(ids.signed), wrap(context(0), data))
}

export interface Opened {
  readonly content: Buffer
  /** DER of all certificates that it carries. */
  readonly certificates: readonly Buffer[]
  /** Who signed it; absent when nobody did, as in a bag of certificates. */
  readonly signer?: X509Certificate
  /** DER of the first value of each signed attribute. */
  readonly attributes: ReadonlyMap<string, Buffer>
}

/** Checks the signature, not whose it is. `detached`: the content, where the message does not carry it. Throws NotDer, or Error when it is not of the content. */
export function open(message: Uint8Array, detached?: Buffer): Opened {
  const whole = read(message)
  if (oidOf(item(whole, 0)) !== ids.signed) throw new NotDer('no signed message')
  const data = item(item(whole, 1), 0)
  const inner = item(data, 2)
  const content = inner.items[1]?.items[0]?.content ?? detached ?? Buffer.alloc(0)
  const certificates = (data.items.find((n) => n.tag === context(0))?.items ?? []).map((n) => n.whole)
  const signers = data.items.findLast((n) => n.tag === tag.set)?.items ?? []
  const [one] = signers
  return one
    ? { content, certificates, ...judged(one, content, certificates) }
    : { content, certificates, attributes: new Map() }
}

function judged(one: Node, content: Buffer, certificates: readonly Buffer[]) {
  const named = item(one, 1).whole
  const mine = certificates.find((c) => issuerAndSerial(c).equals(named))
  if (!mine) throw new Error('The message does not carry the certificate of its signer.')
  const digest = (Object.keys(digests) as Digest[]).find((d) => digests[d] === oidOf(item(item(one, 2), 0)))
  if (!digest) throw new Error('The message is signed by a digest that is not known here.')
  const set = one.items.find((n) => n.tag === context(0))
  const attributes = new Map((set?.items ?? []).map((a) => [oidOf(item(a, 0)), item(item(a, 1), 0).whole]))
  const told = attributes.get(ids.messageDigest)
  if (set && (!told || !read(told).content.equals(createHash(digest).update(content).digest())))
    throw new Error('The digest in the signature is of another content.')
  const over = set ? Buffer.concat([Buffer.from([tag.set]), set.whole.subarray(1)]) : content
  const signer = new X509Certificate(mine)
  const signature = one.items.findLast((n) => n.tag === tag.octets)?.content ?? Buffer.alloc(0)
  if (!verify(digest, over, signer.publicKey, signature)) throw new Error('The signature is forged.')
  return { signer, attributes }
}

export type Cipher = 'des3' | 'aes128' | 'aes256'
const ciphers: Readonly<Record<Cipher, { id: string; name: string; key: number; iv: number }>> = {
  des3: { id: '1.2.840.113549.3.7', name: 'des-ede3-cbc', key: 24, iv: 8 },
  aes128: { id: '2.16.840.1.101.3.4.1.2', name: 'aes-128-cbc', key: 16, iv: 16 },
  aes256: { id: '2.16.840.1.101.3.4.1.42', name: 'aes-256-cbc', key: 32, iv: 16 },
}

export function enveloped(content: Uint8Array, to: Uint8Array, cipher: Cipher): Buffer {
  const { id, name, key: keyBytes, iv: ivBytes } = ciphers[cipher]
  const [key, iv] = [randomBytes(keyBytes), randomBytes(ivBytes)]
  const by = createCipheriv(name, key, iv)
  const hidden = Buffer.concat([by.update(content), by.final()])
  const padding = constants.RSA_PKCS1_PADDING
  const recipient = seq(
    int(0),
    issuerAndSerial(to),
    seq(oid(ids.rsa), nul()),
    octets(publicEncrypt({ key: new X509Certificate(to).publicKey, padding }, key)),
  )
  const data = seq(
    int(0),
    setOf(recipient),
    seq(oid(ids.data), seq(oid(id), octets(iv)), tlv(context(0) - 0x20, hidden)),
  )
  return seq(oid(ids.enveloped), tlv(context(0), data))
}

/** Throws NotDer, or Error when it is for another key. */
export function unsealed(message: Uint8Array, key: KeyObject): Buffer {
  const whole = read(message)
  if (oidOf(item(whole, 0)) !== ids.enveloped) throw new NotDer('no enveloped message')
  const data = item(item(whole, 1), 0)
  const recipient = item(item(data, 1, tag.set), 0)
  const padding = constants.RSA_PKCS1_PADDING
  const secret = privateDecrypt({ key, padding }, item(recipient, 3, tag.octets).content)
  const body = item(data, 2)
  const algorithm = item(body, 1)
  const cipher = Object.values(ciphers).find((c) => c.id === oidOf(item(algorithm, 0)))
  if (!cipher || secret.length !== cipher.key) throw new Error('The message is enveloped for another key.')
  const hidden = item(body, 2)
  const bytes = hidden.tag === context(0) ? Buffer.concat(hidden.items.map((n) => n.content)) : hidden.content
  const by = createDecipheriv(cipher.name, secret, item(algorithm, 1).content)
  return Buffer.concat([by.update(bytes), by.final()])
}
