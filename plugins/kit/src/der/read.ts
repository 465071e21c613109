/** BER and DER (X.690), read in one bounded pass into a tree of offsets; nothing is copied. */

export interface Element {
  /** The identifier octet: class, constructed bit and number. Numbers above 30 are refused. */
  readonly tag: number
  /** Where the identifier stands, where the contents begin and end, and where the next element begins. */
  readonly start: number
  readonly from: number
  readonly to: number
  readonly end: number
  readonly indefinite: boolean
  readonly bytes: Uint8Array
  /** Of a constructed element. */
  readonly items: readonly Element[]
}
export interface DerLimits {
  depth: number
  elements: number
}
export const derLimits: DerLimits = { depth: 32, elements: 20_000 }

export class DerError extends Error {
  readonly at: number
  constructor(message: string, at = 0) {
    super(`not DER: ${message} (at ${at})`)
    this.name = 'DerError'
    this.at = at
  }
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  time: 0x18,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const
/** Context-specific tag: [n], primitive or constructed. */
export const context = (n: number, constructed = true): number => 0x80 | (constructed ? 0x20 : 0) | n

/** One element that fills all the bytes. Indefinite lengths (BER) are read too. Throws DerError. */
export function readDer(bytes: Uint8Array, limits: DerLimits = derLimits): Element {
  const left = { elements: limits.elements }
  const root = element(bytes, 0, bytes.length, limits.depth, left)
  if (root.end !== bytes.length) throw new DerError('something after the end', root.end)
  return root
}

function element(bytes: Uint8Array, at: number, limit: number, depth: number, left: { elements: number }): Element {
  if (--left.elements < 0) throw new DerError('too many elements', at)
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || at + 2 > limit) throw new DerError('it ends too early', at)
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag number above 30', at)
  const constructed = (tag & 0x20) !== 0
  if (constructed && depth <= 0) throw new DerError('nested too deep', at)
  if (first === 0x80) {
    if (!constructed) throw new DerError('an indefinite length of a primitive element', at)
    return indefinite(bytes, at, limit, depth, left)
  }
  const { length, from } = lengthOf(bytes, at, first, limit)
  const to = from + length
  if (to > limit) throw new DerError('it ends too early', at)
  const items: Element[] = []
  if (constructed)
    for (let i = from; i < to; ) {
      const item = element(bytes, i, to, depth - 1, left)
      items.push(item)
      i = item.end
    }
  return { tag, start: at, from, to, end: to, indefinite: false, bytes, items }
}

function lengthOf(bytes: Uint8Array, at: number, first: number, limit: number): { length: number; from: number } {
  if (first < 0x80) return { length: first, from: at + 2 }
  const size = first & 0x7f
  if (size > 4 || at + 2 + size > limit) throw new DerError('a length too large', at)
  let length = 0
  for (let i = 0; i < size; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0)
  return { length, from: at + 2 + size }
}

function indefinite(
  bytes: Uint8Array,
  start: number,
  limit: number,
  depth: number,
  left: { elements: number },
): Element {
  const items: Element[] = []
  let i = start + 2
  while (!(bytes[i] === 0 && bytes[i + 1] === 0)) {
    if (i + 2 > limit) throw new DerError('it ends too early', i)
    const item = element(bytes, i, limit, depth - 1, left)
    items.push(item)
    i = item.end
  }
  if (i + 2 > limit) throw new DerError('it ends too early', i)
  return { tag: bytes[start] ?? 0, start, from: start + 2, to: i, end: i + 2, indefinite: true, bytes, items }
}

/** The element as it stands, header and all. */
export const whole = (e: Element): Uint8Array => e.bytes.subarray(e.start, e.end)
/** Its contents as they stand. */
export const inside = (e: Element): Uint8Array => e.bytes.subarray(e.from, e.to)

/** Throws DerError unless the element has this tag. */
export function expect(e: Element | undefined, tag: number, what: string): Element {
  if (e?.tag !== tag) throw new DerError(`no ${what}`, e?.start)
  return e
}
export const isTag = (e: Element | undefined, tag: number): e is Element => e?.tag === tag

/** The bytes of a string that may be in pieces (constructed), whatever its tag. */
export function pieces(e: Element): Uint8Array {
  if ((e.tag & 0x20) === 0) return inside(e)
  return e.items.length === 1 && e.items[0] ? pieces(e.items[0]) : Buffer.concat(e.items.map(pieces))
}

/** Dotted form. Throws DerError. */
export function readOid(e: Element | undefined): string {
  const bytes = inside(expect(e, tags.oid, 'object identifier'))
  if (bytes.length === 0 || bytes.length > 64 || (bytes.at(-1) ?? 0) & 0x80)
    throw new DerError('a wrong object identifier', e?.start)
  const arcs: number[] = []
  let n = 0
  for (const b of bytes) {
    if (n >= 2 ** 45) throw new DerError('a wrong object identifier', e?.start)
    n = n * 128 + (b & 0x7f)
    if (b & 0x80) continue
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(n / 40)), n - 40 * Math.min(2, Math.floor(n / 40)))
    else arcs.push(n)
    n = 0
  }
  return arcs.join('.')
}

/** The same element with every length definite and minimal: what a signature over BER attributes is made of (RFC 5652, 5.4). */
export function definite(e: Element): Uint8Array {
  const contents = (e.tag & 0x20) === 0 ? inside(e) : Buffer.concat(e.items.map(definite))
  return Buffer.concat([header(e.tag, contents.length), contents])
}

/** Identifier and definite length. */
export function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length])
  const size = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
  const b = Buffer.alloc(2 + size)
  b[0] = tag
  b[1] = 0x80 | size
  b.writeUIntBE(length, 2, size)
  return b
}
