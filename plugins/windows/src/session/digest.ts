/** MD5 digests of SyncML (OMA-TS-SyncML-RepPro 1.2, 5.5.3): base64(MD5(base64(MD5(name:secret)):nonce)). The protocol knows no better one; secrets are 256 random bits. */
import { hash, timingSafeEqual } from 'node:crypto'

export const digestType = 'syncml:auth-md5'

export function digest(name: string, secret: string, nonce: Uint8Array): string {
  const who = hash('md5', `${name}:${secret}`, 'base64')
  return hash('md5', Buffer.concat([Buffer.from(`${who}:`), nonce]), 'base64')
}

export function sameDigest(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given.trim())]
  return a.length === b.length && timingSafeEqual(a, b)
}
