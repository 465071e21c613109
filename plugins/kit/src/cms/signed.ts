/** CMS SignedData (RFC 5652, 5), verified: attached or detached, BER or DER, with or without signed attributes, RSA or EC. Whom a signer's certificate belongs to is for the caller to ask. */
import { createHash, timingSafeEqual, verify } from 'node:crypto'
import {
  context,
  DerError,
  definite,
  type Element,
  expect,
  inside,
  isTag,
  pieces,
  readDer,
  readOid,
  tags,
  whole,
} from '../der/index.ts'
import { type Digest, digestOf, oids, signatureOf } from './algorithms.ts'
import { type CertificateParts, readCertificate } from './certificate.ts'

/** `unreadable`: no CMS of this kind. `unsupported`: an algorithm that is not known here. `forged`: read well, but not true. */
export class CmsError extends Error {
  readonly code: 'unreadable' | 'unsupported' | 'forged'
  constructor(code: CmsError['code'], message: string) {
    super(message)
    this.name = 'CmsError'
    this.code = code
  }
}

export interface Signer {
  certificate: CertificateParts
  digest: Digest
  /** Values of the signed attributes, DER, by object identifier. */
  attributes: ReadonlyMap<string, readonly Element[]>
}
export interface Signed {
  content: Uint8Array
  contentType: string
  signers: readonly Signer[]
  certificates: readonly Uint8Array[]
}

/** Every signature holds, and there is at least one. `detached`: the content, when the message has none. Throws CmsError. */
export function openSigned(message: Uint8Array, detached?: Uint8Array): Signed {
  const data = unwrap(message, oids.signedData)
  try {
    return openData(data, detached)
  } catch (e) {
    throw e instanceof DerError ? new CmsError('unreadable', e.message) : e
  }
}

/** The contents of a ContentInfo of this type. Throws CmsError. */
export function unwrap(message: Uint8Array, type: string): Element {
  try {
    const info = expect(readDer(message), tags.sequence, 'ContentInfo')
    if (readOid(info.items[0]) !== type) throw new CmsError('unreadable', 'CMS of another kind')
    return expect(expect(info.items[1], context(0), 'content').items[0], tags.sequence, 'content')
  } catch (e) {
    throw e instanceof DerError ? new CmsError('unreadable', e.message) : e
  }
}

function openData(data: Element, detached: Uint8Array | undefined): Signed {
  const [, , encapsulated, ...rest] = data.items
  const info = expect(encapsulated, tags.sequence, 'content')
  const contentType = readOid(info.items[0])
  const own = info.items[1] && pieces(expect(info.items[1], context(0), 'content'))
  const content = detached ?? own
  if (!content) throw new CmsError('unreadable', 'there is no content')
  if (detached && own && !same(own, detached)) throw new CmsError('forged', 'it signs another content')
  const certificates = (rest.find((e) => isTag(e, context(0)))?.items ?? [])
    .filter((e) => isTag(e, tags.sequence))
    .map(whole)
  const infos = expect(rest.at(-1), tags.set, 'signers').items
  if (infos.length === 0) throw new CmsError('unreadable', 'nobody signed it')
  if (infos.length > 4 || certificates.length > 16) throw new CmsError('unreadable', 'too many signers or certificates')
  const known = certificates.map(readCertificate)
  return { content, contentType, certificates, signers: infos.map((s) => signer(s, known, content, contentType)) }
}

function signer(info: Element, known: readonly CertificateParts[], content: Uint8Array, contentType: string): Signer {
  const [, sid, digestAlgorithm, ...rest] = expect(info, tags.sequence, 'signer').items
  const digest = digestOf(readOid(digestAlgorithm?.items[0]))
  const attributesElement = isTag(rest[0], context(0)) ? rest.shift() : undefined
  const [signatureAlgorithm, signatureElement] = rest
  const algorithm = signatureOf(readOid(signatureAlgorithm?.items[0]))
  const signature = pieces(expect(signatureElement, tags.octets, 'signature'))
  if (!digest || !algorithm) throw new CmsError('unsupported', 'a digest or signature algorithm that is not known here')
  const certificate = known.find((c) => isFor(sid, c))
  if (!certificate) throw new CmsError('unreadable', "the signer's certificate is not in it")
  if (certificate.key.asymmetricKeyType !== algorithm.kind) throw new CmsError('forged', 'its key is of another kind')
  const attributes = attributesElement ? readAttributes(attributesElement) : new Map<string, readonly Element[]>()
  if (attributesElement) checkAttributes(attributes, digest, content, contentType)
  const signed = attributesElement ? attributeBytes(attributesElement) : content
  if (!verify(algorithm.digest ?? digest, signed, certificate.key, signature))
    throw new CmsError('forged', 'its signature is wrong')
  return { certificate, digest, attributes }
}

/** IssuerAndSerialNumber, or the subject's key identifier in [0]. */
export function isFor(id: Element | undefined, c: CertificateParts): boolean {
  if (isTag(id, tags.sequence)) {
    const [issuer, serial] = id.items
    return !!issuer && !!serial && same(whole(issuer), c.issuer) && same(inside(serial), c.serial)
  }
  if (isTag(id, context(0, false)) || isTag(id, context(0)))
    return !!c.keyIdentifier && same(pieces(id), c.keyIdentifier)
  return false
}

function readAttributes(set: Element): Map<string, readonly Element[]> {
  const found = new Map<string, readonly Element[]>()
  for (const a of set.items) {
    const id = readOid(expect(a, tags.sequence, 'attribute').items[0])
    if (found.has(id)) throw new CmsError('unreadable', 'an attribute that stands twice')
    found.set(id, expect(a.items[1], tags.set, 'attribute').items)
  }
  return found
}

function checkAttributes(
  of: ReadonlyMap<string, readonly Element[]>,
  digest: Digest,
  content: Uint8Array,
  contentType: string,
): void {
  const type = of.get(oids.contentType)?.[0]
  const said = of.get(oids.messageDigest)?.[0]
  if (type && readOid(type) !== contentType) throw new CmsError('forged', 'it signs a content of another type')
  const is = createHash(digest).update(content).digest()
  if (!said || !same(pieces(said), is)) throw new CmsError('forged', 'it signs another content')
}

/** What was signed: the attributes as a SET in DER (RFC 5652, 5.4). */
function attributeBytes(set: Element): Uint8Array {
  const bytes = Buffer.from(set.indefinite ? definite(set) : whole(set))
  bytes[0] = tags.set
  return bytes
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
