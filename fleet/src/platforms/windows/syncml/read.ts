/** A server's message as a strict client takes it in (OMA-TS-SyncML-RepPro 1.2.2, MS-MDM): every element in the order of the DTD, every word one that it knows. */
import { type Element, maybe, NotUnderstood, one } from '../xml.ts'

export const verbs = ['Add', 'Replace', 'Delete', 'Get', 'Exec'] as const
export type Verb = (typeof verbs)[number]

export interface Item {
  readonly target?: string
  readonly source?: string
  readonly format?: string
  readonly type?: string
  readonly data?: string
  readonly size?: number
  readonly more?: true
}
export interface ServerCommand {
  readonly verb: Verb
  readonly id: string
  readonly items: readonly Item[]
}
export type ServerWord =
  | ServerCommand
  | {
      readonly verb: 'Atomic'
      readonly id: string
      readonly children: readonly (ServerCommand | { readonly verb: 'Atomic'; readonly id: string })[]
    }
  | { readonly verb: 'Alert'; readonly id: string; readonly code: string }
export interface ServerStatus {
  readonly id: string
  readonly msgRef: string
  readonly cmdRef: string
  readonly cmd: string
  readonly code: number
  readonly challenge?: { readonly type: string; readonly format: string; readonly nonce: string }
}
export interface ServerMessage {
  readonly session: string
  readonly message: string
  readonly target: string
  readonly source: string
  readonly credentials?: { readonly type: string; readonly data: string }
  readonly statuses: readonly ServerStatus[]
  readonly words: readonly ServerWord[]
  readonly final: boolean
  /** Where the next message is to go. */
  readonly respond?: string
}

/** Name, and how often: one of several names may stand at a place. */
type Place = readonly [string, '1' | '?' | '*' | '+']
const places = (text: string): readonly Place[] =>
  text.split(' ').map((p) => {
    const times = /[?*+]$/.exec(p)?.[0] as '?' | '*' | '+' | undefined
    return [times ? p.slice(0, -1) : p, times ?? '1']
  })
const doing = 'CmdID NoResp? Cred? Meta? Item+'
const dtd: Readonly<Record<string, readonly Place[]>> = Object.fromEntries(
  Object.entries({
    SyncML: 'SyncHdr SyncBody',
    SyncHdr: 'VerDTD VerProto SessionID MsgID Target Source RespURI? NoResp? Cred? Meta?',
    SyncBody: 'Alert|Atomic|Add|Delete|Exec|Get|Replace|Results|Sequence|Status+ Final?',
    Alert: 'CmdID NoResp? Cred? Data? Correlator? Item*',
    Atomic: 'CmdID NoResp? Meta? Add|Delete|Exec|Get|Replace|Atomic|Sequence+',
    Add: doing,
    Replace: doing,
    Delete: 'CmdID NoResp? Archive? SftDel? Cred? Meta? Item+',
    Get: 'CmdID NoResp? Lang? Cred? Meta? Item+',
    Exec: 'CmdID NoResp? Cred? Meta? Correlator? Item',
    Status: 'CmdID MsgRef CmdRef Cmd TargetRef* SourceRef* Cred? Chal? Data Item*',
    Item: 'Target? Source? SourceParent? TargetParent? Meta? Data? MoreData?',
    Target: 'LocURI LocName? Filter?',
    Source: 'LocURI LocName?',
    Cred: 'Meta? Data',
    Chal: 'Meta',
    Meta: 'FieldLevel? Format? Type? Mark? Size? Anchor? Version? NextNonce? MaxMsgSize? MaxObjSize?',
  }).map(([name, text]) => [name, places(text)]),
)
const leaves = new Set([
  'VerDTD',
  'VerProto',
  'SessionID',
  'MsgID',
  'LocURI',
  'LocName',
  'CmdID',
  'MsgRef',
  'CmdRef',
  'Cmd',
  'TargetRef',
  'SourceRef',
  'Data',
  'Final',
  'MoreData',
  'NoResp',
  'Format',
  'Type',
  'Mark',
  'Size',
  'NextNonce',
  'MaxMsgSize',
  'MaxObjSize',
  'Lang',
  'Correlator',
  'RespURI',
])
const formats = new Set(['chr', 'int', 'bool', 'b64', 'bin', 'xml', 'node', 'null', 'float', 'date', 'time'])

/** Throws NotUnderstood. */
function judge(e: Element, path: string): void {
  const at = `${path}/${e.name}`
  const inMeta = path.endsWith('/Meta')
  const namespace = inMeta ? 'syncml:metinf' : 'SYNCML:SYNCML1.2'
  if (e.namespace !== namespace) throw new NotUnderstood(`${at} is of ${e.namespace || 'no namespace'}.`)
  const model = dtd[e.name]
  if (!model) {
    if (!leaves.has(e.name)) throw new NotUnderstood(`${at} is no word of SyncML.`)
    if (e.children.length > 0) throw new NotUnderstood(`${at} holds elements: what it carries is not escaped.`)
    return
  }
  if (e.text.trim() !== '') throw new NotUnderstood(`${at} holds text.`)
  let next = 0
  for (const [names, times] of model) {
    const any = names.split('|')
    const begun = next
    while (
      next < e.children.length &&
      any.includes(e.children[next]?.name ?? '') &&
      (times === '*' || times === '+' || next === begun)
    )
      next += 1
    if (next === begun && (times === '1' || times === '+'))
      throw new NotUnderstood(`${at} has no ${names} where it belongs.`)
  }
  const rest = e.children[next]
  if (rest) throw new NotUnderstood(`${at}: ${rest.name} does not belong where it stands.`)
  for (const c of e.children) judge(c, at)
}

