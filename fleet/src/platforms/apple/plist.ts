/**
 * Property lists between a device's JSON and the wire, in XML. What JSON has no type for stands as `{ $data: base64 }`, `{ $date: ISO 8601 }` and `{ $real: n }`.
 */
import type { Json, JsonObject } from '@muster/contract'
import { isBinary, readBinary } from './bplist.ts'

class NotPlist extends Error {
  constructor(why: string) {
    super(`This is no property list: ${why}.`)
    this.name = 'NotPlist'
  }
}

export const data = (bytes: Uint8Array): JsonObject => ({ $data: Buffer.from(bytes).toString('base64') })
export const date = (at: number): JsonObject => ({ $date: `${new Date(at).toISOString().slice(0, 19)}Z` })
export const real = (n: number): JsonObject => ({ $real: n })
export function bytesOf(value: Json | undefined): Buffer | undefined {
  return isDict(value) && typeof value.$data === 'string' ? Buffer.from(value.$data, 'base64') : undefined
}
export const isDict = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`
const escaped = (t: string) => t.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export function writeXml(value: Json): string {
  return `${head}${xml(value, '')}</plist>\n`
}
function xml(value: Json, indent: string): string {
  const line = (t: string) => `${indent}${t}\n`
  if (typeof value === 'string') return line(`<string>${escaped(value)}</string>`)
  if (typeof value === 'boolean') return line(value ? '<true/>' : '<false/>')
  if (typeof value === 'number')
    return line(Number.isInteger(value) ? `<integer>${value}</integer>` : `<real>${value}</real>`)
  if (value === null) throw new NotPlist('it has no null')
  const deeper = `${indent}\t`
  if (Array.isArray(value))
    return value.length === 0
      ? line('<array/>')
      : `${line('<array>')}${value.map((v) => xml(v, deeper)).join('')}${line('</array>')}`
  if (typeof value.$data === 'string') return line(`<data>${value.$data}</data>`)
  if (typeof value.$date === 'string') return line(`<date>${value.$date}</date>`)
  if (typeof value.$real === 'number') return line(`<real>${value.$real}</real>`)
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  if (entries.length === 0) return line('<dict/>')
  return `${line('<dict>')}${entries.map(([k, v]) => `${deeper}<key>${escaped(k)}</key>\n${xml(v, deeper)}`).join('')}${line('</dict>')}`
}

/** XML or binary, by its first bytes. Throws NotPlist. */
export function readPlist(bytes: Uint8Array): Json {
  return isBinary(bytes) ? readBinary(bytes) : readXml(Buffer.from(bytes).toString('utf8'))
}
/** Throws NotPlist when it is anything but a dictionary. */
export function readDict(bytes: Uint8Array): JsonObject {
  const value = readPlist(bytes)
  if (!isDict(value)) throw new NotPlist('no dictionary')
  return value
}

const tokens = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>[]*>|<(\/?)([A-Za-z]+)((?:\s[^>]*?)?)(\/?)>|([^<]+)/gy

interface Reader {
  /** The next tag or text, blanks between tags left out. */
  next(): Token
  peek(): Token
}
interface Token {
  readonly kind: 'open' | 'close' | 'empty' | 'text' | 'end'
  readonly value: string
}

function readerOf(source: string): Reader {
  tokens.lastIndex = 0
  let at = 0
  let ahead: Token | undefined
  function scan(): Token {
    for (;;) {
      if (at >= source.length) return { kind: 'end', value: '' }
      tokens.lastIndex = at
      const found = tokens.exec(source)
      if (!found) throw new NotPlist(`it cannot be read at ${at}`)
      at = tokens.lastIndex
      const [, closing, name, , selfClosing, plain] = found
      if (plain !== undefined) return { kind: 'text', value: plain }
      if (name === undefined) continue
      if (closing) return { kind: 'close', value: name }
      return { kind: selfClosing ? 'empty' : 'open', value: name }
    }
  }
  const next = () => {
    const token = ahead ?? scan()
    ahead = undefined
    return token
  }
  const peek = () => {
    ahead ??= scan()
    return ahead
  }
  return { next, peek }
}

function readXml(source: string): Json {
  const r = readerOf(source.replace(/^\uFEFF/, ''))
  const root = tagOf(r)
  if (root.kind !== 'open' || root.value !== 'plist') throw new NotPlist('it does not begin as one')
  const value = readValue(r, tagOf(r), 0)
  const last = tagOf(r)
  if (last.kind !== 'close' || last.value !== 'plist' || tagOf(r).kind !== 'end')
    throw new NotPlist('it does not end as one')
  return value
}
/** Blanks between elements mean nothing; other text does not belong there. */
function tagOf(r: Reader): Token {
  for (;;) {
    const token = r.next()
    if (token.kind !== 'text') return token
    if (token.value.trim() !== '') throw new NotPlist('text stands between its elements')
  }
}
const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
function textIn(r: Reader, element: string): string {
  let found = ''
  while (r.peek().kind === 'text') found += r.next().value
  const end = r.next()
  if (end.kind !== 'close' || end.value !== element) throw new NotPlist(`${element} does not end`)
  return found.replaceAll(/&(#x[0-9A-Fa-f]+|#\d+|\w+);/g, (_, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16))
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)))
    const known = entities[name]
    if (known === undefined) throw new NotPlist(`an entity ${name}`)
    return known
  })
}

function readValue(r: Reader, { kind, value: element }: Token, depth: number): Json {
  if (depth > 64) throw new NotPlist('too deep')
  if (kind !== 'open' && kind !== 'empty') throw new NotPlist('a value is missing')
  const empty = kind === 'empty'
  switch (element) {
    case 'true':
    case 'false':
      if (!empty) textIn(r, element)
      return element === 'true'
    case 'dict':
      return empty ? {} : dictIn(r, depth)
    case 'array':
      return empty ? [] : arrayIn(r, depth)
    default:
      return scalar(element, empty ? '' : textIn(r, element))
  }
}
function scalar(element: string, t: string): Json {
  switch (element) {
    case 'string':
      return t
    case 'integer':
      if (!/^\s*[+-]?\d+\s*$/.test(t)) throw new NotPlist(`an integer ${t}`)
      return Number(t)
    case 'real':
      return { $real: Number(t) }
    case 'date':
      if (Number.isNaN(Date.parse(t))) throw new NotPlist(`a date ${t}`)
      return { $date: t }
    case 'data':
      return { $data: t.replaceAll(/\s/g, '') }
    default:
      throw new NotPlist(`an element ${element}`)
  }
}
function dictIn(r: Reader, depth: number): JsonObject {
  const found: JsonObject = {}
  for (let token = tagOf(r); ; token = tagOf(r)) {
    if (token.kind === 'close' && token.value === 'dict') return found
    if (token.kind !== 'open' || token.value !== 'key') throw new NotPlist('a key is missing')
    const key = textIn(r, 'key')
    const value = readValue(r, tagOf(r), depth + 1)
    Object.defineProperty(found, key, { value, enumerable: true, configurable: true, writable: true })
  }
}
function arrayIn(r: Reader, depth: number): Json[] {
  const found: Json[] = []
  for (let token = tagOf(r); ; token = tagOf(r)) {
    if (token.kind === 'close' && token.value === 'array') return found
    found.push(readValue(r, token, depth + 1))
  }
}
