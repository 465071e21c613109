/** ASN.1 as a device writes and reads it: DER, and the BER of indefinite length that real devices sign with (X.690, 8.1.3.6). */

export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const
/** [n], constructed; `- 0x20` when primitive. */
export const context = (n: number): number => 0xa0 + n

export function tlv(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([type]), lengthOf(content.length), content])
}
function lengthOf(n: number): Buffer {
  if (n < 0x80) return Buffer.from([n])
  const digits: number[] = []
  for (let rest = n; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Buffer.from([0x80 + digits.length, ...digits])
}
/** Constructed, ended by two zero octets. */
export const indefinite = (type: number, ...parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([type, 0x80]), ...parts, Buffer.from([0, 0])])

export const seq = (...parts: readonly Uint8Array[]): Buffer => tlv(tag.sequence, ...parts)
/** SET OF: its members in ascending order (X.690, 11.6). */
export const setOf = (...parts: readonly Uint8Array[]): Buffer =>
  tlv(tag.set, ...[...parts].sort((a, b) => Buffer.compare(a, b)))
export const octets = (bytes: Uint8Array): Buffer => tlv(tag.octets, bytes)
export const bits = (bytes: Uint8Array): Buffer => tlv(tag.bits, Buffer.from([0]), bytes)
export const nul = (): Buffer => tlv(tag.null)
export const text = (value: string, type: number = tag.utf8): Buffer => tlv(type, Buffer.from(value, 'utf8'))
/** Of a small number, or of unsigned bytes. */
export function int(value: number | Uint8Array): Buffer {
  if (typeof value === 'number') return tlv(tag.integer, Buffer.from([value]))
  let at = 0
  while (at < value.length - 1 && value[at] === 0) at += 1
  const bare = value.subarray(at)
  return tlv(tag.integer, (bare[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bare]) : bare)
}
export const utcTime = (at: Date): Buffer =>
  tlv(tag.utcTime, Buffer.from(`${at.toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`, 'latin1'))

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const digits = [first * 40 + second, ...rest].flatMap((n) => {
    const sevens = [n % 128]
    for (let left = Math.floor(n / 128); left > 0; left = Math.floor(left / 128)) sevens.unshift((left % 128) + 128)
    return sevens
  })
  return tlv(tag.oid, Buffer.from(digits))
}

/** One element that was read. `whole` is the element with its head. */
export interface Node {
  readonly tag: number
  readonly whole: Buffer
  /** Without the head; of a constructed string in BER, its pieces put together. */
  readonly content: Buffer
  readonly items: readonly Node[]
}

export class NotDer extends Error {
  constructor(why: string) {
    super(`This is no DER: ${why}.`)
    this.name = 'NotDer'
  }
}
const deepest = 32

/** Throws NotDer. What follows the element is not looked at. */
export function read(bytes: Uint8Array): Node {
  return element(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, 0).node
}

function element(all: Buffer, at: number, depth: number): { node: Node; end: number } {
  if (depth > deepest) throw new NotDer('too deep')
  const type = all[at]
  const first = all[at + 1]
  if (type === undefined || first === undefined) throw new NotDer('it is cut off')
  let begin = at + 2
  let length = first
  if (first > 0x80) {
    begin += first - 0x80
    if (first > 0x84 || begin > all.length) throw new NotDer('an unlikely length')
    length = all.readUIntBE(at + 2, first - 0x80)
  }
  const open = first === 0x80
  const items: Node[] = []
  let end = open ? all.length : begin + length
  if (end > all.length) throw new NotDer('it is cut off')
  if ((type & 0x20) !== 0) {
    let next = begin
    while (next < end) {
      if (open && all[next] === 0 && all[next + 1] === 0) break
      const item = element(all, next, depth + 1)
      items.push(item.node)
      next = item.end
    }
    if (open && next >= all.length) throw new NotDer('it never ends')
    end = open ? next : end
  } else if (open) throw new NotDer('a primitive of no length')
  // 0x24 is an octet string in pieces; [0] IMPLICIT of pieces is told apart by whom it belongs to.
  const content = type === 0x24 ? Buffer.concat(items.map((i) => i.content)) : all.subarray(begin, end)
  const after = open ? end + 2 : end
  return { node: { tag: type, whole: all.subarray(at, after), content, items }, end: after }
}

export function oidOf(node: Node | undefined): string {
  if (node?.tag !== tag.oid) throw new NotDer('an identifier is missing')
  const numbers: number[] = []
  let n = 0
  for (const byte of node.content) {
    n = n * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      numbers.push(n)
      n = 0
    }
  }
  const [head = 0, ...rest] = numbers
  const first = Math.min(2, Math.floor(head / 40))
  return [first, head - first * 40, ...rest].join('.')
}
/** The n-th item, of that kind. Throws NotDer. */
export function item(of: Node | undefined, n: number, type?: number): Node {
  const found = of?.items[n]
  if (!found || (type !== undefined && found.tag !== type)) throw new NotDer('a part is missing')
  return found
}
