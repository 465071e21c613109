/**
 * A detached signature (RFC 5652, 5) by one signer whose certificate was read before, verified in one walk over its bytes: what the same devices
 * send again and again. Whatever is not surely that, or not surely true, is left to `openSigned`, which alone judges.
 */
import { hash, verify } from 'node:crypto'
import { context, oid, tags } from '../der/index.ts'
import { type Digest, digestOids, oids } from './algorithms.ts'
import { type CertificateParts, knownCertificate } from './certificate.ts'

/** The contents of an object identifier as they stand. */
const idOf = (dotted: string): Buffer => oid(dotted).subarray(2)
const signedData = idOf(oids.signedData)
const contentType = idOf(oids.contentType)
const messageDigest = idOf(oids.messageDigest)
/** Those that devices use, the usual ones first; others are for the long way. */
const digests = (['sha256', 'sha1'] as const).map((digest) => ({ id: idOf(digestOids[digest]), digest }))
const algorithms: readonly { id: Buffer; kind: 'rsa' | 'ec'; digest?: Digest }[] = [
  { id: idOf('1.2.840.113549.1.1.11'), kind: 'rsa', digest: 'sha256' },
  { id: idOf(oids.rsa), kind: 'rsa' },
  { id: idOf('1.2.840.113549.1.1.5'), kind: 'rsa', digest: 'sha1' },
  { id: idOf('1.2.840.10045.4.3.2'), kind: 'ec', digest: 'sha256' },
]
/** As OpenSSL itself writes them: other spellings are looked for by two more steps, a tenth of what verifying costs. */
const names: Readonly<Record<Digest, string>> = { sha1: 'SHA1', sha256: 'SHA256', sha384: 'SHA384', sha512: 'SHA512' }
const explicit0 = context(0)

/** Where a walk stands: `from` and `to` are the contents of the element that it stepped into or over. */
class Walk {
  readonly bytes: Buffer
  from = 0
  to = 0
  /** False after the first thing that is not as it should be. */
  well = true
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
  /** The element at `at`, which has this tag and ends by `limit`; answers where the next begins. */
  over(at: number, tag: number, limit: number): number {
    const { bytes } = this
    const first = bytes[at + 1]
    if (!this.well || first === undefined || at + 2 > limit || bytes[at] !== tag) return this.odd(at)
    let length = first
    let from = at + 2
    if (first > 0x82) return this.odd(at)
    if (first >= 0x80) {
      const size = first & 0x7f
      if (size === 0 || from + size > limit) return this.odd(at)
      length = size === 1 ? (bytes[from] as number) : bytes.readUInt16BE(from)
      from += size
    }
    if (from + length > limit) return this.odd(at)
    this.from = from
    this.to = from + length
    return this.to
  }
  odd(at: number): number {
    this.well = false
    return at
  }
  /** Where it stands now has these contents. */
  is(expected: Buffer): boolean {
    const { bytes, from, to } = this
    if (!this.well || to - from !== expected.length) return false
    for (let i = 0; i < expected.length; i += 1) if (bytes[from + i] !== expected[i]) return false
    return true
  }
  slice(): Buffer {
    return this.bytes.subarray(this.from, this.to)
  }
}

/** What was read well: it is true if the signature holds, and then only. Its bytes are the message's. */
export interface Claim {
  certificate: CertificateParts
  /** Of the digest, as OpenSSL writes it. */
  digest: string
  signed: Uint8Array
  signature: Uint8Array
  /** `signed` are attributes: signed as the SET that they are, not as the place that they have in the message (RFC 5652, 5.4). */
  attributes: boolean
}

/** The certificate whose key signed `content`; undefined: it is not known here, `openSigned` tells. */
export function knownSigner(message: Buffer, content: Uint8Array): CertificateParts | undefined {
  const claim = claimOf(message, content)
  return claim && holds(claim) ? claim.certificate : undefined
}

function holds({ certificate, digest, signed, signature, attributes }: Claim): boolean {
  if (attributes) signed[0] = tags.set
  const well = verify(digest, signed, certificate.key, signature)
  if (attributes) signed[0] = explicit0
  return well
}

