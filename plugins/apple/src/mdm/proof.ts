/** Who speaks: the certificate of the TLS connection, or the one that signed the body in `Mdm-Signature`. */
import type { Bytes, Message } from '@muster/contract'
import { CmsError, knownSigner, openSigned } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'

export type Proof = { certificate: Bytes } | { missing: 'none' | 'forged' | 'unreadable' }
/** What of a message proves who sent it. */
export type Signed = Pick<Message, 'headers' | 'body' | 'certificate'>
/** A signature with its certificates is 2 to 6 kB. */
const longest = 24 * 1024
/** Where signatures are decoded, one after the other: what is looked at and kept by nobody need not be cleared away. */
const scratch = Buffer.allocUnsafeSlow(longest)

/**
 * The header holds a detached CMS signature over the raw body, in base64; some clients send it with the content inside, which must then
 * be the body. The certificate's key is proven; whose it is, `host.identify` knows.
 */
export function proofOf(r: Signed): Proof {
  const header = r.headers['mdm-signature']
  if (header === undefined) return r.certificate ? { certificate: r.certificate } : { missing: 'none' }
  if (header.length > longest) return { missing: 'unreadable' }
  const message = scratch.subarray(0, scratch.write(header, 'base64'))
  if (!isWhole(header, message) && !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(header)) return { missing: 'unreadable' }
  try {
    const known = knownSigner(message, r.body)
    if (known) return { certificate: known.der }
    const { signers } = openSigned(Buffer.from(message), r.body)
    const [signer, ...others] = signers
    if (!signer || others.length > 0) return { missing: 'unreadable' }
    return { certificate: signer.certificate.der }
  } catch (e) {
    if (e instanceof CmsError) return { missing: e.code === 'forged' ? 'forged' : 'unreadable' }
    if (e instanceof DerError) return { missing: 'unreadable' }
    throw e
  }
}

/** Base64 without a break in which each letter counted, as the length tells: what no base64 knows is left out in reading. */
function isWhole(text: string, read: Buffer): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const counted = read.length === (text.length / 4) * 3 - padding && read.length > 0
  return counted && !text.includes('-') && !text.includes('_')
}

/** The same, for who asks twice of one message: of the last one that was proved the answer is kept. */
export function createProofs(): (r: Signed) => Proof {
  let last: { header: string | undefined; body: Bytes; proof: Proof } | undefined
  return (r) => {
    const header = r.headers['mdm-signature']
    if (header === undefined) return proofOf(r)
    // The very bytes of this request, which nobody changes: equal ones would do as well.
    if (last?.body === r.body && last.header === header) return last.proof
    const proof = proofOf(r)
    last = { header, body: r.body, proof }
    return proof
  }
}
