/** Small encodings that certificates need. */
import { randomBytes } from 'node:crypto'

export function pemOf(label: 'CERTIFICATE' | 'PRIVATE KEY' | 'X509 CRL', der: Uint8Array): string {
  const body = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
}

/** A serial number of 16 random octets in hex; the first bits are fixed (01), so that it is positive and never shortened (RFC 5280 section 4.1.2.2). */
export function newSerial(): string {
  const b = randomBytes(16)
  b[0] = 0x40 | (b[0]! & 0x3f)
  return b.toString('hex')
}

/** A serial as people paste it (`4A:0B...`, leading zeros) as we store it. */
export function plainSerial(text: string): string {
  return text
    .replace(/[\s:]/g, '')
    .toLowerCase()
    .replace(/^(00)+(?=..)/, '')
}

/** A DER INTEGER of a small non-negative number. */
export function derInteger(n: number): ArrayBuffer {
  const hex = n.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  const body = bytes[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes
  return new Uint8Array([2, body.length, ...body]).buffer
}
