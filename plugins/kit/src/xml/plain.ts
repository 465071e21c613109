/** Plain documents, read fast: ASCII, elements, attributes and text, as devices mostly write them. Whatever has more to it is left to the parser that knows all of XML. */
import type { XmlElement, XmlLimits } from './element.ts'

interface Open {
  name: string
  ns: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}
interface Scope {
  element: Open
  /** As it is written: what ends it must be the same. */
  raw: string
  spaces: Readonly<Record<string, string>>
}

const declaration = /^<\?xml version="1\.0"(?: encoding="(?:utf|UTF)-8")? ?\?>/
const unusual = /[^\t\n\x20-\x7e]/
const name = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y
const attribute = /[ \n\t]+([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)="([^"<&\t\n]*)"/y
/** Each is compared with those before it. */
const mostAttributes = 64
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const reserved = /^http:\/\/www\.w3\.org\/(XML\/1998\/namespace|2000\/xmlns\/)$/

/** undefined: not so plain, or wrong; then it must be read otherwise. */
export function readPlainXml(text: string, limits: XmlLimits): XmlElement | undefined {
  if (unusual.test(text)) return undefined
  let at = declaration.exec(text)?.[0].length ?? 0
  const open: Scope[] = []
  let root: Open | undefined
  let left = limits.elements
  for (;;) {
    const next = text.indexOf('<', at)
    const words = text.slice(at, next < 0 ? undefined : next)
    const inner = open.at(-1)
    if (inner) {
      const plain = plainText(words)
      if (plain === undefined) return undefined
      inner.element.text += plain
    } else if (/[^ \t\n]/.test(words)) return undefined
    if (next < 0) break
    if (text.charCodeAt(next + 1) === 47) {
      const end = open.pop()
      if (!end || !text.startsWith(`${end.raw}>`, next + 2)) return undefined
      at = next + 3 + end.raw.length
      continue
    }
    if (root && !inner) return undefined
    const tag = readTag(text, next + 1, inner?.spaces ?? none)
    if (!tag || --left < 0 || open.length >= limits.depth) return undefined
    if (inner) inner.element.children.push(tag.scope.element)
    else root = tag.scope.element
    if (!tag.empty) open.push(tag.scope)
    at = tag.end
  }
  return open.length === 0 ? root : undefined
}
const none: Readonly<Record<string, string>> = Object.freeze(Object.create(null) as Record<string, string>)

function plainText(words: string): string | undefined {
  if (words.includes(']]>')) return undefined
  if (!words.includes('&')) return words
  let known = true
  const read = words.replace(/&(?:(amp|lt|gt|quot|apos);)?/g, (_all, entity: string | undefined) => {
    if (entity === undefined) known = false
    return entities[entity ?? ''] ?? ''
  })
  return known ? read : undefined
}

function readTag(
  text: string,
  from: number,
  outer: Scope['spaces'],
): { scope: Scope; empty: boolean; end: number } | undefined {
  name.lastIndex = from
  const raw = name.exec(text)?.[0]
  if (raw === undefined) return undefined
  let at = from + raw.length
  let spaces: Record<string, string> | undefined
  const found: [string, string][] = []
  for (;;) {
    attribute.lastIndex = at
    const a = attribute.exec(text)
    if (!a) break
    at = attribute.lastIndex
    const [, key = '', value = ''] = a
    if (key === 'xmlns' || key.startsWith('xmlns:')) {
      const prefix = key === 'xmlns' ? '' : key.slice(6)
      if (
        prefix === 'xml' ||
        prefix === 'xmlns' ||
        (prefix !== '' && value === '') ||
        value !== value.trim() ||
        reserved.test(value)
      )
        return undefined
      spaces ??= Object.assign(Object.create(null) as Record<string, string>, outer)
      spaces[prefix] = value
    }
    if (found.length >= mostAttributes || found.some(([k]) => k === key)) return undefined
    found.push([key, value])
  }
  const empty = text.charCodeAt(at) === 47
  if (text.charCodeAt(empty ? at + 1 : at) !== 62) return undefined
  const known = spaces ?? outer
  const own = resolved(raw, known, true)
  const attributes = own && attributesOf(found, known)
  if (!own || !attributes) return undefined
  const element = { name: own.local, ns: own.ns, attributes, children: [], text: '' }
  return { scope: { element, raw, spaces: known }, empty, end: at + (empty ? 2 : 1) }
}

function attributesOf(found: readonly [string, string][], spaces: Scope['spaces']): Record<string, string> | undefined {
  const attributes: Record<string, string> = Object.create(null)
  for (const [key, value] of found) {
    if (key === 'xmlns' || key.startsWith('xmlns:')) continue
    const r = resolved(key, spaces, false)
    const full = r && (r.ns ? `{${r.ns}}${r.local}` : r.local)
    if (full === undefined || full in attributes) return undefined
    attributes[full] = value
  }
  return attributes
}

function resolved(raw: string, spaces: Scope['spaces'], element: boolean): { local: string; ns: string } | undefined {
  const colon = raw.indexOf(':')
  if (colon < 0) return { local: raw, ns: element ? (spaces[''] ?? '') : '' }
  const prefix = raw.slice(0, colon)
  const ns = prefix === 'xml' || prefix === 'xmlns' ? undefined : spaces[prefix]
  return ns === undefined ? undefined : { local: raw.slice(colon + 1), ns }
}
