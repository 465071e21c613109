/** Queries as SCEP clients write them: base64 with or without escapes, and sometimes a whole DER message in percent signs that is no UTF-8. */

export interface ScepQuery {
  operation: string
  /** Empty when there is none, or none that can be read. */
  message: Uint8Array
}
const longest = 64 * 1024

/** Total: what cannot be read is simply not there. */
export function queryOf(query: string): ScepQuery {
  const found: ScepQuery = { operation: '', message: new Uint8Array(0) }
  if (query.length > longest) return found
  for (const part of query.split('&')) {
    const at = part.indexOf('=')
    const name = at < 0 ? part : part.slice(0, at)
    const value = at < 0 ? '' : part.slice(at + 1)
    if (name === 'operation') found.operation = unescaped(value).toString('latin1')
    if (name === 'message') found.message = messageOf(unescaped(value))
  }
  return found
}

/** Bytes, not letters. `+` stays what it is: in base64 it is a digit. */
function unescaped(text: string): Buffer {
  const raw = Buffer.from(text, 'latin1')
  const bytes: number[] = []
  for (let i = 0; i < raw.length; i++) {
    const hex = raw[i] === 0x25 ? raw.toString('latin1', i + 1, i + 3) : ''
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16))
      i += 2
    } else bytes.push(raw[i] ?? 0)
  }
  return Buffer.from(bytes)
}

/** DER begins with a SEQUENCE, which no base64 does by itself (`0` is followed by a length above 0x7f in any message of this size). */
function messageOf(bytes: Buffer): Uint8Array {
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return bytes
  // A `+` that somebody on the way took for a space is one again; line ends are nothing.
  const text = bytes.toString('latin1').replaceAll(' ', '+').replace(/\s/g, '')
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : new Uint8Array(0)
}
