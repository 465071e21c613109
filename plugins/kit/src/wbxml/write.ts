/** WBXML of SyncML, written from the same nodes as XML; which code page a tag is of, its name tells (each stands in one page only). */
import { XmlError, type XmlNode } from '../xml/index.ts'
import { pages, publicId } from './tables.ts'

const codes = new Map(
  pages.flatMap((p, page) => p.tags.flatMap((name, i) => (name ? [[name, { page, code: i + 5 }] as const] : []))),
)

/** Attributes (`xmlns`) are not written: the code pages say it. Throws XmlError for a tag that SyncML does not have. */
export function writeWbxml(root: XmlNode): Buffer {
  const parts: Buffer[] = [Buffer.from([0x02, ...multi(publicId), ...multi(106), 0x00])]
  const state = { page: 0 }
  write(parts, root, state)
  return Buffer.concat(parts)
}

function write(parts: Buffer[], n: XmlNode, state: { page: number }): void {
  const known = codes.get(n.name)
  if (!known) throw new XmlError(`no tag of SyncML: ${n.name}`)
  if (known.page !== state.page) {
    parts.push(Buffer.from([0x00, known.page]))
    state.page = known.page
  }
  const empty = n.content === undefined || n.content.length === 0
  parts.push(Buffer.from([known.code | (empty ? 0 : 0x40)]))
  if (empty) return
  if (typeof n.content === 'string') parts.push(text(n.content))
  else for (const c of n.content ?? []) if (c) write(parts, c, state)
  parts.push(Buffer.from([0x01]))
}

/** Inline; as opaque bytes when a zero is in it, which would end it. */
function text(content: string): Buffer {
  const bytes = Buffer.from(content)
  if (!bytes.includes(0)) return Buffer.concat([Buffer.from([0x03]), bytes, Buffer.from([0])])
  return Buffer.concat([Buffer.from([0xc3, ...multi(bytes.length)]), bytes])
}

function multi(n: number): number[] {
  const found = [n & 0x7f]
  for (let rest = Math.floor(n / 128); rest > 0; rest = Math.floor(rest / 128)) found.unshift((rest & 0x7f) | 0x80)
  return found
}
