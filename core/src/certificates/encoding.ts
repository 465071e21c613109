/** Small encodings that certificates need. */
import { createHash, randomBytes } from 'node:crypto'

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

/** One element in DER. */
export function derOf(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((n, p) => n + p.length, 0)
  const octets: number[] = []
  for (let n = length; n > 0 && length >= 0x80; n = Math.floor(n / 256)) octets.unshift(n % 256)
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets]), ...parts])
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function derTime(at: Date): Buffer {
  const text = `${at.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return at.getUTCFullYear() < 2050 ? derOf(0x17, Buffer.from(text.slice(2))) : derOf(0x18, Buffer.from(text))
}

/** What stands in one constructed DER element: each item as it stands, and its contents. Nothing where it is no DER. */
export function derItems(der: Uint8Array): { whole: Uint8Array; inside: Uint8Array }[] {
  const outer = header(der, 0)
  const items = []
  for (let at = outer?.from ?? 0; outer && at < outer.end; ) {
    const item = header(der, at)
    if (!item || item.end > outer.end) return []
    items.push({ whole: der.subarray(at, item.end), inside: der.subarray(item.from, item.end) })
    at = item.end
  }
  return items
}

function header(der: Uint8Array, at: number): { from: number; end: number } | undefined {
  const first = der[at + 1]
  if (first === undefined) return undefined
  const size = first < 0x80 ? 0 : first & 0x7f
  if (size > 4 || first === 0x80) return undefined
  const length = size === 0 ? first : der.subarray(at + 2, at + 2 + size).reduce((n, b) => n * 256 + b, 0)
  const from = at + 2 + size
  return from + length <= der.length ? { from, end: from + length } : undefined
}

/** SHA-1 of the key itself (RFC 5280, 4.2.1.2, the first method). */
export function keyIdentifier(spki: Uint8Array): Buffer {
  const [, key] = derItems(spki)
  return createHash('sha1')
    .update(key?.inside.subarray(1) ?? spki)
    .digest()
}
