/** SyncML messages (OMA-TS-SyncML-RepPro 1.2.2), from XML or WBXML, of version 1.1 or 1.2. Namespaces of the elements are not judged: clients differ in them. */

import { readWbxml } from '@muster/kit/wbxml'
import { at, child, childrenOf, readXml, textAt, type XmlElement, XmlError, type XmlLimits } from '@muster/kit/xml'
import { readPlainSyncml } from './plain.ts'
import { type Challenge, type Credentials, type Item, type SyncMessage, type Verb, verbs, type Word } from './words.ts'

const limits: XmlLimits = { bytes: 2 << 20, depth: 24, elements: 50_000 }
const longest = { id: 64, uri: 2048, commands: 5_000 } as const

export class SyncmlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SyncmlError'
  }
}

/** Throws SyncmlError. */
export function readSyncml(bytes: Uint8Array, wbxml: boolean): SyncMessage {
  return (wbxml ? undefined : readPlainSyncml(bytes)) ?? readWholeSyncml(bytes, wbxml)
}

/** By the readers that know all of XML and WBXML. Throws SyncmlError. */
export function readWholeSyncml(bytes: Uint8Array, wbxml: boolean): SyncMessage {
  try {
    return messageOf(wbxml ? readWbxml(bytes, limits) : readXml(bytes, limits))
  } catch (e) {
    throw e instanceof XmlError ? new SyncmlError(e.message) : e
  }
}

function messageOf(root: XmlElement): SyncMessage {
  const header = child(root, 'SyncHdr')
  const body = child(root, 'SyncBody')
  if (root.name !== 'SyncML' || !header || !body) throw new SyncmlError('no SyncML message')
  const version = textAt(header, 'VerProto') ?? ''
  if (!/^DM\/1\.[12]$/.test(version)) throw new SyncmlError(`an unknown protocol ${version.slice(0, 20)}`)
  const left = { commands: longest.commands }
  return {
    session: needed(header, 'SessionID'),
    message: needed(header, 'MsgID'),
    target: uri(textAt(header, 'Target', 'LocURI') ?? ''),
    source: uri(textAt(header, 'Source', 'LocURI') ?? ''),
    sourceName: optional(textAt(header, 'Source', 'LocName')),
    credentials: credentialsOf(child(header, 'Cred')),
    maxMessage: bound(textAt(header, 'Meta', 'MaxMsgSize')),
    maxObject: bound(textAt(header, 'Meta', 'MaxObjSize')),
    respondTo: optional(textAt(header, 'RespURI')),
    body: body.children.flatMap((e) => word(e, left)),
    final: child(body, 'Final') !== undefined,
  }
}

function word(e: XmlElement, left: { commands: number }): Word[] {
  if (--left.commands < 0) throw new SyncmlError('too many commands')
  switch (e.name) {
    case 'Status':
      return [status(e)]
    case 'Results':
      return [{ kind: 'results', id: id(e), msgRef: text(e, 'MsgRef'), cmdRef: needed(e, 'CmdRef'), items: items(e) }]
    case 'Alert':
      return [{ kind: 'alert', id: id(e), code: code(needed(e, 'Data')), items: items(e) }]
    case 'Atomic':
    case 'Sequence': {
      const inner = e.children
        .filter((c) => isVerb(c.name))
        .flatMap((c) => word(c, left))
        .filter((w) => w.kind === 'command')
      return e.name === 'Atomic' ? [{ kind: 'atomic', id: id(e), commands: inner }] : inner
    }
    case 'Final':
      return []
    default:
      if (!isVerb(e.name)) throw new SyncmlError(`an unknown command ${e.name}`)
      return [{ kind: 'command', id: id(e), verb: e.name, items: items(e) }]
  }
}

function status(e: XmlElement): Word {
  const data = child(e, 'Data')
  const chal = at(e, 'Chal', 'Meta')
  const challenge: Challenge | undefined = chal && {
    type: textAt(chal, 'Type') ?? '',
    format: textAt(chal, 'Format') ?? '',
    nonce: textAt(chal, 'NextNonce') ?? '',
  }
  const original = Object.entries(data?.attributes ?? {}).find(([name]) => name.endsWith('originalerror'))?.[1]
  return {
    kind: 'status',
    id: id(e),
    msgRef: needed(e, 'MsgRef'),
    cmdRef: needed(e, 'CmdRef'),
    cmd: text(e, 'Cmd'),
    code: code(data?.text.trim() ?? ''),
    targets: childrenOf(e, 'TargetRef').map((t) => uri(t.text.trim())),
    sources: childrenOf(e, 'SourceRef').map((t) => uri(t.text.trim())),
    challenge,
    items: items(e),
    originalError: original?.slice(0, 32),
  }
}

function items(e: XmlElement): Item[] {
  const shared = child(e, 'Meta')
  return childrenOf(e, 'Item').map((i) => {
    const meta = child(i, 'Meta')
    const data = child(i, 'Data')
    const size = Number(textAt(meta, 'Size') ?? textAt(shared, 'Size') ?? Number.NaN)
    return {
      source: optional(textAt(i, 'Source', 'LocURI')),
      target: optional(textAt(i, 'Target', 'LocURI')),
      format: textAt(meta, 'Format') ?? textAt(shared, 'Format'),
      type: textAt(meta, 'Type') ?? textAt(shared, 'Type'),
      mark: textAt(meta, 'Mark') ?? textAt(shared, 'Mark'),
      data: data && (data.children.length > 0 ? data.children.map(flat).join('') : data.text),
      more: child(i, 'MoreData') !== undefined || undefined,
      size: Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    }
  })
}

/** Elements within Data (a client that forgot to escape): their text, so that nothing is lost. */
function flat(e: XmlElement): string {
  return e.text + e.children.map(flat).join('')
}

function credentialsOf(e: XmlElement | undefined): Credentials | undefined {
  if (!e) return undefined
  const data = textAt(e, 'Data')
  if (!data || data.length > 1000) throw new SyncmlError('credentials that cannot be read')
  return { type: textAt(e, 'Meta', 'Type') ?? '', format: textAt(e, 'Meta', 'Format'), data }
}

const id = (e: XmlElement): string => needed(e, 'CmdID')

function text(e: XmlElement, name: string): string {
  const found = textAt(e, name) ?? ''
  if (/\p{Cc}/u.test(found)) throw new SyncmlError(`a ${name} with control characters`)
  if (found.length > longest.id) throw new SyncmlError(`a ${name} too long`)
  return found
}
function needed(e: XmlElement, name: string): string {
  const found = text(e, name)
  if (!found) throw new SyncmlError(`no ${name}`)
  return found
}
function uri(value: string): string {
  if (value.length > longest.uri) throw new SyncmlError('an address too long')
  // As opaque data WBXML carries what no address holds.
  if (/\p{Cc}/u.test(value)) throw new SyncmlError('an address with control characters')
  return value
}
function optional(value: string | undefined): string | undefined {
  return value === undefined ? undefined : uri(value)
}
function bound(value: string | undefined): number | undefined {
  const n = Number(value)
  return Number.isSafeInteger(n) && n > 0 ? n : undefined
}
function code(value: string): number {
  if (!/^\d{3,4}$/.test(value)) throw new SyncmlError('no status code')
  return Number(value)
}
function isVerb(name: string): name is Verb {
  return (verbs as readonly string[]).includes(name)
}
