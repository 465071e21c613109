/** SyncML 1.2 as WBXML 1.3 (WAP-192; OMA SyncML RepPro and MetaInfo, code pages): strings in line, opaque data where a server wants it. */
import { type Element, NotUnderstood } from '../xml.ts'
import { metinf, type Said } from './write.ts'

/** Tokens from 0x05 (RepPro 1.2.2, 7). */
const syncml = [
  'Add',
  'Alert',
  'Archive',
  'Atomic',
  'Chal',
  'Cmd',
  'CmdID',
  'CmdRef',
  'Copy',
  'Cred',
  'Data',
  'Delete',
  'Exec',
  'Final',
  'Get',
  'Item',
  'Lang',
  'LocName',
  'LocURI',
  'Map',
  'MapItem',
  'Meta',
  'MsgID',
  'MsgRef',
  'NoResp',
  'NoResults',
  'Put',
  'Replace',
  'RespURI',
  'Results',
  'Search',
  'Sequence',
  'SessionID',
  'SftDel',
  'Source',
  'SourceRef',
  'Status',
  'Sync',
  'SyncBody',
  'SyncHdr',
  'SyncML',
  'Target',
  'TargetRef',
  'Reserved',
  'VerDTD',
  'VerProto',
  'NumberOfChanges',
  'MoreData',
  'Field',
  'Filter',
  'Record',
  'FilterType',
  'SourceParent',
  'TargetParent',
  'Move',
  'Correlator',
] as const
/** MetaInfo 1.2, code page 1. */
const meta = [
  'Anchor',
  'EMI',
  'Format',
  'FreeID',
  'FreeMem',
  'Last',
  'Mark',
  'MaxMsgSize',
  'Mem',
  'MetInf',
  'Next',
  'NextNonce',
  'SharedMem',
  'Size',
  'Type',
  'Version',
  'MaxObjSize',
  'FieldLevel',
] as const
const pages: readonly (readonly string[])[] = [syncml, meta]
const namespaces = ['SYNCML:SYNCML1.2', 'syncml:metinf'] as const
const first = 0x05
const withContent = 0x40
const token = {
  switchPage: 0x00,
  end: 0x01,
  entity: 0x02,
  inline: 0x03,
  literal: 0x04,
  table: 0x83,
  opaque: 0xc3,
} as const
/** -//SYNCML//DTD SyncML 1.2//EN, by number; UTF-8; no strings. */
const head = [0x03, 0xa4, 0x01, 0x6a, 0x00] as const

export function wbxmlOf(root: Said): Buffer {
  const parts: Buffer[] = [Buffer.from(head)]
  let page = 0
  const write = ({ name, content }: Said): void => {
    const at = metinf.has(name) ? 1 : 0
    const no = pages[at]?.indexOf(name) ?? -1
    if (no < 0) throw new Error(`No token for ${name}.`)
    if (at !== page) parts.push(Buffer.from([token.switchPage, at]))
    page = at
    parts.push(Buffer.from([first + no + (content.length > 0 ? withContent : 0)]))
    for (const c of content)
      if (typeof c === 'string') parts.push(Buffer.from([token.inline]), Buffer.from(c, 'utf8'), Buffer.from([0]))
      else write(c)
    if (content.length > 0) parts.push(Buffer.from([token.end]))
  }
  write(root)
  return Buffer.concat(parts)
}

/** Throws NotUnderstood. */
export function readWbxml(bytes: Buffer): Element {
  let at = 0
  const byte = (): number => {
    const b = bytes[at]
    if (b === undefined) throw new NotUnderstood('The WBXML is cut off.')
    at += 1
    return b
  }
  const number = (): number => {
    let n = 0
    for (let i = 0; i < 5; i += 1) {
      const b = byte()
      n = n * 128 + (b & 0x7f)
      if (b < 0x80) return n
    }
    throw new NotUnderstood('A number that is too long.')
  }
  const version = byte()
  if (version < 0x01 || version > 0x03) throw new NotUnderstood(`WBXML of version ${version}.`)
  const id = number()
  const place = id === 0 ? number() : -1
  if (number() !== 0x6a) throw new NotUnderstood('The WBXML is not in UTF-8.')
  const strings = bytes.subarray(at + 1, at + 1 + (bytes[at] ?? 0))
  if (number() !== strings.length) throw new NotUnderstood('A table of strings that no client expects.')
  at += strings.length
  const stringAt = (from: number) => strings.toString('utf8', from, strings.indexOf(0, from))
  if (id !== 0x1201 && stringAt(place) !== '-//SYNCML//DTD SyncML 1.2//EN')
    throw new NotUnderstood(`A document of ${id}.`)
  let page = 0
  const element = (tag: number): Element => {
    const name = pages[page]?.[(tag & 0x3f) - first]
    if (name === undefined || (tag & 0x80) !== 0) throw new NotUnderstood(`The token ${tag} of page ${page}.`)
    const children: Element[] = []
    const own = namespaces[page] ?? ''
    let text = ''
    for (let next = (tag & withContent) === 0 ? token.end : byte(); next !== token.end; next = byte()) {
      if (next === token.switchPage) page = byte()
      else if (next === token.inline) {
        const end = bytes.indexOf(0, at)
        if (end < 0) throw new NotUnderstood('A string that never ends.')
        text += bytes.toString('utf8', at, end)
        at = end + 1
      } else if (next === token.opaque) {
        const length = number()
        text += bytes.toString('utf8', at, at + length)
        at += length
      } else if (next === token.table) text += stringAt(number())
      else if (next === token.entity) text += String.fromCodePoint(number())
      else children.push(element(next))
    }
    return { name, namespace: own, attributes: {}, children, text }
  }
  let tag = byte()
  while (tag === token.switchPage) {
    page = byte()
    tag = byte()
  }
  const root = element(tag)
  if (at !== bytes.length) throw new NotUnderstood('Something stands after the document.')
  return root
}
