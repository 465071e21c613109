/** The request for a push certificate: PKCS#10, and around it what Apple's portal takes, signed by a vendor of device management. */
import { createPublicKey, generateKeyPair, type KeyObject, sign, type X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { context, der, integer, nothing, oid, sequence, setOf, tags, utf8 } from '@muster/kit/der'
import { writeXmlPlist } from '@muster/kit/plist'

const sha256WithRsa = sequence(oid('1.2.840.113549.1.1.11'), nothing())
const attribute = (type: string, value: string) => setOf(sequence(oid(type), utf8(value)))

export const newKey = async (): Promise<KeyObject> =>
  (await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })).privateKey

/** RFC 2986; DER. */
export function requestFor(key: KeyObject, organisation: string): Buffer {
  const content = sequence(
    integer(0),
    sequence(attribute('2.5.4.10', organisation), attribute('2.5.4.3', 'Device management push')),
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
    der(context(0)),
  )
  return sequence(content, sha256WithRsa, der(tags.bits, Buffer.from([0]), sign('sha256', content, key)))
}

/** Apple, "Setting up push notifications for your MDM customers": a property list, in base64. `vendor`: leaf first, then its authorities. */
export function portalRequest(request: Uint8Array, vendor: readonly X509Certificate[], key: KeyObject): string {
  const list = writeXmlPlist({
    PushCertRequestCSR: Buffer.from(request).toString('base64'),
    PushCertCertificateChain: vendor.map((c) => c.toString()).join(''),
    PushCertSignature: sign('sha256', request, key).toString('base64'),
  })
  return Buffer.from(list).toString('base64')
}

export const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`
