/** XML property lists, read in one bounded pass: the ten elements of Apple's PropertyList-1.0 and nothing else of XML (no DTD subset, no entities of one's own). */
import { type Plist, type PlistDict, PlistError, type PlistLimits } from './value.ts'

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const space = /^[\t\n\r ]*$/
const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const date = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/

/** Throws PlistError. A `<dict>` that names a key twice, unknown elements, attributes and text between elements are refused. */
export function readXmlPlist(text: string, limits: PlistLimits): Plist {
  const r = new Reader(text, limits)
  return r.document()
}

class Reader {
  private at = 0
  private left: number
  private readonly text: string
  private readonly limits: PlistLimits
  constructor(text: string, limits: PlistLimits) {
    this.text = text
    this.limits = limits
    this.left = limits.values
  }

  fail(message: string): never {
    throw new PlistError(message, this.at)
  }

  document(): Plist {
    if (this.text.charCodeAt(0) === 0xfeff) this.at = 1
    let tag = this.tag()
    if (tag.startsWith('?xml ')) tag = this.tag()
    if (tag.startsWith('!DOCTYPE')) {
      if (!/^!DOCTYPE plist\b[^[\]<>]*$/.test(tag)) this.fail('a DTD of its own')
      tag = this.tag()
    }
    if (!/^plist(\s+version\s*=\s*("1\.0"|'1\.0'))?\s*$/.test(tag)) this.fail('no plist element')
    const value = this.value(this.tag(), 0)
    if (value === undefined) this.fail('an empty plist')
    if (!ends(this.tag(), '/plist')) this.fail('more than one value')
    while (this.at < this.text.length) this.rest()
    return value
  }

  /** After the end: white space and comments. */
  private rest(): void {
    const open = this.text.indexOf('<', this.at)
    const end = open < 0 ? this.text.length : open
    if (!space.test(this.text.slice(this.at, end))) this.fail('text after the end')
    this.at = end
    if (open < 0) return
    if (!this.comment(open)) this.fail('something after the end')
  }

  private comment(open: number): boolean {
    if (!this.text.startsWith('<!--', open)) return false
    const end = this.text.indexOf('-->', open + 4)
    if (end < 0) this.fail('an unfinished comment')
    this.at = end + 3
    return true
  }

  /** The next tag without its brackets; only white space and comments stand before it. */
  private tag(): string {
    for (;;) {
      let i = this.at
      for (; i < this.text.length; i++) {
        const c = this.text.charCodeAt(i)
        if (c === 60) break
        if (c !== 32 && c !== 10 && c !== 13 && c !== 9) this.fail('text where an element belongs')
      }
      if (i >= this.text.length) this.fail('it ends too early')
      if (this.text.charCodeAt(i + 1) === 33 && this.comment(i)) continue
      const end = this.text.indexOf('>', i)
      if (end < 0) this.fail('an unfinished tag')
      this.at = end + 1
      return this.text.slice(i + 1, end)
    }
  }

  /** Undefined at an end tag. */
  private value(tag: string, depth: number): Plist | undefined {
    if (--this.left < 0) this.fail('too many values')
    switch (tag) {
      case 'string':
        return this.content('string')
      case 'dict':
        return this.dict(depth)
      case 'array':
        return this.array(depth)
      case 'integer':
        return this.integer(this.content('integer').trim())
      case 'data':
        return this.data(this.content('data'))
      case 'date':
        return this.date(this.content('date').trim())
      case 'real':
        return this.real(this.content('real').trim())
      default:
        return this.short(tag, depth)
    }
  }

  /** Elements without content, and those whose tag has spaces in it. */
  private short(tag: string, depth: number): Plist | undefined {
    if (tag.charCodeAt(0) === 47) {
      this.at -= tag.length + 2
      return undefined
    }
    const empty = tag.endsWith('/')
    const name = (empty ? tag.slice(0, -1) : tag).trimEnd()
    if (!empty && name !== tag) return this.value(name, depth)
    if (!empty && (name === 'true' || name === 'false')) {
      if (!ends(this.tag(), `/${name}`)) this.fail(`something inside of ${name}`)
    } else if (!empty) this.fail(`an element that property lists do not have`)
    if (name === 'true') return true
    if (name === 'false') return false
    if (name === 'string') return ''
    if (name === 'dict') return {}
    if (name === 'array') return []
    if (name === 'data') return new Uint8Array(0)
    return this.fail('an element that property lists do not have')
  }

