/** One hash for equal JSON, so that equal settings are found by it. */
import { createHash } from 'node:crypto'
import type { Json } from '@muster/contract'
import { canonical } from '../audit/index.ts'

/** SHA-256 of the canonical text, base64url without padding. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(canonical(value)).digest('base64url')
}
