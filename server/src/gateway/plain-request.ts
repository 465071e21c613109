/**
 * Reads one plain request out of bytes that came together: `POST <target> HTTP/1.1` or PUT, known headers once each, a body of a told length.
 * Strict and in one pass. Whatever is not surely that is `odd` and belongs to node:http, so that one reader alone judges the unusual.
 */

export interface PlainRequest {
  /** Method and path as they stand: "POST /toy/in". */
  readonly place: string
  /** Without its question mark; '' when there is none. Of letters and digits that mean themselves. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Bytes of a head, and of a request with its body, that are read here. A signature in a header has some 2 to 6 KB; node:http's own limit is above. */
const limits = { head: 8 * 1024, whole: 64 * 1024 } as const

/** What devices' HTTP clients say. Any other name, and any of these twice, is odd. */
const names = [
  'host',
  'authorization',
  'content-type',
  'content-length',
  'connection',
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'sec-fetch-mode',
  'mdm-signature',
  'accept-charset',
  'client-request-id',
  'ms-cv',
  // Of proxies: whom they speak for, and the certificate that was shown to them, by the names that are usual.
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'client-cert',
  'ssl-client-cert',
  'x-client-cert',
  'x-ssl-client-cert',
] as const
/** By length. */
const namesOf: number[][] = []
for (const [n, name] of names.entries()) namesOf[name.length] = [...(namesOf[name.length] ?? []), n]
const host = names.indexOf('host')
const authorization = names.indexOf('authorization')
const contentType = names.indexOf('content-type')
const contentLength = names.indexOf('content-length')

const [cr, lf, space, colon] = [0x0d, 0x0a, 0x20, 0x3a]
const methods = ['POST ', 'PUT ']
const version = ' HTTP/1.1'
const blankLine = Buffer.from('\r\n\r\n')

/** `more`: it may become one when the rest comes. */
export function readPlainRequest(bytes: Buffer): PlainRequest | 'more' | 'odd' {
  const method = methods.find((m) => startsWith(bytes, 0, m))
  if (method === undefined) return 'odd'
  const targetEnd = bytes.indexOf(space, method.length)
  if (targetEnd < 0) return bytes.length < limits.head ? 'more' : 'odd'
  if (!startsWith(bytes, targetEnd, version)) return 'odd'
  // One text for all of the head: to make one is what costs, a part of it costs little.
  const blank = bytes.indexOf(blankLine, targetEnd)
  const text = bytes.toString('latin1', 0, Math.min(blank < 0 ? bytes.length : blank, limits.head))
  const values: Values = []
  let n = 0
  let at = targetEnd + version.length
  for (;;) {
    // At the end of a line, which is CR and LF and nothing less.
    const first = bytes[at]
    const second = bytes[at + 1]
    if (first === undefined || (first === cr && second === undefined))
      return bytes.length < limits.head ? 'more' : 'odd'
    if (first !== cr || second !== lf) return 'odd'
    at += 2
    if (bytes[at] === cr) break
    const next = readHeader(bytes, at, { values, text })
    if (typeof next === 'string') return next === 'more' && bytes.length >= limits.head ? 'odd' : next
    at = next
    n += 1
  }
  if (bytes[at + 1] === undefined) return bytes.length < limits.head ? 'more' : 'odd'
  if (bytes[at + 1] !== lf || at > limits.head) return 'odd'
  return whole(bytes, at + 2, text.slice(0, targetEnd), headersOf(values, n))
}

/** Header values by the number of their name. */
type Values = (string | undefined)[]

/** Nearly all requests have the same `n` names: their headers are objects of one shape, which are made and read fastest. */
function headersOf(values: Values, n: number): Record<string, string> {
  const [h, a, t, l] = [values[host], values[authorization], values[contentType], values[contentLength]]
  if (n === 4 && h !== undefined && a !== undefined && t !== undefined && l !== undefined)
    return { host: h, authorization: a, 'content-type': t, 'content-length': l }
  const headers: Record<string, string> = {}
  for (const [i, value] of values.entries()) if (value !== undefined) headers[names[i] as string] = value
  return headers
}

function whole(
  bytes: Buffer,
  bodyAt: number,
  target: string,
  headers: Record<string, string>,
): PlainRequest | 'more' | 'odd' {
  const length = plainLength(headers['content-length'])
  if (length === 0 || headers.host === undefined) return 'odd'
  const { connection } = headers
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return 'odd'
  const end = bodyAt + length
  // More than one request: who sends ahead is served in order by node:http.
  if (end > limits.whole || bytes.length > end) return 'odd'
  if (bytes.length < end) return 'more'
  const body = bytes.subarray(bodyAt, end)
  const mark = target.indexOf('?')
  if (mark < 0) return { place: target, query: '', headers, body }
  const query = target.slice(mark + 1)
  return query === '' || plainQuery.test(query) ? { place: target.slice(0, mark), query, headers, body } : 'odd'
}

/** Nothing escaped, and nothing that anybody might read otherwise. */
const plainQuery = /^[A-Za-z0-9._~=&-]+$/

/** The place after the header's value, which is where its line should end. */
function readHeader(bytes: Buffer, from: number, into: { values: Values; text: string }): number | 'more' | 'odd' {
  let at = from
  for (let byte = bytes[at]; byte !== colon; byte = bytes[++at]) {
    if (byte === undefined) return 'more'
    // Letters and the hyphen.
    const letter = byte | 0x20
    if ((letter < 0x61 || letter > 0x7a) && byte !== 0x2d) return 'odd'
  }
  const name = knownName(bytes, from, at)
  if (name === undefined || into.values[name] !== undefined) return 'odd'
  at += 1
  if (bytes[at] === space) at += 1
  const valueAt = at
  for (let byte = bytes[at]; byte !== cr; byte = bytes[++at]) {
    if (byte === undefined) return 'more'
    if (byte < space || byte > 0x7e) return 'odd'
  }
  // Empty, or with spaces around it.
  if (at === valueAt || bytes[valueAt] === space || bytes[at - 1] === space) return 'odd'
  // The whole head is text by then, unless it is too long to be read here.
  into.values[name] = into.text.slice(valueAt, at)
  return at
}

function knownName(bytes: Buffer, from: number, to: number): number | undefined {
  const candidates = namesOf[to - from]
  if (candidates === undefined) return undefined
  next: for (const number of candidates) {
    const name = names[number] as string
    for (let i = 0; i < name.length; i += 1) {
      const wanted = name.charCodeAt(i)
      const byte = bytes[from + i] as number
      if (byte !== wanted && (wanted === 0x2d || (byte | 0x20) !== wanted)) continue next
    }
    return number
  }
  return undefined
}

/** Digits without a sign or a leading zero; 0 for anything else. */
function plainLength(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0
}

/** Also when the bytes end within the words. */
function startsWith(bytes: Buffer, at: number, words: string): boolean {
  const n = Math.min(words.length, bytes.length - at)
  for (let i = 0; i < n; i += 1) if (bytes[at + i] !== words.charCodeAt(i)) return false
  return true
}
