/** A property list as JSON with the marks of the wire, so that bytes, moments and reals are written again as they were read. */
import type { Json } from '@muster/contract'
import { type Plist, Real } from '@muster/kit/plist'
import { data, date, real } from '../wire/index.ts'

export function fromPlist(plist: Plist): Json {
  // Beyond 2^53 no key of Apple's means anything; as text the device refuses it by name.
  if (typeof plist === 'bigint') return plist.toString()
  if (typeof plist === 'number') return Number.isFinite(plist) ? plist : 0
  if (typeof plist !== 'object') return plist
  if (plist instanceof Date) return date(plist.toISOString())
  if (plist instanceof Uint8Array) return data(plist)
  if (plist instanceof Real) return real(plist.value)
  if (Array.isArray(plist)) return plist.map(fromPlist)
  return Object.fromEntries(Object.entries(plist).map(([key, value]) => [key, fromPlist(value)]))
}
