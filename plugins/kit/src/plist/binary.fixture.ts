/** Writes binary property lists for tests, shared objects and all: the layout of CFBinaryPList.c, from the other side. */
import { isDict, type Plist } from './value.ts'

export function writeBinary(value: Plist, refSize = 2): Buffer {
  const objects: Buffer[] = []
  const ref = (n: number) => {
    const b = Buffer.alloc(refSize)
    b.writeUIntBE(n, 0, refSize)
    return b
  }
  const head = (kind: number, n: number) =>
    n < 15 ? Buffer.from([(kind << 4) | n]) : Buffer.concat([Buffer.from([(kind << 4) | 15, 0x12]), size4(n)])
  function add(v: Plist): number {
    const no = objects.push(Buffer.alloc(0)) - 1
    objects[no] = bytesOf(v)
    return no
  }
  function bytesOf(v: Plist): Buffer {
    if (typeof v === 'boolean') return Buffer.from([v ? 9 : 8])
    if (typeof v === 'bigint' || (typeof v === 'number' && Number.isSafeInteger(v))) return integer(BigInt(v))
    if (typeof v === 'number') return double(0x23, v)
    if (v instanceof Date) return double(0x33, v.getTime() / 1000 - 978_307_200)
    if (v instanceof Uint8Array) return Buffer.concat([head(4, v.length), v])
    if (typeof v === 'string')
      return [...v].every((c) => c.charCodeAt(0) < 128)
        ? Buffer.concat([head(5, v.length), Buffer.from(v, 'latin1')])
        : Buffer.concat([head(6, v.length), Buffer.from(v, 'utf16le').swap16()])
    if (Array.isArray(v)) return Buffer.concat([head(10, v.length), ...v.map((x) => ref(add(x)))])
    if (!isDict(v)) throw new Error('not written here')
    const keys = Object.keys(v).map((k) => ref(add(k)))
    return Buffer.concat([head(13, keys.length), ...keys, ...Object.values(v).map((x) => ref(add(x)))])
  }
  const top = add(value)
  return assemble(objects, top, refSize)
}

/** Any objects as they are, so that tests can also write what no writer would. */
export function assemble(objects: readonly Buffer[], top: number, refSize = 2): Buffer {
  const table: Buffer[] = []
  let at = 8
  for (const o of objects) {
    table.push(size4(at))
    at += o.length
  }
  const trailer = Buffer.alloc(32)
  trailer[6] = 4
  trailer[7] = refSize
  trailer.writeBigUInt64BE(BigInt(objects.length), 8)
  trailer.writeBigUInt64BE(BigInt(top), 16)
  trailer.writeBigUInt64BE(BigInt(at), 24)
  return Buffer.concat([Buffer.from('bplist00'), ...objects, ...table, trailer])
}

function size4(n: number): Buffer {
  const b = Buffer.alloc(4)
  b.writeUInt32BE(n)
  return b
}
function double(marker: number, n: number): Buffer {
  const b = Buffer.alloc(9)
  b[0] = marker
  b.writeDoubleBE(n, 1)
  return b
}
function integer(n: bigint): Buffer {
  if (n >= 0n && n < 256n) return Buffer.from([0x10, Number(n)])
  const wide = n > 0x7fff_ffff_ffff_ffffn
  const b = Buffer.alloc(wide ? 17 : 9)
  b[0] = wide ? 0x14 : 0x13
  if (wide) b.writeBigUInt64BE(n, 9)
  else b.writeBigInt64BE(n, 1)
  return b
}
