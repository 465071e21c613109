/** AES-256-GCM with associated data: a sealed value opens only in its own place. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { SecretProblem } from './problem.ts'

export const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/** nonce, ciphertext, tag. */
export function encrypt(key: Uint8Array, where: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(Buffer.from(where))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Throws `sealed-elsewhere` for a changed value, another place or another key. */
export function decrypt(key: Uint8Array, where: string, sealed: Uint8Array): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new SecretProblem('sealed-malformed')
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(where))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), decipher.final()])
  } catch (e) {
    throw new SecretProblem('sealed-elsewhere', where, e)
  }
}

/** Tells which master key wrapped a data key, without telling the key: a digest of 256 random bits. */
export function masterId(master: Uint8Array): string {
  return createHash('sha256').update('muster master key ').update(master).digest('hex').slice(0, 32)
}
