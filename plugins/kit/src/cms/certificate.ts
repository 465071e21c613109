/** What CMS needs to know of an X.509 certificate; read once and kept, since the same device signs with the same one again and again. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { DerError, type Element, expect, inside, pieces, readDer, readOid, tags, whole } from '../der/index.ts'
import { oids } from './algorithms.ts'

export interface CertificateParts {
  der: Uint8Array
  x509: X509Certificate
  key: KeyObject
  /** Names as they stand, DER. */
  issuer: Uint8Array
  subject: Uint8Array
  /** Contents of the INTEGER. */
  serial: Uint8Array
  keyIdentifier?: Uint8Array
}

const limit = 20_000
const known = new Map<string, CertificateParts>()

/** Throws DerError when it is none. */
export function readCertificate(der: Uint8Array): CertificateParts {
  const hash = createHash('sha256').update(der).digest('base64')
  const found = known.get(hash)
  if (found) return found
  const parts = read(Uint8Array.from(der))
  if (known.size >= limit) for (const old of [...known.keys()].slice(0, limit / 10)) known.delete(old)
  known.set(hash, parts)
  return parts
}

function read(der: Uint8Array): CertificateParts {
  const fields = [
    ...expect(expect(readDer(der), tags.sequence, 'certificate').items[0], tags.sequence, 'certificate').items,
  ]
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [serial, , issuer, , subject, , ...optional] = fields
  const extensions = optional.find((e) => e.tag === 0xa3)?.items[0]?.items ?? []
  try {
    const x509 = new X509Certificate(der)
    return {
      der,
      x509,
      key: x509.publicKey,
      issuer: whole(expect(issuer, tags.sequence, 'issuer')),
      subject: whole(expect(subject, tags.sequence, 'subject')),
      serial: inside(expect(serial, tags.integer, 'serial number')),
      keyIdentifier: identifier(extensions),
    }
  } catch (e) {
    throw e instanceof DerError ? e : new DerError('a certificate that cannot be read')
  }
}

function identifier(extensions: readonly Element[]): Uint8Array | undefined {
  const found = extensions.find((e) => e.items[0] && readOid(e.items[0]) === oids.subjectKeyIdentifier)?.items.at(-1)
  return found && pieces(readDer(pieces(found)))
}
