/** Small property lists of one kind, read in one walk: a dictionary of short plain texts in XML, as devices send all day. Anything else is for the reader that knows all. */
import type { PlistDict } from './value.ts'

const bounds = { bytes: 4096, entries: 32 } as const
const prologs = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
  '<plist version="1.0">',
  '<dict>',
] as const
/** ASCII without controls, and without what begins an entity. */
const plain = /^[ !"#$%'-~]*$/

/** What `readPlist` would give of it; undefined: it is not surely that. */
export function readFlatPlist(bytes: Uint8Array): PlistDict | undefined {
  if (bytes.length > bounds.bytes || bytes[0] !== 0x3c) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  let at = 0
  for (const line of prologs) {
    if (!text.startsWith(line, at)) return undefined
    at = behindSpace(text, at + line.length)
  }
  const found: PlistDict = {}
  for (let n = 0; n <= bounds.entries; n += 1) {
    if (text.startsWith('</dict>', at)) {
      at = behindSpace(text, at + 7)
      return text.startsWith('</plist>', at) && behindSpace(text, at + 8) === text.length ? found : undefined
    }
    if (!text.startsWith('<key>', at)) return undefined
    const keyEnd = text.indexOf('<', at + 5)
    if (keyEnd < 0 || !text.startsWith('</key>', keyEnd)) return undefined
    const key = text.slice(at + 5, keyEnd)
    at = behindSpace(text, keyEnd + 6)
    if (!text.startsWith('<string>', at)) return undefined
    const valueEnd = text.indexOf('<', at + 8)
    if (valueEnd < 0 || !text.startsWith('</string>', valueEnd)) return undefined
    const value = text.slice(at + 8, valueEnd)
    if (!plain.test(key) || !plain.test(value) || key === '__proto__' || Object.hasOwn(found, key)) return undefined
    found[key] = value
    at = behindSpace(text, valueEnd + 9)
  }
  return undefined
}

function behindSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const c = text.charCodeAt(at)
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at
    at += 1
  }
}
