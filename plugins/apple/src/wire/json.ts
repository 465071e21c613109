/** Between the words of Muster (JSON) and Apple's (property lists). */
import type { Json, JsonObject } from '@muster/contract'
import { type Plist, type PlistDict, Real } from '@muster/kit/plist'

/** What JSON has no type for, in what we send: bytes, moments, and numbers that must be written as real. */
export const data = (bytes: Uint8Array): JsonObject => ({ $data: Buffer.from(bytes).toString('base64') })
export const date = (iso: string): JsonObject => ({ $date: iso })
export const real = (n: number): JsonObject => ({ $real: n })

/** What we send. Null and absent entries are left out. */
export function toPlist(json: Json): Plist {
  if (json === null) return ''
  if (typeof json !== 'object') return json
  if (Array.isArray(json)) return json.map(toPlist)
  if (typeof json.$data === 'string') return new Uint8Array(Buffer.from(json.$data, 'base64'))
  if (typeof json.$date === 'string') return new Date(json.$date)
  if (typeof json.$real === 'number') return new Real(json.$real)
  return toDict(json)
}

export function toDict(json: JsonObject): PlistDict {
  const found: PlistDict = {}
  for (const [key, value] of Object.entries(json))
    if (value !== null && value !== undefined) found[key] = toPlist(value)
  return found
}

/** What a device said: bytes in base64, moments in ISO 8601, integers beyond 2^53 in decimal digits. */
export function toJson(plist: Plist): Json {
  if (typeof plist === 'bigint') return plist.toString()
  if (typeof plist === 'number') return Number.isFinite(plist) ? plist : null
  if (typeof plist !== 'object') return plist
  if (plist instanceof Date) return plist.toISOString()
  if (plist instanceof Uint8Array) return Buffer.from(plist).toString('base64')
  if (plist instanceof Real) return plist.value
  if (Array.isArray(plist)) return plist.map(toJson)
  return Object.fromEntries(Object.entries(plist).map(([key, value]) => [key, toJson(value)]))
}

/** The text at a key, when it is one. */
export function textOf(of: PlistDict, key: string): string | undefined {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  return typeof value === 'string' ? value : undefined
}
export function bytesOf(of: PlistDict, key: string): Uint8Array | undefined {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  return value instanceof Uint8Array ? value : undefined
}
