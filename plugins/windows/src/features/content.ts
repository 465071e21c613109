/**
 * XML that Windows hands out in words of its own: profiles of networks, kiosks, rules for programs. What was written is compared part by part, so that order,
 * spaces and what Windows adds of its own say nothing, and another value says so. Kept as hashes: the documents are long, and hold more than anybody needs. Pure.
 */
import { createHash } from 'node:crypto'
import { readXml, type XmlElement, XmlError } from '@muster/kit/xml'

const mark = 'xml:'
/** Nodes whose values are such documents. */
const places =
  /\/Vendor\/MSFT\/(WiFi\/Profile\/[^/]+\/WlanXml|VPNv2\/[^/]+\/ProfileXML|AssignedAccess\/(Configuration|ShellLauncher)|AppLocker\/.+\/Policy)$/i
/** Windows encrypts keys as it stores a profile, and says so: neither can be compared. */
const unspoken = new Set(['keyMaterial', 'keyType', 'protected'])
const mostParts = 400

/** A value as it is remembered, where it is such a document; undefined: it is none. */
export function contentOf(uri: string, text: string): string | undefined {
  const parts = places.test(uri) ? partsOf(text) : undefined
  if (!parts || parts.size === 0 || parts.size > mostParts) return undefined
  return `${mark}${[...parts].map(([path, values]) => `${short(path)}=${short(values)}`).join(',')}`
}
export const isContent = (remembered: string): boolean => remembered.startsWith(mark)

/**
 * The first part that is another one; undefined: all that can be compared is as it was written. `whole`: the provider hands out what it was given, so that a part
 * that is missing was taken away; elsewhere Windows leaves out what goes without saying.
 */
export function otherPart(written: string, remembered: string, whole = false): string | undefined {
  const wanted = partsOf(written)
  if (!wanted || wanted.size > mostParts) return undefined
  const found = new Map(
    remembered
      .slice(mark.length)
      .split(',')
      .map((pair) => pair.split('=', 2) as [string, string]),
  )
  // Not one part in common: another kind of document, which proves no more than that it is there.
  if (![...wanted.keys()].some((path) => found.has(short(path)))) return undefined
  for (const [path, values] of wanted) {
    const value = found.get(short(path))
    if (value === undefined ? whole : value !== short(values)) return path
  }
  return undefined
}

/** All values at each place of the tree, in an order of their own; undefined: no XML. */
function partsOf(text: string): Map<string, string> | undefined {
  const values = new Map<string, string[]>()
  const add = (path: string, value: string) => {
    const plain = plainOf(path, value)
    if (plain !== '') values.set(path, [...(values.get(path) ?? []), plain])
  }
  const walk = (e: XmlElement, path: string) => {
    if (unspoken.has(e.name)) return
    for (const [name, value] of Object.entries(e.attributes)) add(`${path}@${name.replace(/^.*\}/, '')}`, value)
    if (e.children.length === 0) add(path, e.text)
    for (const c of e.children) walk(c, `${path}/${c.name}`)
  }
  try {
    const root = readXml(Buffer.from(text.replace(/^[\ufeff\s]+/, '')))
    walk(root, root.name)
  } catch (e) {
    if (e instanceof XmlError) return undefined
    throw e
  }
  return new Map([...values].map(([path, all]) => [path, all.sort().join('\n')]))
}

/** Without what makes no difference to Windows: spaces, capital letters, the order and repetition of names in a list, who the machine of an account is. */
function plainOf(path: string, value: string): string {
  const text = value.replace(/>\s+</g, '><').replace(/\s+/g, ' ').trim().toLowerCase()
  if (path.endsWith('/Account') || path.endsWith('Account@Name')) return text.slice(text.lastIndexOf('\\') + 1)
  if (/^[0-9a-f]{2}( [0-9a-f]{2})+$/.test(text)) return text.replaceAll(' ', '')
  if (/[;,]/.test(text) && !/[<{]/.test(text))
    return [...new Set(text.split(/[;,]/).map((part) => part.trim()))].filter(Boolean).sort().join(';')
  return text
}

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)
