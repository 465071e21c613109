/** One hash for equal JSON, so that equal settings are found by it. */
import { createHash } from 'node:crypto'
import { canonical, type Json } from '@muster/contract'

/** SHA-256 of the canonical text, base64url without padding. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(canonical(value)).digest('base64url')
}
