/** Proof by digest at the DM level (OMA-TS-DM_Security 1.2, 5.3; RFC 1321). */
import { createHash } from 'node:crypto'

const md5 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('md5')
  for (const p of parts) hash.update(p)
  return hash.digest('base64')
}

/** `nonce`: base64. */
export function digestOf(by: { readonly name: string; readonly secret: string }, nonce: string): string {
  return md5(md5(`${by.name}:${by.secret}`), ':', Buffer.from(nonce, 'base64'))
}
