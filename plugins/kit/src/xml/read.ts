/** XML documents of device protocols (SOAP, SyncML): a small tree with resolved namespaces, read within bounds. No DTD, no entities but the five of XML, no processing instructions. */
import { SaxesParser } from 'saxes'
import type { XmlElement, XmlLimits } from './element.ts'
import { readPlainXml } from './plain.ts'

export const xmlLimits: XmlLimits = { bytes: 1 << 20, depth: 32, elements: 50_000 }

export class XmlError extends Error {
  constructor(message: string) {
    super(`not the XML we read: ${message}`)
    this.name = 'XmlError'
  }
}

interface Open {
  name: string
  ns: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

/** The root element. UTF-8, or UTF-16 where its byte order mark says so. Throws XmlError. */
export function readXml(bytes: Uint8Array, limits: XmlLimits = xmlLimits): XmlElement {
  if (bytes.length > limits.bytes) throw new XmlError('too large')
  const text = decode(bytes)
  return readPlainXml(text, limits) ?? readAllXml(text, limits)
}

/** By a parser that knows all of XML. */
export function readAllXml(text: string, limits: XmlLimits): XmlElement {
  const parser = new SaxesParser({ xmlns: true })
  const open: Open[] = []
  let root: Open | undefined
  let left = limits.elements
  parser.on('error', (e) => {
    throw new XmlError(e.message.slice(0, 200))
  })
  parser.on('doctype', () => {
    throw new XmlError('a DTD')
  })
  parser.on('processinginstruction', () => {
    throw new XmlError('a processing instruction')
  })
  parser.on('opentag', (tag) => {
    if (--left < 0) throw new XmlError('too many elements')
    if (open.length >= limits.depth) throw new XmlError('nested too deep')
    const attributes: Record<string, string> = Object.create(null)
    for (const a of Object.values(tag.attributes))
      if (a.prefix !== 'xmlns' && a.name !== 'xmlns') attributes[a.uri ? `{${a.uri}}${a.local}` : a.local] = a.value
    const element: Open = { name: tag.local, ns: tag.uri, attributes, children: [], text: '' }
    const parent = open.at(-1)
    if (parent) parent.children.push(element)
    else root = element
    open.push(element)
  })
  parser.on('closetag', () => void open.pop())
  const add = (part: string) => {
    const at = open.at(-1)
    if (at) at.text += part
  }
  parser.on('text', add)
  parser.on('cdata', add)
  parser.write(text).close()
  if (!root) throw new XmlError('no element')
  return root
}

function decode(bytes: Uint8Array): string {
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le', { fatal: true }).decode(bytes)
    if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be', { fatal: true }).decode(bytes)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new XmlError('letters that are neither UTF-8 nor marked UTF-16')
  }
}

/** The first child of that name, in any namespace. */
export function child(of: XmlElement | undefined, name: string): XmlElement | undefined {
  return of?.children.find((c) => c.name === name)
}
export function childrenOf(of: XmlElement | undefined, name: string): readonly XmlElement[] {
  return of?.children.filter((c) => c.name === name) ?? []
}
/** Down a path of names. */
export function at(of: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  return path.reduce<XmlElement | undefined>((e, name) => child(e, name), of)
}
/** Trimmed text down a path; undefined when the element is not there. */
export function textAt(of: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  return at(of, ...path)?.text.trim()
}
