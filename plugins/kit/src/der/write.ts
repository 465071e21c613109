/** DER written: the few types that CMS, SCEP and certificates need. */
import { header, tags } from './read.ts'

type Part = Uint8Array

export function der(tag: number, ...parts: readonly Part[]): Buffer {
  const length = parts.reduce((n, p) => n + p.length, 0)
  return Buffer.concat([header(tag, length), ...parts])
}
export const sequence = (...parts: readonly Part[]): Buffer => der(tags.sequence, ...parts)
/** SET OF: in DER its elements are in order of their bytes. */
export const setOf = (...parts: readonly Part[]): Buffer => der(tags.set, ...[...parts].sort(Buffer.compare))
export const octets = (bytes: Part): Buffer => der(tags.octets, bytes)
export const printable = (text: string): Buffer => der(tags.printable, Buffer.from(text, 'latin1'))
export const utf8 = (text: string): Buffer => der(tags.utf8, Buffer.from(text))
export const nothing = (): Buffer => Buffer.from([tags.null, 0])

/** A number, or the bytes of a positive one. */
export function integer(value: number | Part): Buffer {
  if (typeof value !== 'number') {
    let from = 0
    while (from < value.length - 1 && value[from] === 0) from++
    const bytes = value.subarray(from)
    return (bytes[0] ?? 0) & 0x80 ? der(tags.integer, Buffer.from([0]), bytes) : der(tags.integer, bytes)
  }
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError('a whole number from 0')
  const hex = value.toString(16)
  return integer(Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex'))
}

export function oid(dotted: string): Buffer {
  const [a = 0, b = 0, ...more] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [a * 40 + b, ...more]) {
    const part = [arc % 128]
    for (let n = Math.floor(arc / 128); n > 0; n = Math.floor(n / 128)) part.unshift((n % 128) | 0x80)
    bytes.push(...part)
  }
  return der(tags.oid, Buffer.from(bytes))
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(at: Date): Buffer {
  const text = `${at.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return at.getUTCFullYear() < 2050 ? der(tags.utcTime, Buffer.from(text.slice(2))) : der(tags.time, Buffer.from(text))
}