/** All of `knownSigner` but the signature itself. */
export function claimOf(message: Buffer, content: Uint8Array): Claim | undefined {
  const w = new Walk(message)
  // ContentInfo, to the last byte, and SignedData in it.
  if (w.over(0, tags.sequence, message.length) !== message.length) return undefined
  let at = w.over(w.from, tags.oid, message.length)
  if (!w.is(signedData)) return undefined
  if (w.over(at, explicit0, message.length) !== message.length) return undefined
  if (w.over(w.from, tags.sequence, message.length) !== message.length) return undefined
  // Version, digests, and a content that is not here.
  at = w.over(w.from, tags.integer, message.length)
  at = w.over(at, tags.set, message.length)
  if (!plainDigests(w)) return undefined
  at = w.over(at, tags.sequence, message.length)
  const infoEnd = w.to
  if (w.over(w.from, tags.oid, infoEnd) !== infoEnd || !w.well) return undefined
  const [typeAt, typeEnd] = [w.from, w.to]
  // One certificate, and one signer behind it.
  at = w.over(at, explicit0, message.length)
  const [certificateAt, certificatesEnd] = [w.from, w.to]
  if (w.over(certificateAt, tags.sequence, certificatesEnd) !== certificatesEnd) return undefined
  if (w.over(at, tags.set, message.length) !== message.length) return undefined
  if (w.over(w.from, tags.sequence, message.length) !== message.length || !w.well) return undefined
  const signerAt = w.from
  const certificate = knownCertificate(message.subarray(certificateAt, certificatesEnd))
  return certificate && signerClaim(w, signerAt, { certificate, content, type: message.subarray(typeAt, typeEnd) })
}

/** SET OF AlgorithmIdentifier: each an object identifier, and NULL or nothing. */
function plainDigests(w: Walk): boolean {
  const end = w.to
  for (let at = w.from; w.well && at < end; ) {
    at = w.over(at, tags.sequence, end)
    algorithm(w)
  }
  return w.well
}

/** Steps into an AlgorithmIdentifier that was stepped over, and stands on its object identifier then. */
function algorithm(w: Walk): void {
  const end = w.to
  const next = w.over(w.from, tags.oid, end)
  const [from, to] = [w.from, w.to]
  if (next !== end && (w.over(next, tags.null, end) !== end || w.to !== w.from)) w.odd(next)
  w.from = from
  w.to = to
}

/** SignerInfo, from its contents on to the end of the message. */
function signerClaim(
  w: Walk,
  from: number,
  o: { certificate: CertificateParts; content: Uint8Array; type: Buffer },
): Claim | undefined {
  const { bytes } = w
  const end = bytes.length
  let at = w.over(from, tags.integer, end)
  at = w.over(at, tags.sequence, end)
  if (!w.well || !isFor(w, o.certificate)) return undefined
  at = w.over(at, tags.sequence, end)
  algorithm(w)
  const digest = digests.find((d) => w.is(d.id))?.digest
  if (digest === undefined) return undefined
  let attributes: Buffer | undefined
  if (bytes[at] === explicit0) {
    const start = at
    at = w.over(at, explicit0, end)
    if (!w.well || !agree(w, digest, o)) return undefined
    attributes = bytes.subarray(start, at)
  }
  at = w.over(at, tags.sequence, end)
  algorithm(w)
  const how = algorithms.find((a) => w.is(a.id))
  // Nothing unsigned behind the signature.
  if (!how || w.over(at, tags.octets, end) !== end || !w.well) return undefined
  if (o.certificate.key.asymmetricKeyType !== how.kind) return undefined
  const named = names[how.digest ?? digest]
  const signed = attributes ?? o.content
  return {
    certificate: o.certificate,
    digest: named,
    signed,
    signature: w.slice(),
    attributes: attributes !== undefined,
  }
}

/** IssuerAndSerialNumber, which was stepped over. */
function isFor(w: Walk, c: CertificateParts): boolean {
  const { bytes, from, to } = w
  const serialAt = w.over(from, tags.sequence, to)
  if (!w.well || bytes.compare(c.issuer, 0, c.issuer.length, from, serialAt) !== 0) return false
  return w.over(serialAt, tags.integer, to) === to && w.well && w.slice().equals(c.serial)
}

/** The signed attributes, which were stepped over, name this content; each stands once. */
function agree(w: Walk, digest: Digest, o: { content: Uint8Array; type: Buffer }): boolean {
  const end = w.to
  const seen: Buffer[] = []
  let said = false
  for (let at = w.from; at < end; ) {
    const next = w.over(at, tags.sequence, end)
    const attributeEnd = w.to
    const valueAt = w.over(w.from, tags.oid, attributeEnd)
    if (!w.well) return false
    const id = w.slice()
    if (seen.some((s) => s.equals(id)) || seen.push(id) > 16) return false
    // One value each, without anything in it that would have to be read.
    if (w.over(valueAt, tags.set, attributeEnd) !== attributeEnd) return false
    const valueEnd = w.to
    const tag = w.bytes[w.from] ?? 0
    if ((tag & 0x20) !== 0 || (tag & 0x1f) === 0x1f || w.over(w.from, tag, valueEnd) !== valueEnd || !w.well)
      return false
    if (id.equals(contentType) && (tag !== tags.oid || !w.is(o.type))) return false
    if (id.equals(messageDigest)) {
      // Digits are made without a buffer of their own.
      if (tag !== tags.octets || w.bytes.toString('hex', w.from, w.to) !== hash(digest, o.content, 'hex')) return false
      said = true
    }
    at = next
  }
  return said
}
