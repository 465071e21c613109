/** Binary property lists (bplist00), as devices may send them: the same JSON with marks as in XML. */
import type { Json, JsonObject } from '@muster/contract'

/** Seconds from 1970 to 2001, when Apple's time begins. */
const epochS = 978_307_200
export const isBinary = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 6)).toString('latin1') === 'bplist'

export function writeBinary(value: Json): Buffer {
  const objects: Buffer[] = []
  /** Filled in once all are numbered. */
  const children = new Map<number, number[]>()
  const scalars = new Map<string, number>()

  function add(v: Json): number {
    const simple = scalar(v)
    if (simple) {
      const same = simple.toString('latin1')
      const known = scalars.get(same)
      if (known !== undefined) return known
      scalars.set(same, objects.length)
      return objects.push(simple) - 1
    }
    const place = objects.push(Buffer.alloc(0)) - 1
    if (Array.isArray(v)) {
      const inside = v.map(add)
      objects[place] = headOf(0xa, inside.length)
      children.set(place, inside)
    } else {
      const entries = Object.entries(v as JsonObject).filter(([, e]) => e !== undefined)
      const keys = entries.map(([k]) => add(k))
      const values = entries.map(([, e]) => add(e))
      objects[place] = headOf(0xd, entries.length)
      children.set(place, [...keys, ...values])
    }
    return place
  }
  const top = add(value)
  const width = objects.length > 0xffff ? 4 : objects.length > 0xff ? 2 : 1
  const head = Buffer.from('bplist00', 'latin1')
  const offsets: number[] = []
  const written: Buffer[] = []
  let at = head.length
  for (const [i, object] of objects.entries()) {
    offsets.push(at)
    const refs = (children.get(i) ?? []).map((ref) => sized(ref, width))
    const whole = Buffer.concat([object, ...refs])
    written.push(whole)
    at += whole.length
  }
  const offsetWidth = at > 0xffff ? 4 : at > 0xff ? 2 : 1
  const trailer = Buffer.alloc(32)
  trailer[6] = offsetWidth
  trailer[7] = width
  trailer.writeBigUInt64BE(BigInt(objects.length), 8)
  trailer.writeBigUInt64BE(BigInt(top), 16)
  trailer.writeBigUInt64BE(BigInt(at), 24)
  return Buffer.concat([head, ...written, ...offsets.map((o) => sized(o, offsetWidth)), trailer])
}

function sized(n: number, width: number): Buffer {
  const b = Buffer.alloc(width)
  b.writeUIntBE(n, 0, width)
  return b
}
function headOf(kind: number, n: number): Buffer {
  if (n < 15) return Buffer.from([kind * 16 + n])
  return Buffer.concat([Buffer.from([kind * 16 + 15]), integer(n)])
}
function integer(n: number): Buffer {
  if (n >= 0 && n <= 0xff) return Buffer.from([0x10, n])
  if (n >= 0 && n <= 0xffff) return Buffer.concat([Buffer.from([0x11]), sized(n, 2)])
  if (n >= 0 && n <= 0xffff_ffff) return Buffer.concat([Buffer.from([0x12]), sized(n, 4)])
  const b = Buffer.alloc(9)
  b[0] = 0x13
  b.writeBigInt64BE(BigInt(n), 1)
  return b
}
function double(kind: number, n: number): Buffer {
  const b = Buffer.alloc(9)
  b[0] = kind
  b.writeDoubleBE(n, 1)
  return b
}
function scalar(v: Json): Buffer | undefined {
  if (typeof v === 'boolean') return Buffer.from([v ? 0x09 : 0x08])
  if (typeof v === 'number') return Number.isInteger(v) ? integer(v) : double(0x23, v)
  if (typeof v === 'string') {
    if (Buffer.byteLength(v) === v.length) return Buffer.concat([headOf(5, v.length), Buffer.from(v, 'latin1')])
    return Buffer.concat([headOf(6, v.length), Buffer.from(v, 'utf16le').swap16()])
  }
  if (v === null) throw new TypeError('A property list has no null.')
  if (Array.isArray(v)) return undefined
  if (typeof v.$data === 'string') {
    const bytes = Buffer.from(v.$data, 'base64')
    return Buffer.concat([headOf(4, bytes.length), bytes])
  }
  if (typeof v.$date === 'string') return double(0x33, Date.parse(v.$date) / 1000 - epochS)
  if (typeof v.$real === 'number') return double(0x23, v.$real)
  return undefined
}

/** Throws RangeError for what is none; nothing is read twice over, so that a cycle ends. */
export function readBinary(bytes: Uint8Array): Json {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const trailer = all.subarray(-32)
  const [offsetWidth, width] = [trailer.readUInt8(6), trailer.readUInt8(7)]
  const count = Number(trailer.readBigUInt64BE(8))
  const table = Number(trailer.readBigUInt64BE(24))
  let left = 100_000
  const sizeAt = (at: number): { n: number; begin: number } => {
    const low = all.readUInt8(at) & 15
    if (low < 15) return { n: low, begin: at + 1 }
    const bytesLong = 2 ** (all.readUInt8(at + 1) & 15)
    return { n: all.readUIntBE(at + 2, bytesLong), begin: at + 2 + bytesLong }
  }
  function value(ref: number, depth: number): Json {
    if (ref >= count || depth > 64 || left-- < 0) throw new RangeError('This is no binary property list.')
    const at = all.readUIntBE(table + ref * offsetWidth, offsetWidth)
    const { n, begin } = sizeAt(at)
    const refs = (from: number, of: number) =>
      Array.from({ length: of }, (_, i) => all.readUIntBE(begin + (from + i) * width, width))
    switch (all.readUInt8(at) >> 4) {
      case 0:
        return n === 9
      case 1:
        return n === 3 ? Number(all.readBigInt64BE(at + 1)) : all.readUIntBE(at + 1, 2 ** n)
      case 2:
        return { $real: n === 3 ? all.readDoubleBE(at + 1) : all.readFloatBE(at + 1) }
      case 3:
        return { $date: new Date((all.readDoubleBE(at + 1) + epochS) * 1000).toISOString() }
      case 4:
        return { $data: all.subarray(begin, begin + n).toString('base64') }
      case 5:
        return all.toString('latin1', begin, begin + n)
      case 6:
        return Buffer.from(all.subarray(begin, begin + 2 * n))
          .swap16()
          .toString('utf16le')
      case 0xa:
        return refs(0, n).map((r) => value(r, depth + 1))
      case 0xd: {
        const keys = refs(0, n).map((r) => String(value(r, depth + 1)))
        const values = refs(n, n)
        return Object.fromEntries(keys.map((k, i) => [k, value(values[i] ?? count, depth + 1)]))
      }
      default:
        throw new RangeError('This is no binary property list.')
    }
  }
  return value(Number(trailer.readBigUInt64BE(16)), 0)
}
