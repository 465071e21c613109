/** What a signing key is published as, and the id that follows from it (RFC 7638, RFC 8037). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

export interface PublishedKey {
  crv: string
  kty: string
  x: string
}

/** Of an Ed25519 key. */
export function publicJwk(key: KeyObject): PublishedKey {
  const { crv, kty, x } = createPublicKey(key).export({ format: 'jwk' })
  if (crv === undefined || kty === undefined || x === undefined) throw new Error('a signing key is an Ed25519 key')
  return { crv, kty, x }
}

/** SHA-256 of its members in their order, base64url. */
export function thumbprint({ crv, kty, x }: PublishedKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
}
