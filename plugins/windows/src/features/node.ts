/** One node of the device's management tree as a feature wants it: what is written, and how the device's own word for it is compared. */
import { createHash } from 'node:crypto'
import type { Json } from '@muster/contract'
import type { Format } from '../wire/index.ts'
import { contentOf, isContent, otherPart } from './content.ts'

export interface WantedNode {
  /** From `./Device` or `./User`. */
  readonly uri: string
  readonly format?: Format
  readonly data?: string
  /**
   * Replace where the node is always there (policies), Add where it is made by writing; `fresh`: Delete, so that what is below is made anew;
   * `run`: Exec; `kept`: it is there already and stays. The other of Add and Replace is taken where the device says so.
   */
  readonly how?: 'replace' | 'add' | 'fresh' | 'run' | 'kept'
  /**
   * `value`: read back and compared; `content`: XML that is compared part by part, of which Windows may leave some out; `whole`: may not; `presence`: it must be there,
   * its value is the device's own or a secret; `none`: the device tells nobody.
   */
  readonly read?: 'value' | 'content' | 'whole' | 'presence' | 'none'
  /** First build of Windows that knows it: others are not sent it. */
  readonly build?: number
}

export const isValue = (n: WantedNode): boolean => n.how !== 'fresh' && n.how !== 'run'

const longest = 256

/** A value as it is remembered (`windows.nodes`): long ones as hashes. */
export function remembered(uri: string, value: string): string {
  const content = contentOf(uri, value)
  if (content !== undefined) return content
  return value.length <= longest ? value : `sha256:${createHash('sha256').update(value).digest('hex')}`
}

/** Whether the value that was reported (`windows.nodes`) is the one that is wanted. */
export function sameValue(node: WantedNode, reported: Json): boolean {
  const wanted = node.data ?? ''
  if (typeof reported === 'boolean' || typeof reported === 'number') return sameText(node.format, wanted, `${reported}`)
  if (typeof reported !== 'string') return false
  if (isContent(reported)) return otherPart(wanted, reported) === undefined
  if (/^sha256:[0-9a-f]{64}$/.test(reported) && wanted.length > longest)
    return reported === `sha256:${createHash('sha256').update(wanted).digest('hex')}`
  return sameText(node.format, wanted, reported)
}

function sameText(format: Format | undefined, wanted: string, found: string): boolean {
  if (format === 'int') return found.trim() !== '' && Number(found) === Number(wanted)
  if (format === 'bool') return truth(found) === truth(wanted)
  return found.trim() === wanted.trim()
}

/** OMA DM says true and false; some providers say 1 and 0. */
function truth(text: string): string {
  const low = text.trim().toLowerCase()
  return low === '1' ? 'true' : low === '0' ? 'false' : low
}

/** A name as one segment of an address: `/`, blanks and what else URIs give a meaning (RFC 3986) written in hexadecimal. */
export const segment = (name: string): string =>
  encodeURIComponent(name.isWellFormed() ? name : name.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** An address as the device understands it: what is written in hexadecimal taken back, as often as it was done. For judging what an address reaches. */
export function plainAddress(uri: string): string {
  let plain = uri
  for (let round = 0; round < 4 && /%[0-9a-f]{2}/i.test(plain); round++)
    plain = plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return plain.replace(/\/+(\.\/+)*/g, '/')
}
/** Providers that erase a device, whichever way they are reached: those are operations, with a guard of their own. */
export const erases = (uri: string): boolean => /(RemoteWipe|CleanPC)/i.test(plainAddress(uri))

/** Of items that are the same thing (lists of several policies are joined) the first counts. */
export function firstOf<T>(items: readonly T[], key: (item: T) => string): T[] {
  const found = new Map<string, T>()
  for (const item of items) if (!found.has(key(item))) found.set(key(item), item)
  return [...found.values()]
}

/** A policy of the Policy CSP: `policy('Camera', 'AllowCamera', 0)`. */
export function policy(area: string, name: string, value: number | string | boolean, build?: number): WantedNode {
  const uri = `${policyRoot}/${area}/${name}`
  const data = typeof value === 'boolean' ? (value ? '1' : '0') : `${value}`
  return { uri, format: typeof value === 'string' ? 'chr' : 'int', data, ...(build !== undefined && { build }) }
}
const policyRoot = './Device/Vendor/MSFT/Policy/Config'
export const csp = './Device/Vendor/MSFT'
