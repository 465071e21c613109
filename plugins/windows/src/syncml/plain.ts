/**
 * SyncML as Windows writes it, read in one pass over its text: ASCII, elements in the order of the DTD, each with nothing but what is known here. Whatever is not
 * surely that is left to the reader that knows all of XML, so that one alone judges the unusual; of what both read, they read the same.
 */
import { isAscii } from 'node:buffer'
import type { AlertWord, CommandWord, Item, ResultsWord, StatusWord, SyncMessage, Verb, Word } from './words.ts'

/** Far above what a device says in one breath, and far below the limits of the whole reader in elements and commands. */
const longest = { message: 64 * 1024, id: 64, uri: 2048 } as const

const beginning =
  /^(?:<\?xml version="1\.0"(?: encoding="(?:utf|UTF)-8")? ?\?>)?[ \t\n]*<SyncML(?: xmlns="SYNCML:SYNCML1\.[12]")?(?: xmlns:msft="http:\/\/schemas\.microsoft\.com\/MobileDevice\/MDM")?>/
/** Controls but tab and line feed (XML knows no other, and reads a carriage return as a line feed), and what ends CDATA. */
const unusual = /[^\t\n\x20-\x7e]|\]\]>/
const entity = /&(?:(amp|lt|gt|quot|apos);)?/g
const letters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

interface Tag {
  readonly open: string
  /** With the namespace of meta information; elsewhere nobody writes it. */
  readonly meta: string
  readonly close: string
  readonly empty: string
}
const tag = (name: string): Tag => ({
  open: `<${name}>`,
  meta: `<${name} xmlns="syncml:metinf">`,
  close: `</${name}>`,
  empty: `<${name}/>`,
})
const verb = (name: Verb) => ({ name, ...tag(name) })
const verbs = (['Replace', 'Get', 'Add', 'Delete', 'Exec'] as const).map(verb)
const t = {
  header: tag('SyncHdr'),
  body: tag('SyncBody'),
  version: tag('VerDTD'),
  protocol: tag('VerProto'),
  session: tag('SessionID'),
  message: tag('MsgID'),
  target: tag('Target'),
  source: tag('Source'),
  uri: tag('LocURI'),
  name: tag('LocName'),
  id: tag('CmdID'),
  msgRef: tag('MsgRef'),
  cmdRef: tag('CmdRef'),
  cmd: tag('Cmd'),
  targetRef: tag('TargetRef'),
  sourceRef: tag('SourceRef'),
  data: tag('Data'),
  item: tag('Item'),
  meta: tag('Meta'),
  format: tag('Format'),
  type: tag('Type'),
  alert: tag('Alert'),
  status: tag('Status'),
  results: tag('Results'),
  final: tag('Final'),
} as const
const end = '</SyncML>'

/** undefined: not so plain, or wrong; then it is to be read otherwise. */
export function readPlainSyncml(bytes: Uint8Array): SyncMessage | undefined {
  if (bytes.length > longest.message || !isAscii(bytes)) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const begins = beginning.exec(text)
  if (!begins || unusual.test(text)) return undefined
  return new Reader(text, begins[0].length).message()
}

class Reader {
  private readonly text: string
  private readonly entities: boolean
  private at: number
  /** Something was met that is not read here. */
  private odd = false
  constructor(text: string, at: number) {
    this.text = text
    this.entities = text.includes('&')
    this.at = at
  }

  message(): SyncMessage | undefined {
    if (!this.is(t.header.open)) return undefined
    this.leaf(t.version)
    const protocol = this.leaf(t.protocol)?.trim()
    const session = this.id(t.session)
    const message = this.id(t.message)
    const target = this.place(t.target) ?? ''
    const source = this.place(t.source, true) ?? ''
    const sourceName = this.name
    if (!this.is(t.header.close) || !this.is(t.body.open)) return undefined
    if (protocol !== 'DM/1.2' && protocol !== 'DM/1.1') return undefined
    const body: Word[] = []
    for (let word = this.word(); word !== undefined && !this.odd; word = this.word()) body.push(word)
    const final = this.is(t.final.empty)
    if (!this.is(t.body.close) || !this.is(end) || this.odd || !this.over()) return undefined
    return {
      session,
      message,
      target,
      source,
      sourceName,
      credentials: undefined,
      maxMessage: undefined,
      maxObject: undefined,
      respondTo: undefined,
      body,
      final,
    }
  }

