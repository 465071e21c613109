/** Who speaks: the certificate of the TLS connection, or the one that signed the body in `Mdm-Signature`. */
import type { Bytes, Message } from '@muster/contract'
import { CmsError, openSigned } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'

export type Proof = { certificate: Bytes } | { missing: 'none' | 'forged' | 'unreadable' }
/** A signature with its certificates is 2 to 6 kB. */
const longest = 24 * 1024

/**
 * The header holds a detached CMS signature over the raw body, in base64; some clients send it with the content inside, which must then
 * be the body. The certificate's key is proven; whose it is, `host.identify` knows.
 */
export function proofOf(r: Message): Proof {
  const header = r.headers['mdm-signature']
  if (header === undefined) return r.certificate ? { certificate: r.certificate } : { missing: 'none' }
  if (header.length > longest || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(header)) return { missing: 'unreadable' }
  try {
    const { signers } = openSigned(Buffer.from(header, 'base64'), r.body)
    const [signer, ...others] = signers
    if (!signer || others.length > 0) return { missing: 'unreadable' }
    return { certificate: signer.certificate.der }
  } catch (e) {
    if (e instanceof CmsError) return { missing: e.code === 'forged' ? 'forged' : 'unreadable' }
    if (e instanceof DerError) return { missing: 'unreadable' }
    throw e
  }
}
