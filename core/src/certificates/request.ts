/** Certificate requests from devices (PKCS#10, RFC 2986): read with suspicion. Only the public key is taken from them, and only a good one with proof that its owner asks. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { Problem } from '@muster/contract'
import { Pkcs10CertificateRequest, type PublicKey } from './x509.ts'

const longest = 16 * 1024
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/** The key to certify. Problem `invalid-request` names what is wrong with the request. Subject and extensions in it are ignored. */
export async function readRequest(der: Uint8Array): Promise<{ publicKey: PublicKey; rsa: boolean }> {
  if (der.length === 0 || der.length > longest) throw refused(`is not 1 to ${longest} bytes`)
  const { request, key } = parse(der)
  const weak = weakness(key)
  if (weak) throw refused(weak)
  if (!(await possesses(request))) throw refused('is not signed with its own key')
  return { publicKey: request.publicKey, rsa: key.asymmetricKeyType === 'rsa' }
}

function parse(der: Uint8Array): { request: Pkcs10CertificateRequest; key: KeyObject } {
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(der))
    return {
      request,
      key: createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' }),
    }
  } catch (e) {
    throw refused('is not a PKCS#10 request in DER', e)
  }
}

/** Total: a signature of an unknown algorithm or of the wrong size is simply no proof. */
async function possesses(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify()
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
