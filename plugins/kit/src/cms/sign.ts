/** CMS SignedData made: profiles, SCEP answers, and bags of certificates. */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { context, der, integer, nothing, octets, oid, sequence, setOf, tags, time } from '../der/index.ts'
import { type Digest, digestOids, ecSignatureOids, oids } from './algorithms.ts'
import { readCertificate } from './certificate.ts'
import { issuerAndSerial } from './enveloped.ts'

export interface SignOptions {
  content: Uint8Array
  certificate: Uint8Array
  key: KeyObject
  /** Further certificates to send along. */
  chain?: readonly Uint8Array[]
  digest?: Digest
  detached?: boolean
  /** Signed attributes besides content type, digest and signing time: object identifier and one value in DER. */
  attributes?: readonly (readonly [string, Uint8Array])[]
  at?: Date
}

export function signData(o: SignOptions): Buffer {
  const { digest, signed, whole } = unsigned(o)
  return whole(sign(digest, signed, o.key))
}

const signInPool = promisify(sign)
/** The same; the signature is made in the thread pool, which an RSA key is worth. */
export async function signDataInPool(o: SignOptions): Promise<Buffer> {
  const { digest, signed, whole } = unsigned(o)
  return whole(await signInPool(digest, signed, o.key))
}

/** What is to be signed, and the message around its signature. */
function unsigned(o: SignOptions): { digest: Digest; signed: Buffer; whole(signature: Buffer): Buffer } {
  const digest = o.digest ?? 'sha256'
  const certificate = readCertificate(o.certificate)
  const attributes = [
    attribute(oids.contentType, oid(oids.data)),
    attribute(oids.messageDigest, octets(createHash(digest).update(o.content).digest())),
    attribute(oids.signingTime, time(o.at ?? new Date())),
    ...(o.attributes ?? []).map(([id, value]) => attribute(id, value)),
  ]
  const signed = setOf(...attributes)
  const implicit = Buffer.from(signed)
  implicit[0] = context(0)
  const algorithm =
    o.key.asymmetricKeyType === 'ec' ? sequence(oid(ecSignatureOids[digest])) : sequence(oid(oids.rsa), nothing())
  const named = sequence(oid(digestOids[digest]), nothing())
  const content = o.detached ? undefined : o.content
  const whole = (signature: Buffer) => {
    const identity = issuerAndSerial(certificate)
    const signer = sequence(integer(1), identity, named, implicit, algorithm, octets(signature))
    return signedData([named], content, [o.certificate, ...(o.chain ?? [])], [signer])
  }
  return { digest, signed, whole }
}

/** SignedData without content or signers: how certificates travel together (RFC 8894, 4.2.1.2). */
export function certificatesOnly(certificates: readonly Uint8Array[]): Buffer {
  return signedData([], undefined, certificates, [])
}

const attribute = (id: string, value: Uint8Array): Buffer => sequence(oid(id), setOf(value))

function signedData(
  digests: readonly Buffer[],
  content: Uint8Array | undefined,
  certificates: readonly Uint8Array[],
  signers: readonly Buffer[],
): Buffer {
  const encapsulated = content ? sequence(oid(oids.data), der(context(0), octets(content))) : sequence(oid(oids.data))
  return sequence(
    oid(oids.signedData),
    der(
      context(0),
      sequence(
        integer(1),
        setOf(...digests),
        encapsulated,
        der(context(0), ...certificates),
        der(tags.set, ...signers),
      ),
    ),
  )
}
