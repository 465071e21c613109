/** Reading what an administrator uploads: certificates and keys in PEM or DER, and the topic that a push certificate is for. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { DerError, pieces, readDer, readOid } from '@muster/kit/der'

/** Attribute "user id" of the subject: Apple writes the topic there. */
const uid = '0.9.2342.19200300.100.1.1'
const topicShape = /^com\.apple\.mgmt\.[A-Za-z0-9.-]{1,200}$/
const pemCertificate = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g
const most = 10

/** All certificates of a file, in its order; none when it holds none. */
export function readCertificates(bytes: Uint8Array): X509Certificate[] {
  const text = Buffer.from(bytes).toString('latin1')
  const found: (string | Uint8Array)[] = text.match(pemCertificate)?.slice(0, most) ?? [bytes]
  return found.flatMap((one) => {
    try {
      return [new X509Certificate(one)]
    } catch {
      return []
    }
  })
}

/** An unencrypted private key in PEM or PKCS#8 DER. */
export function readKey(bytes: Uint8Array): KeyObject | undefined {
  const text = Buffer.from(bytes).toString('latin1')
  try {
    return text.includes('-----BEGIN')
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: 'pkcs8' })
  } catch {
    return undefined
  }
}

/** Undefined: it is no certificate for MDM pushes. */
export function topicOf(certificate: X509Certificate): string | undefined {
  try {
    const fields = [...(readDer(certificate.raw).items[0]?.items ?? [])]
    if (fields[0]?.tag === 0xa0) fields.shift()
    for (const set of fields[4]?.items ?? [])
      for (const attribute of set.items) {
        const [type, value] = attribute.items
        if (!type || !value || readOid(type) !== uid) continue
        const topic = Buffer.from(pieces(value)).toString('utf8')
        if (topicShape.test(topic)) return topic
      }
  } catch (e) {
    if (!(e instanceof DerError)) throw e
  }
  return undefined
}