  private word(): Word | undefined {
    if (this.is(t.status.open)) return this.status()
    if (this.is(t.results.open)) return this.results()
    if (this.is(t.alert.open)) return this.alert()
    for (const v of verbs) if (this.is(v.open)) return this.command(v)
    return undefined
  }
  private status(): StatusWord {
    const id = this.id(t.id)
    const msgRef = this.id(t.msgRef)
    const cmdRef = this.id(t.cmdRef)
    const cmd = this.short(this.leaf(t.cmd)) ?? ''
    const targets = this.references(t.targetRef)
    const sources = this.references(t.sourceRef)
    const code = this.code()
    const items = this.items()
    this.must(t.status.close)
    return {
      kind: 'status',
      id,
      msgRef,
      cmdRef,
      cmd,
      code,
      targets,
      sources,
      challenge: undefined,
      items,
      originalError: undefined,
    }
  }
  private results(): ResultsWord {
    const id = this.id(t.id)
    const msgRef = this.short(this.leaf(t.msgRef)) ?? ''
    const cmdRef = this.id(t.cmdRef)
    const items = this.items()
    this.must(t.results.close)
    return { kind: 'results', id, msgRef, cmdRef, items }
  }
  private alert(): AlertWord {
    const id = this.id(t.id)
    const code = this.code()
    const items = this.items()
    this.must(t.alert.close)
    return { kind: 'alert', id, code, items }
  }
  private command(v: Tag & { name: Verb }): CommandWord {
    const id = this.id(t.id)
    const items = this.items()
    this.must(v.close)
    return { kind: 'command', id, verb: v.name, items }
  }

  private items(): Item[] {
    const items: Item[] = []
    while (!this.odd && this.is(t.item.open)) items.push(this.item())
    return items
  }
  /** Target and Source stand before the rest, in either order. */
  private item(): Item {
    let target = this.place(t.target)
    const source = this.place(t.source)
    if (target === undefined && source !== undefined) target = this.place(t.target)
    let format: string | undefined
    let type: string | undefined
    if (this.is(t.meta.open)) {
      format = this.leaf(t.format)?.trim()
      type = this.leaf(t.type)?.trim()
      if (format === undefined && type !== undefined) format = this.leaf(t.format)?.trim()
      this.must(t.meta.close)
    }
    const data = this.leaf(t.data)
    this.must(t.item.close)
    return { source, target, format, type, mark: undefined, data, more: undefined, size: undefined }
  }

  /** The address in a Target or Source; of the sender, beside its name. */
  private name: string | undefined
  private place(of: Tag, named = false): string | undefined {
    if (!this.is(of.open)) return undefined
    const uri = this.address(this.leaf(t.uri))
    if (named) this.name = this.address(this.leaf(t.name))
    this.must(of.close)
    return uri
  }
  private references(of: Tag): string[] {
    const found: string[] = []
    for (let r = this.address(this.leaf(of)); r !== undefined; r = this.address(this.leaf(of))) found.push(r)
    return found
  }
  private address(text: string | undefined): string | undefined {
    const plain = text?.trim()
    if (plain !== undefined && (plain.length > longest.uri || broken(plain))) this.odd = true
    return plain
  }
  private short(text: string | undefined): string | undefined {
    const plain = text?.trim()
    if (plain !== undefined && (plain.length > longest.id || broken(plain))) this.odd = true
    return plain
  }
  private id(of: Tag): string {
    const found = this.short(this.leaf(of)) ?? ''
    if (found === '') this.odd = true
    return found
  }
  private code(): number {
    const text = this.leaf(t.data)?.trim() ?? ''
    const { length } = text
    let code = 0
    for (let i = 0; i < length; i += 1) {
      const digit = text.charCodeAt(i) - 48
      if (digit < 0 || digit > 9) this.odd = true
      code = code * 10 + digit
    }
    if (length < 3 || length > 4) this.odd = true
    return code
  }

  /** The text of an element without children; undefined: another one stands here. */
  private leaf(of: Tag): string | undefined {
    if (!this.is(of.open)) {
      if (this.is(of.empty)) return ''
      if (!this.is(of.meta)) return undefined
    }
    const from = this.at
    const to = this.text.indexOf('<', from)
    if (to < 0 || !this.text.startsWith(of.close, to)) {
      this.odd = true
      return undefined
    }
    this.at = to + of.close.length
    const words = this.text.slice(from, to)
    return this.entities ? this.decoded(words) : words
  }
  private decoded(words: string): string {
    if (!words.includes('&')) return words
    return words.replace(entity, (_all, name: string | undefined) => {
      if (name === undefined) this.odd = true
      return letters[name ?? ''] ?? ''
    })
  }
  private must(tag: string): void {
    if (!this.is(tag)) this.odd = true
  }
  /** This tag stands here, after blanks between elements; it is passed then. */
  private is(tag: string): boolean {
    const { text } = this
    let { at } = this
    for (let c = text.charCodeAt(at); c === 32 || c === 10 || c === 9; c = text.charCodeAt(at)) at += 1
    if (!text.startsWith(tag, at)) return false
    this.at = at + tag.length
    return true
  }
  /** Nothing but blanks is left. */
  private over(): boolean {
    return this.text.slice(this.at).trim() === ''
  }
}

/** Words with a line break or a tab within, which no name or address has. */
const broken = (text: string): boolean => text.includes('\n') || text.includes('\t')