  private dict(depth: number): PlistDict {
    if (depth >= this.limits.depth) this.fail('nested too deep')
    const found: PlistDict = {}
    for (;;) {
      const tag = this.tag()
      if (ends(tag, '/dict')) return found
      if (tag !== 'key' && tag !== 'key/') this.fail('a dictionary entry without its key')
      if (--this.left < 0) this.fail('too many values')
      const key = tag === 'key/' ? '' : this.content('key')
      const value = this.value(this.tag(), depth + 1)
      if (value === undefined) this.fail('a key without its value')
      if (Object.hasOwn(found, key)) this.fail('a key that stands twice')
      if (key === '__proto__')
        Object.defineProperty(found, key, { value, enumerable: true, writable: true, configurable: true })
      else found[key] = value
    }
  }

  private array(depth: number): Plist[] {
    if (depth >= this.limits.depth) this.fail('nested too deep')
    const found: Plist[] = []
    for (;;) {
      const tag = this.tag()
      if (ends(tag, '/array')) return found
      const value = this.value(tag, depth + 1)
      if (value === undefined) this.fail('an array that is not closed')
      found.push(value)
    }
  }

  /** The text up to the end tag `name`, entities and CDATA resolved. */
  private content(name: string): string {
    let found = ''
    for (;;) {
      const open = this.text.indexOf('<', this.at)
      if (open < 0) this.fail('it ends too early')
      if (open > this.at) found += this.plain(this.at, open)
      this.at = open
      const end = this.closing(name)
      if (end > 0) {
        this.at = end
        return found
      }
      if (this.text.startsWith('<![CDATA[', open)) {
        const close = this.text.indexOf(']]>', open)
        if (close < 0) this.fail('an unfinished CDATA')
        found += this.text.slice(open + 9, close)
        this.at = close + 3
      } else if (!this.comment(open)) this.fail(`something inside of ${name}`)
    }
  }

  /** Where the end tag of `name` that stands here is over; 0 when something else stands here. */
  private closing(name: string): number {
    if (this.text.charCodeAt(this.at + 1) !== 47 || !this.text.startsWith(name, this.at + 2)) return 0
    let i = this.at + 2 + name.length
    while (this.text.charCodeAt(i) <= 32) i++
    return this.text.charCodeAt(i) === 62 ? i + 1 : 0
  }

  private plain(from: number, to: number): string {
    const part = this.text.slice(from, to)
    if (!part.includes('&')) return part
    return part.replace(/&([^;&]{0,10})(;?)/g, (_, name: string, end: string) => {
      const known = entities[name]
      if (end && known !== undefined) return known
      const digits = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name)
      const code = digits ? Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] ? 16 : 10) : 0
      if (!end || code < 1 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) this.fail('an unknown entity')
      return String.fromCodePoint(code)
    })
  }

  private integer(text: string): number | bigint {
    const [, sign, digits] = /^([+-]?)(\d{1,20}|0[xX][0-9A-Fa-f]{1,16})$/.exec(text) ?? []
    if (digits === undefined) this.fail('not an integer')
    // A sign before hexadecimal digits is nothing that JavaScript reads by itself.
    const number = Number(digits)
    if (Number.isSafeInteger(number)) return number === 0 ? 0 : sign === '-' ? -number : number
    const exact = sign === '-' ? -BigInt(digits) : BigInt(digits)
    if (exact > 0xffff_ffff_ffff_ffffn || exact < -0x8000_0000_0000_0000n) this.fail('an integer beyond 64 bits')
    return exact
  }

  private real(text: string): number {
    if (/^[+-]?(nan|inf(inity)?)$/i.test(text)) {
      if (/nan/i.test(text)) return Number.NaN
      return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    }
    if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$/.test(text) || text.length > 400) this.fail('not a real number')
    return Number(text)
  }

  private date(text: string): Date {
    const found = date.test(text) ? new Date(text) : undefined
    // `2024-02-31` would be taken for March.
    if (!found || Number.isNaN(found.getTime()) || !found.toISOString().startsWith(text.slice(0, 19)))
      this.fail('not a date')
    return found
  }

  private data(text: string): Uint8Array {
    const packed = text.replace(/[\t\n\r ]+/g, '')
    if (!base64.test(packed) || packed.length % 4 === 1) this.fail('not base64')
    return new Uint8Array(Buffer.from(packed, 'base64'))
  }
}

/** End tags may have white space before their bracket. */
function ends(tag: string, name: string): boolean {
  return tag === name || (tag.startsWith(name) && tag.trimEnd() === name)
}