/** Throws NotUnderstood. */
export function readMessage(root: Element): ServerMessage {
  if (root.name !== 'SyncML') throw new NotUnderstood('No SyncML.')
  judge(root, '')
  const header = one(root, 'SyncHdr')
  const body = one(root, 'SyncBody')
  const say = (name: string) => one(header, name).text.trim()
  if (say('VerDTD') !== '1.2' || say('VerProto') !== 'DM/1.2') throw new NotUnderstood('Not of DM 1.2.')
  const cred = maybe(header, 'Cred')
  const respond = maybe(header, 'RespURI')?.text.trim()
  const message: ServerMessage = {
    session: say('SessionID'),
    message: say('MsgID'),
    target: one(header, 'Target', 'LocURI').text.trim(),
    source: one(header, 'Source', 'LocURI').text.trim(),
    ...(cred && { credentials: { type: metaOf(cred).type ?? '', data: one(cred, 'Data').text.trim() } }),
    statuses: body.children.filter((c) => c.name === 'Status').map(statusOf),
    words: body.children.filter((c) => c.name !== 'Status' && c.name !== 'Final').map(wordOf),
    final: maybe(body, 'Final') !== undefined,
    ...(respond && { respond }),
  }
  judgeIds(message)
  return message
}

function judgeIds({ statuses, words }: ServerMessage): void {
  const seen = new Set<string>()
  const all = [
    ...statuses.map((s) => s.id),
    ...words.flatMap((w) => (w.verb === 'Atomic' ? [w.id, ...w.children.map((c) => c.id)] : [w.id])),
  ]
  for (const id of all) {
    if (id === '' || id === '0') throw new NotUnderstood(`The CmdID ${id || 'that is empty'} is no id.`)
    if (seen.has(id)) throw new NotUnderstood(`The CmdID ${id} stands twice in one message.`)
    seen.add(id)
  }
}

const idOf = (e: Element) => one(e, 'CmdID').text.trim()

function statusOf(e: Element): ServerStatus {
  const code = one(e, 'Data').text.trim()
  if (!/^\d{3}$/.test(code)) throw new NotUnderstood(`A status ${code}.`)
  const chal = maybe(e, 'Chal')
  const meta = chal && metaOf(chal)
  const say = (name: string) => one(e, name).text.trim()
  return {
    id: idOf(e),
    msgRef: say('MsgRef'),
    cmdRef: say('CmdRef'),
    cmd: say('Cmd'),
    code: Number(code),
    ...(meta && { challenge: { type: meta.type ?? '', format: meta.format ?? '', nonce: meta.nonce ?? '' } }),
  }
}

function wordOf(e: Element): ServerWord {
  if (e.name === 'Alert') return { verb: 'Alert', id: idOf(e), code: one(e, 'Data').text.trim() }
  if (e.name === 'Atomic') {
    const inner = e.children.filter((c) => c.name !== 'CmdID' && c.name !== 'Meta' && c.name !== 'NoResp')
    return {
      verb: 'Atomic',
      id: idOf(e),
      children: inner.map((c) => (c.name === 'Atomic' ? { verb: 'Atomic', id: idOf(c) } : commandOf(c))),
    }
  }
  return commandOf(e)
}

function commandOf(e: Element): ServerCommand {
  const verb = verbs.find((v) => v === e.name)
  if (!verb) throw new NotUnderstood(`A server sends no ${e.name} here.`)
  const shared = metaOf(e)
  const items = e.children
    .filter((c) => c.name === 'Item')
    .map((i): Item => {
      const meta = { ...shared, ...metaOf(i) }
      const target = maybe(i, 'Target')
      const uri = target && one(target, 'LocURI').text.trim()
      if (uri?.startsWith('/')) throw new NotUnderstood(`The LocURI ${uri} begins with a slash.`)
      if (!uri) throw new NotUnderstood(`${verb} has no target.`)
      const data = maybe(i, 'Data')
      return {
        target: uri,
        ...(meta.format !== undefined && { format: meta.format }),
        ...(meta.type !== undefined && { type: meta.type }),
        ...(meta.size !== undefined && { size: Number(meta.size) }),
        ...(data && { data: data.text }),
        ...(maybe(i, 'MoreData') && { more: true as const }),
      }
    })
  for (const { format } of items)
    if (format !== undefined && !formats.has(format)) throw new NotUnderstood(`The format ${format} is none.`)
  return { verb, id: idOf(e), items }
}

function metaOf(e: Element) {
  const meta = maybe(e, 'Meta')
  const say = (name: string) => (meta ? maybe(meta, name)?.text.trim() : undefined)
  const all = { format: say('Format'), type: say('Type'), size: say('Size'), nonce: say('NextNonce') }
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined)) as Partial<typeof all>
}
