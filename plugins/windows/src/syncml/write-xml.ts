/** SyncML as XML, put together as text in one go: the same bytes that the tree of `write.ts` would be written as. */
import { escapeXml } from '@muster/kit/xml'
import type { CommandWord, Item, StatusWord, SyncMessage, Word } from './words.ts'

const meta = ' xmlns="syncml:metinf"'
const leaf = (name: string, text: string, attributes = ''): string =>
  text === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${escapeXml(text)}</${name}>`
const maybe = (name: string, text: string | undefined, attributes = ''): string =>
  text === undefined ? '' : leaf(name, text, attributes)

export function xmlOf(m: SyncMessage): string {
  let body = ''
  for (const w of m.body) body += word(w)
  if (m.final) body += '<Final/>'
  return `<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>${leaf('SessionID', m.session)}${leaf('MsgID', m.message)}<Target>${leaf('LocURI', m.target)}</Target><Source>${leaf('LocURI', m.source)}${maybe('LocName', m.sourceName)}</Source>${maybe('RespURI', m.respondTo)}${credentials(m)}${limits(m)}</SyncHdr><SyncBody>${body}</SyncBody></SyncML>`
}

function credentials({ credentials: c }: SyncMessage): string {
  if (!c) return ''
  return `<Cred><Meta>${leaf('Format', c.format ?? 'b64', meta)}${leaf('Type', c.type, meta)}</Meta>${leaf('Data', c.data)}</Cred>`
}
function limits({ maxMessage, maxObject }: SyncMessage): string {
  if (maxMessage === undefined && maxObject === undefined) return ''
  return `<Meta>${maybe('MaxMsgSize', textOf(maxMessage), meta)}${maybe('MaxObjSize', textOf(maxObject), meta)}</Meta>`
}
const textOf = (n: number | undefined): string | undefined => (n === undefined ? undefined : String(n))

function word(w: Word): string {
  switch (w.kind) {
    case 'status':
      return status(w)
    case 'results':
      return `<Results>${leaf('CmdID', w.id)}${leaf('MsgRef', w.msgRef)}${leaf('CmdRef', w.cmdRef)}${items(w.items)}</Results>`
    case 'alert':
      return `<Alert>${leaf('CmdID', w.id)}<Data>${w.code}</Data>${items(w.items)}</Alert>`
    case 'atomic':
      return `<Atomic>${leaf('CmdID', w.id)}${w.commands.map(command).join('')}</Atomic>`
    case 'command':
      return command(w)
  }
}
function command(w: CommandWord): string {
  return `<${w.verb}>${leaf('CmdID', w.id)}${items(w.items)}</${w.verb}>`
}
/** A command with one item: what stands before its CmdID, and behind it. */
export function commandAround(verb: CommandWord['verb'], of: Item): readonly [string, string] {
  return [`<${verb}><CmdID>`, `</CmdID>${item(of)}</${verb}>`]
}
function status(w: StatusWord): string {
  let refs = ''
  for (const r of w.targets) refs += leaf('TargetRef', r)
  for (const r of w.sources) refs += leaf('SourceRef', r)
  const c = w.challenge
  const challenge = c
    ? `<Chal><Meta>${leaf('Format', c.format, meta)}${leaf('Type', c.type, meta)}${leaf('NextNonce', c.nonce, meta)}</Meta></Chal>`
    : ''
  return `<Status>${leaf('CmdID', w.id)}${leaf('MsgRef', w.msgRef)}${leaf('CmdRef', w.cmdRef)}${leaf('Cmd', w.cmd)}${refs}${challenge}<Data>${w.code}</Data>${items(w.items)}</Status>`
}

function items(list: readonly Item[]): string {
  let all = ''
  for (const i of list) all += item(i)
  return all
}
function item(i: Item): string {
  const about = `${maybe('Format', i.format, meta)}${maybe('Type', i.type, meta)}${maybe('Mark', i.mark, meta)}${maybe('Size', textOf(i.size), meta)}`
  const target = i.target === undefined ? '' : `<Target>${leaf('LocURI', i.target)}</Target>`
  const source = i.source === undefined ? '' : `<Source>${leaf('LocURI', i.source)}</Source>`
  return `<Item>${target}${source}${about === '' ? '' : `<Meta>${about}</Meta>`}${maybe('Data', i.data)}${i.more ? '<MoreData/>' : ''}</Item>`
}
