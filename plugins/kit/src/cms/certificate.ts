/** What CMS needs to know of an X.509 certificate; read once and kept, since the same device signs with the same one again and again. */
import { createPublicKey, hash, type KeyObject, X509Certificate } from 'node:crypto'
import { DerError, type Element, expect, inside, pieces, readDer, readOid, tags, whole } from '../der/index.ts'
import { oids } from './algorithms.ts'

export interface CertificateParts {
  der: Buffer
  /** All that there is to know of it, read when it is asked for: that takes five times as long as what CMS needs. Throws DerError. */
  readonly x509: X509Certificate
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

/** By the end of their bytes, which is of the signature; whoever comes last with the same end is found. */
const byEnd = new Map<string, CertificateParts>()
const endOf = (der: Buffer): string => der.toString('latin1', Math.max(0, der.length - 16))

/**
 * One that was read before, the same to the last byte; always the same object, whose bytes nobody changes. What becomes of it (revoked, expired)
 * is for the caller to ask each time.
 */
export function knownCertificate(der: Buffer): CertificateParts | undefined {
  const found = byEnd.get(endOf(der))
  return found && der.equals(found.der) ? found : undefined
}

/** Throws DerError when it is none. */
export function readCertificate(der: Uint8Array): CertificateParts {
  const digest = hash('sha256', der, 'base64')
  const found = known.get(digest)
  if (found) return found
  const parts = read(Buffer.from(der))
  if (known.size >= limit)
    for (const [key, old] of [...known].slice(0, limit / 10)) {
      known.delete(key)
      byEnd.delete(endOf(old.der))
    }
  known.set(digest, parts)
  byEnd.set(endOf(parts.der), parts)
  return parts
}

function read(der: Buffer): CertificateParts {
  const fields = [
    ...expect(expect(readDer(der), tags.sequence, 'certificate').items[0], tags.sequence, 'certificate').items,
  ]
  if (fields[0]?.tag === 0xa0) fields.shift()
  const [serial, , issuer, , subject, spki, ...optional] = fields
  const extensions = optional.find((e) => e.tag === 0xa3)?.items[0]?.items ?? []
  try {
    let x509: X509Certificate | undefined
    return {
      der,
      get x509() {
        try {
          x509 ??= new X509Certificate(der)
          return x509
        } catch {
          throw new DerError('a certificate that cannot be read')
        }
      },
      key: createPublicKey({
        key: Buffer.from(whole(expect(spki, tags.sequence, 'public key'))),
        format: 'der',
        type: 'spki',
      }),
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
