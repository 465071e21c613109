/** Requests for certificates as two generations of Windows make them (PKCS#10, RFC 2986; MS-WSTEP), and the signed one of a renewal. */
import { createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { bits, context, int, nul, octets, oid, seq, setOf, signed, tag, text, tlv } from '../../pki/index.ts'

export interface RequestAsked {
  readonly key: KeyObject
  /** What the server knows it by; before it stands a name of Windows' own. */
  readonly deviceId: string
  readonly kind: 'oiw' | 'modern'
}

const prefix = 'B1C43CD0-1624-5FBB-8E54-34CF17DFD3A1'
const oidOiwSha1Rsa = '1.3.14.3.2.29'
const oidSha256Rsa = '1.2.840.113549.1.1.11'

/** DER. */
export function requestOf({ key, deviceId, kind }: RequestAsked): Buffer {
  const oiw = kind === 'oiw'
  const name = text(`${prefix}!${deviceId}${oiw ? '\0' : ''}`, oiw ? tag.printable : tag.utf8)
  const subject = seq(setOf(seq(oid('2.5.4.3'), name)))
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const info = seq(int(0), subject, spki, tlv(context(0), ...(oiw ? [] : [extensions()])))
  const algorithm = seq(oid(oiw ? oidOiwSha1Rsa : oidSha256Rsa), nul())
  return seq(info, algorithm, bits(sign(oiw ? 'sha1' : 'sha256', info, key)))
}

/** extensionRequest: for client authentication, and Microsoft's mark of a device enrolment. */
function extensions(): Buffer {
  const usage = seq(oid('2.5.29.37'), octets(seq(oid('1.3.6.1.5.5.7.3.2'))))
  const mark = seq(oid('1.3.6.1.4.1.311.66.1.0'), octets(octets(Buffer.alloc(16, 7))))
  return seq(oid('1.2.840.113549.1.9.14'), setOf(seq(usage, mark)))
}

/** MS-WSTEP, renewal: the new request, signed with the key of the certificate that ends. */
export function renewalOf(request: Buffer, by: { key: KeyObject; certificate: Uint8Array }, now: Date): Buffer {
  return signed(request, by, { digest: 'sha256', attributes: true, detached: false, ber: false, now })
}

export const thumbprint = (der: Uint8Array): string => new X509Certificate(der).fingerprint.replaceAll(':', '')
