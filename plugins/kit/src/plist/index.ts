/** Property lists, XML and binary: read within bounds, written as Apple's tools do. */
import { readBinaryPlist } from './binary-read.ts'
import { type Plist, PlistError, type PlistLimits, plistLimits } from './value.ts'
import { readXmlPlist } from './xml-read.ts'

export { readFlatPlist } from './flat-read.ts'
export { isDict, type Plist, type PlistDict, PlistError, type PlistLimits, plistLimits, Real } from './value.ts'
export { writeXmlPlist } from './xml-write.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Either form, told apart by its first bytes. Throws PlistError. */
export function readPlist(bytes: Uint8Array, limits: PlistLimits = plistLimits): Plist {
  if (bytes.length > limits.bytes) throw new PlistError('too large', limits.bytes)
  if (Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(8, bytes.length)).toString('latin1').startsWith('bplist0'))
    return readBinaryPlist(bytes, limits)
  return readXmlPlist(decode(bytes), limits)
}

/** UTF-8, or UTF-16 where its byte order mark says so. */
function decode(bytes: Uint8Array): string {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le', { fatal: true }).decode(bytes)
    if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be', { fatal: true }).decode(bytes)
    return utf8.decode(bytes)
  } catch {
    throw new PlistError('letters that are no UTF-8', 0)
  }
}
