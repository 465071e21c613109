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
const names = new Map<number, readonly string[]>()
for (const name of [
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
])
  names.set(name.length, [...(names.get(name.length) ?? []), name])

const [cr, lf, space, colon, question] = [0x0d, 0x0a, 0x20, 0x3a, 0x3f]
const methods = ['POST ', 'PUT ']
const version = ' HTTP/1.1'

/** `more`: it may become one when the rest comes. */
export function readPlainRequest(bytes: Buffer): PlainRequest | 'more' | 'odd' {
  const method = methods.find((m) => startsWith(bytes, 0, m))
  if (method === undefined) return 'odd'
  const targetEnd = bytes.indexOf(space, method.length)
  if (targetEnd < 0) return bytes.length < limits.head ? 'more' : 'odd'
  if (!startsWith(bytes, targetEnd, version)) return 'odd'
  const headers: Record<string, string> = {}
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
    const next = readHeader(bytes, at, headers)
    if (typeof next === 'string') return next === 'more' && bytes.length >= limits.head ? 'odd' : next
    at = next
  }
  if (bytes[at + 1] === undefined) return bytes.length < limits.head ? 'more' : 'odd'
  if (bytes[at + 1] !== lf || at > limits.head) return 'odd'
  return whole(bytes, at + 2, targetEnd, headers)
}

function whole(
  bytes: Buffer,
  bodyAt: number,
  targetEnd: number,
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
  const mark = bytes.indexOf(question, 0)
  const pathEnd = mark < 0 || mark > targetEnd ? targetEnd : mark
  const query = bytes.toString('latin1', Math.min(pathEnd + 1, targetEnd), targetEnd)
  if (query !== '' && !plainQuery.test(query)) return 'odd'
  return { place: bytes.toString('latin1', 0, pathEnd), query, headers, body: bytes.subarray(bodyAt, end) }
}

/** Nothing escaped, and nothing that anybody might read otherwise. */
const plainQuery = /^[A-Za-z0-9._~=&-]+$/

/** The place after the header's value, which is where its line should end. */
function readHeader(bytes: Buffer, from: number, headers: Record<string, string>): number | 'more' | 'odd' {
  let at = from
  for (let byte = bytes[at]; byte !== colon; byte = bytes[++at]) {
    if (byte === undefined) return 'more'
    // Letters and the hyphen.
    const letter = byte | 0x20
    if ((letter < 0x61 || letter > 0x7a) && byte !== 0x2d) return 'odd'
  }
  const name = knownName(bytes, from, at)
  if (name === undefined || headers[name] !== undefined) return 'odd'
  at += 1
  if (bytes[at] === space) at += 1
  const valueAt = at
  for (let byte = bytes[at]; byte !== cr; byte = bytes[++at]) {
    if (byte === undefined) return 'more'
    if (byte < space || byte > 0x7e) return 'odd'
  }
  // Empty, or with spaces around it.
  if (at === valueAt || bytes[valueAt] === space || bytes[at - 1] === space) return 'odd'
  headers[name] = bytes.toString('latin1', valueAt, at)
  return at
}

function knownName(bytes: Buffer, from: number, to: number): string | undefined {
  const candidates = names.get(to - from)
  if (candidates === undefined) return undefined
  next: for (const name of candidates) {
    for (let i = 0; i < name.length; i += 1) {
      const wanted = name.charCodeAt(i)
      const byte = bytes[from + i] as number
      if (byte !== wanted && (wanted === 0x2d || (byte | 0x20) !== wanted)) continue next
    }
    return name
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
