/** WBXML (W3C NOTE-wbxml) of SyncML, read within bounds into the same tree as XML. Attributes, extensions and processing instructions do not occur in SyncML and are refused. */
import { type XmlElement, XmlError, type XmlLimits, xmlLimits } from '../xml/index.ts'
import { pages } from './tables.ts'

const token = { switchPage: 0x00, end: 0x01, entity: 0x02, inline: 0x03, table: 0x83, opaque: 0xc3 } as const
const utf8 = new TextDecoder('utf-8', { fatal: true })
/** MIBenum of UTF-8 and US-ASCII. */
const charsets = new Set([0, 3, 106])

/** Throws XmlError. */
export function readWbxml(bytes: Uint8Array, limits: XmlLimits = xmlLimits): XmlElement {
  if (bytes.length > limits.bytes) throw new XmlError('too large')
  return new Reader(bytes, limits).document()
}

interface Open {
  name: string
  ns: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

class Reader {
  private at = 0
  private page = 0
  private strings: Uint8Array = new Uint8Array(0)
  private left: number
  private readonly bytes: Uint8Array
  private readonly limits: XmlLimits
  constructor(bytes: Uint8Array, limits: XmlLimits) {
    this.bytes = bytes
    this.limits = limits
    this.left = limits.elements
  }

  document(): XmlElement {
    const version = this.byte()
    if (version < 1 || version > 3) throw new XmlError('an unknown version of WBXML')
    if (this.number() === 0) this.number()
    if (!charsets.has(this.number())) throw new XmlError('an unknown character set')
    this.strings = this.run(this.number())
    const open: Open[] = []
    for (;;) {
      const found = this.step(open)
      if (!found) continue
      if (this.at !== this.bytes.length) throw new XmlError('something after the end')
      return found
    }
  }

  /** One token; the root when it is over. */
  private step(open: Open[]): XmlElement | undefined {
    if (--this.left < 0) throw new XmlError('too many elements')
    const t = this.byte()
    const inner = open.at(-1)
    switch (t) {
      case token.switchPage:
        this.page = this.byte()
        if (!pages[this.page]) throw new XmlError('an unknown code page')
        return undefined
      case token.end: {
        const done = open.pop()
        if (!done) throw new XmlError('an end without its beginning')
        return open.length === 0 ? done : undefined
      }
      case token.entity:
      case token.inline:
      case token.table:
      case token.opaque:
        if (!inner) throw new XmlError('text outside of an element')
        inner.text += this.text(t)
        return undefined
      default:
        return this.tag(t, open)
    }
  }

  private tag(t: number, open: Open[]): XmlElement | undefined {
    if (t & 0x80) throw new XmlError('attributes or extensions')
    const page = pages[this.page]
    const name = page?.tags[(t & 0x3f) - 5]
    if (!page || !name) throw new XmlError('an unknown tag')
    if (open.length >= this.limits.depth) throw new XmlError('nested too deep')
    const element: Open = { name, ns: page.ns, attributes: Object.create(null), children: [], text: '' }
    open.at(-1)?.children.push(element)
    if (t & 0x40) open.push(element)
    return !(t & 0x40) && open.length === 0 ? element : undefined
  }

  private text(t: number): string {
    if (t === token.entity) {
      const code = this.number()
      if (code < 1 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw new XmlError('an unknown character')
      return String.fromCodePoint(code)
    }
    if (t === token.opaque) return this.decode(this.run(this.number()))
    if (t === token.inline)
      return this.terminated(this.bytes, this.at, (end) => {
        this.at = end
      })
    return this.terminated(this.strings, this.number(), () => undefined)
  }

  private terminated(of: Uint8Array, from: number, after: (end: number) => void): string {
    const end = from <= of.length ? of.indexOf(0, from) : -1
    if (end < 0) throw new XmlError('a string without its end')
    after(end + 1)
    return this.decode(of.subarray(from, end))
  }

  private decode(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes)
    } catch {
      throw new XmlError('letters that are no UTF-8')
    }
  }

  private byte(): number {
    const b = this.bytes[this.at]
    if (b === undefined) throw new XmlError('it ends too early')
    this.at += 1
    return b
  }

  /** mb_u_int32: seven bits a byte, at most five bytes. */
  private number(): number {
    let n = 0
    for (let i = 0; i < 5; i++) {
      const b = this.byte()
      n = n * 128 + (b & 0x7f)
      if ((b & 0x80) === 0) return n
    }
    throw new XmlError('a number too large')
  }

  private run(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) throw new XmlError('it ends too early')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}
