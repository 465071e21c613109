/** Property lists as Apple's tools write them in XML. */
import { type Plist, type PlistDict, Real } from './value.ts'

const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`
// What XML 1.0 cannot carry at all (section 2.2) becomes U+FFFD; lone surrogates too.
const unspeakable = /(?![\t\n\r\u007f-\u009f])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu

/** Undefined entries of a dictionary are left out. */
export function writeXmlPlist(value: Plist): string {
  const parts = [head]
  write(parts, value)
  parts.push('</plist>\n')
  return parts.join('')
}

function text(value: string): string {
  const plain = /[&<>]/.test(value)
    ? value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    : value
  return plain.replace(unspeakable, '\ufffd').replaceAll('\r', '&#13;')
}

function write(parts: string[], value: Plist): void {
  if (typeof value === 'string') parts.push('<string>', text(value), '</string>\n')
  else if (typeof value === 'boolean') parts.push(value ? '<true/>\n' : '<false/>\n')
  else if (typeof value === 'bigint') parts.push(`<integer>${value}</integer>\n`)
  else if (typeof value === 'number')
    parts.push(
      Number.isSafeInteger(value) ? `<integer>${value === 0 ? 0 : value}</integer>\n` : `<real>${real(value)}</real>\n`,
    )
  else if (value instanceof Real) parts.push(`<real>${real(value.value)}</real>\n`)
  else if (value instanceof Date) parts.push(`<date>${value.toISOString().slice(0, 19)}Z</date>\n`)
  else if (value instanceof Uint8Array) parts.push('<data>', Buffer.from(value).toString('base64'), '</data>\n')
  else if (Array.isArray(value)) writeArray(parts, value)
  else writeDict(parts, value)
}

function writeArray(parts: string[], value: readonly Plist[]): void {
  parts.push('<array>\n')
  for (const v of value) write(parts, v)
  parts.push('</array>\n')
}

function writeDict(parts: string[], value: PlistDict): void {
  parts.push('<dict>\n')
  for (const [key, v] of Object.entries(value)) {
    if (v === undefined) continue
    parts.push('<key>', text(key), '</key>\n')
    write(parts, v)
  }
  parts.push('</dict>\n')
}

function real(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-infinity' : '+infinity'
  return String(value)
}
