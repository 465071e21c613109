/** Certificate requests from devices (PKCS#10, RFC 2986): read with suspicion. Only the public key is taken from them, and only a good one with proof that its owner asks. */
import { createPublicKey, type KeyObject, verify as verifying } from 'node:crypto'
import { promisify } from 'node:util'
import { Problem } from '@muster/contract'
import { derItems } from './encoding.ts'
import { x509 } from './x509.ts'

const longest = 16 * 1024
/** In the thread pool. */
const verify = promisify(verifying)
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/**
 * AlgorithmIdentifiers to the last byte, in hex, and their digests (RFC 8017, RFC 5758): those that node:crypto verifies as they stand. The last
 * of RSA is OIW's name for it with SHA-1, which some clients still sign a request with: it proves that they hold the key, and nothing else rests on it.
 */
const algorithms = new Map<string, { kind: 'rsa' | 'ec'; digest: string }>([
  ['300d06092a864886f70d01010b0500', { kind: 'rsa', digest: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { kind: 'rsa', digest: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { kind: 'rsa', digest: 'sha512' }],
  ['300d06092a864886f70d0101050500', { kind: 'rsa', digest: 'sha1' }],
  ['300906052b0e03021d0500', { kind: 'rsa', digest: 'sha1' }],
  ['300706052b0e03021d', { kind: 'rsa', digest: 'sha1' }],
  ['300a06082a8648ce3d040302', { kind: 'ec', digest: 'sha256' }],
  ['300a06082a8648ce3d040303', { kind: 'ec', digest: 'sha384' }],
  ['300a06082a8648ce3d040304', { kind: 'ec', digest: 'sha512' }],
])
const [sequence, integer, bits] = [0x30, 0x02, 0x03]

/** The key to certify: its SubjectPublicKeyInfo. */
export interface RequestedKey {
  publicKey: { readonly rawData: Uint8Array }
  rsa: boolean
}

/** Problem `invalid-request` names what is wrong with the request. Subject and extensions in it are ignored. */
export async function readRequest(der: Uint8Array): Promise<RequestedKey> {
  if (der.length === 0 || der.length > longest) throw refused(`is not 1 to ${longest} bytes`)
  const request = parse(der)
  const weak = weakness(request.key)
  if (weak) throw refused(weak)
  if (!(await possesses(request, der))) throw refused('is not signed with its own key')
  return { publicKey: { rawData: request.spki }, rsa: request.key.asymmetricKeyType === 'rsa' }
}

interface Parts {
  /** What is signed, how, and by what. */
  content: Uint8Array
  algorithm: string
  signature: Uint8Array
  spki: Uint8Array
  key: KeyObject
}

function parse(der: Uint8Array): Parts {
  const [content, algorithm, signature, ...more] = derItems(der)
  const [version, , spki] = content ? derItems(content.whole) : []
  const tags = [der, content?.whole, algorithm?.whole, signature?.whole, version?.whole, spki?.whole].map((b) => b?.[0])
  const wanted = [sequence, sequence, sequence, bits, integer, sequence]
  const whole = signature && signature.whole.byteOffset + signature.whole.length === der.byteOffset + der.length
  if (
    !content ||
    !algorithm ||
    !signature ||
    !spki ||
    !whole ||
    more.length > 0 ||
    tags.some((t, i) => t !== wanted[i])
  )
    throw refused('is not a PKCS#10 request in DER')
  try {
    const bytes = Buffer.from(spki.whole)
    const key = createPublicKey({ key: bytes, format: 'der', type: 'spki' })
    const hex = Buffer.from(algorithm.whole).toString('hex')
    return { content: content.whole, algorithm: hex, signature: signature.inside, spki: bytes, key }
  } catch (e) {
    throw refused('is not a PKCS#10 request in DER', e)
  }
}

/** Total: a signature of an unknown algorithm or of the wrong size is simply no proof. */
async function possesses(r: Parts, der: Uint8Array): Promise<boolean> {
  const how = algorithms.get(r.algorithm)
  try {
    // Algorithms with parameters of their own are the library's.
    if (!how) return await new (x509().Pkcs10CertificateRequest)(new Uint8Array(der)).verify()
    // Its first octet tells that all bits count.
    if (r.key.asymmetricKeyType !== how.kind || r.signature[0] !== 0) return false
    return await verify(how.digest, r.content, r.key, r.signature.subarray(1))
  } catch (e) {
    throw refused('carries a signature that cannot be verified', e)
  }
}

function weakness(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = 'unnamed' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec')
    return curves.has(namedCurve) ? undefined : `uses the curve ${namedCurve}; use P-256, P-384 or P-521`
  if (key.asymmetricKeyType !== 'rsa') return `uses a key of type ${key.asymmetricKeyType}; use RSA or ECDSA`
  if (modulusLength < 2048 || modulusLength > 8192) return `uses an RSA key of ${modulusLength} bits; use 2048 to 8192`
  return publicExponent < 65537n ? 'uses an RSA key with a public exponent below 65537' : undefined
}

function refused(message: string, cause?: unknown): Problem {
  const problem = new Problem('invalid-request', {
    errors: [{ path: 'csr', message: `the certificate request ${message}` }],
  })
  problem.cause = cause
  return problem
}
