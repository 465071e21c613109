/** Enrolment codes: 100 random bits in Crockford's base32, easy to read aloud, stored only as a hash. */
import { createHash, randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const letters = 20

/** A new code in four groups of five: `7ZK2M-Q0V9R-XTB4C-HW8JD`. */
export function newCode(): string {
  const text = Array.from(randomBytes(letters), (b) => alphabet[b & 31]).join('')
  return text.match(/.{5}/g)!.join('-')
}

/** What is stored and compared: sha256 of the plain letters. Undefined for what can be no code. I and L read as 1, O as 0, case and dashes do not matter. */
export function codeHash(code: string): Buffer | undefined {
  if (code.length > 128) return undefined
  const plain = code.replace(/[\s-]/g, '').toUpperCase().replace(/[IL]/g, '1').replaceAll('O', '0')
  if (plain.length !== letters || [...plain].some((c) => !alphabet.includes(c))) return undefined
  return createHash('sha256').update(plain).digest()
}
