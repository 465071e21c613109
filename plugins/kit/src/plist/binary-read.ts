/** Binary property lists (`bplist00`), read with bounds on objects, depth and size; a list that contains itself is refused. */
import { type Plist, type PlistDict, PlistError, type PlistLimits } from './value.ts'

// Seconds from 1970 to 2001, where Core Foundation's time begins.
const epoch = 978_307_200
const latin = new TextDecoder('latin1')

/** Throws PlistError. UIDs (of keyed archives), sets and keys that are no strings are refused. */
export function readBinaryPlist(bytes: Uint8Array, limits: PlistLimits): Plist {
  return new Reader(bytes, limits).document()
}

class Reader {
  private readonly view: DataView
  private readonly bytes: Uint8Array
  private readonly limits: PlistLimits
  private left: number
  private offsets = 0
  private offsetSize = 0
  private refSize = 0
  private count = 0
  /** Objects that are being read: one that is met again contains itself. */
  private readonly open = new Set<number>()

  constructor(bytes: Uint8Array, limits: PlistLimits) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.limits = limits
    this.left = limits.values
  }

  fail(message: string, at: number): never {
    throw new PlistError(message, at)
  }

  document(): Plist {
    const trailer = this.bytes.length - 32
    if (trailer < 9) this.fail('too short', 0)
    this.offsetSize = this.bytes[trailer + 6] ?? 0
    this.refSize = this.bytes[trailer + 7] ?? 0
    if (!(this.offsetSize >= 1 && this.offsetSize <= 8) || !(this.refSize >= 1 && this.refSize <= 8))
      this.fail('a wrong trailer', trailer)
    this.count = this.uint(trailer + 8, 8)
    const top = this.uint(trailer + 16, 8)
    this.offsets = this.uint(trailer + 24, 8)
    if (this.count < 1 || this.count > this.limits.values) this.fail('too many values', trailer)
    if (this.offsets < 9 || this.offsets + this.count * this.offsetSize > trailer)
      this.fail('a wrong offset table', trailer)
    return this.object(top, 0)
  }

  /** Beyond 2^53 no offset or count is possible. */
  private uint(at: number, size: number): number {
    let n = 0
    for (let i = 0; i < size; i++) n = n * 256 + (this.bytes[at + i] ?? 0)
    return n > Number.MAX_SAFE_INTEGER ? this.fail('a number too large', at) : n
  }

  /** `size` bytes from `at` lie among the objects. */
  private within(at: number, size: number): void {
    if (at < 8 || at + size > this.offsets) this.fail('it points outside of itself', at)
  }

  private object(ref: number, depth: number): Plist {
    if (--this.left < 0) this.fail('too many values', 0)
    if (ref >= this.count) this.fail('an unknown object', 0)
    const at = this.uint(this.offsets + ref * this.offsetSize, this.offsetSize)
    this.within(at, 1)
    const marker = this.bytes[at] ?? 0
    const low = marker & 0x0f
    switch (marker >> 4) {
      case 0x0:
        return low === 8 ? false : low === 9 ? true : this.fail('an unknown object', at)
      case 0x1:
        return this.integer(at, low)
      case 0x2:
        return this.real(at, low)
      case 0x3:
        return this.date(at, low)
      case 0x4:
        return new Uint8Array(this.run(at, low, 1))
      case 0x5:
        return this.ascii(this.run(at, low, 1), at)
      case 0x6:
        return this.utf16(this.run(at, low, 2))
      case 0xa:
        return this.nested(ref, at, depth, () => this.array(at, low, depth))
      case 0xd:
        return this.nested(ref, at, depth, () => this.dict(at, low, depth))
      default:
        return this.fail('an unknown object', at)
    }
  }

  private nested(ref: number, at: number, depth: number, read: () => Plist): Plist {
    if (depth >= this.limits.depth) this.fail('nested too deep', at)
    if (this.open.has(ref)) this.fail('it contains itself', at)
    this.open.add(ref)
    const value = read()
    this.open.delete(ref)
    return value
  }

  private integer(at: number, low: number): number | bigint {
    if (low > 4) this.fail('an integer too large', at)
    const size = 1 << low
    this.within(at + 1, size)
    if (low < 3) return this.uint(at + 1, size)
    // Eight bytes are signed; sixteen carry the unsigned ones above 2^63.
    const high = low === 4 ? this.view.getBigInt64(at + 1) : 0n
    const n = low === 4 ? (high << 64n) | this.view.getBigUint64(at + 9) : this.view.getBigInt64(at + 1)
    if (n > 0xffff_ffff_ffff_ffffn || n < -0x8000_0000_0000_0000n) this.fail('an integer beyond 64 bits', at)
    return n >= BigInt(Number.MIN_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : n
  }

  private real(at: number, low: number): number {
    if (low !== 2 && low !== 3) this.fail('a real of an unknown size', at)
    this.within(at + 1, 1 << low)
    return low === 2 ? this.view.getFloat32(at + 1) : this.view.getFloat64(at + 1)
  }

  private date(at: number, low: number): Date {
    if (low !== 3) this.fail('a date of an unknown size', at)
    this.within(at + 1, 8)
    const found = new Date((this.view.getFloat64(at + 1) + epoch) * 1000)
    return Number.isNaN(found.getTime()) ? this.fail('not a date', at) : found
  }

  /** How many elements an object has, and where they begin. */
  private length(at: number, low: number): { n: number; from: number } {
    if (low !== 15) return { n: low, from: at + 1 }
    this.within(at + 1, 1)
    const marker = this.bytes[at + 1] ?? 0
    const size = 1 << (marker & 0x0f)
    if (marker >> 4 !== 1 || size > 8) this.fail('a wrong length', at)
    this.within(at + 2, size)
    return { n: this.uint(at + 2, size), from: at + 2 + size }
  }

  private run(at: number, low: number, unit: number): Uint8Array {
    const { n, from } = this.length(at, low)
    this.within(from, n * unit)
    return this.bytes.subarray(from, from + n * unit)
  }

  private ascii(run: Uint8Array, at: number): string {
    for (const b of run) if (b > 127) this.fail('letters beyond ASCII', at)
    return latin.decode(run)
  }

  private utf16(run: Uint8Array): string {
    return Buffer.from(run).swap16().toString('utf16le')
  }

  private refs(from: number, n: number): number[] {
    this.within(from, n * this.refSize)
    if (n > this.left) this.fail('too many values', from)
    return Array.from({ length: n }, (_, i) => this.uint(from + i * this.refSize, this.refSize))
  }

  private array(at: number, low: number, depth: number): Plist[] {
    const { n, from } = this.length(at, low)
    return this.refs(from, n).map((ref) => this.object(ref, depth + 1))
  }

  private dict(at: number, low: number, depth: number): PlistDict {
    const { n, from } = this.length(at, low)
    const refs = this.refs(from, n * 2)
    const found: PlistDict = {}
    for (let i = 0; i < n; i++) {
      const key = this.object(refs[i]!, depth + 1)
      if (typeof key !== 'string') this.fail('a key that is no string', at)
      if (Object.hasOwn(found, key)) this.fail('a key that stands twice', at)
      const value = this.object(refs[n + i]!, depth + 1)
      Object.defineProperty(found, key, { value, enumerable: true, writable: true, configurable: true })
    }
    return found
  }
}
