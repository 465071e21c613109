/** SyncML 1.2 as we send it: XML, or WBXML to who spoke it. CmdID comes first (the DTD's order), text is escaped, never CDATA. */
import { writeWbxml } from '@muster/kit/wbxml'
import { node, type XmlNode } from '@muster/kit/xml'
import type { Challenge, CommandWord, Credentials, Item, StatusWord, SyncMessage, Word } from './words.ts'
import { xmlOf } from './write-xml.ts'

const metinf = { xmlns: 'syncml:metinf' } as const

export function writeSyncml(m: SyncMessage, wbxml: boolean): Buffer {
  return wbxml ? writeWbxml(treeOf(m)) : Buffer.from(xmlOf(m))
}

export function treeOf(m: SyncMessage): XmlNode {
  return node(
    'SyncML',
    [
      node('SyncHdr', [
        node('VerDTD', '1.2'),
        node('VerProto', 'DM/1.2'),
        node('SessionID', m.session),
        node('MsgID', m.message),
        node('Target', [node('LocURI', m.target)]),
        node('Source', [node('LocURI', m.source), name(m.sourceName)]),
        m.respondTo === undefined ? undefined : node('RespURI', m.respondTo),
        m.credentials && credentials(m.credentials),
        limits(m),
      ]),
      node('SyncBody', [...m.body.map(word), m.final ? node('Final') : undefined]),
    ],
    { xmlns: 'SYNCML:SYNCML1.2' },
  )
}

function limits(m: SyncMessage): XmlNode | undefined {
  if (m.maxMessage === undefined && m.maxObject === undefined) return undefined
  return node('Meta', [
    m.maxMessage === undefined ? undefined : node('MaxMsgSize', String(m.maxMessage), metinf),
    m.maxObject === undefined ? undefined : node('MaxObjSize', String(m.maxObject), metinf),
  ])
}
const name = (text: string | undefined) => (text === undefined ? undefined : node('LocName', text))

function credentials(c: Credentials): XmlNode {
  return node('Cred', [node('Meta', [format(c.format ?? 'b64'), type(c.type)]), node('Data', c.data)])
}

function word(w: Word): XmlNode {
  switch (w.kind) {
    case 'status':
      return status(w)
    case 'results':
      return node('Results', [
        node('CmdID', w.id),
        node('MsgRef', w.msgRef),
        node('CmdRef', w.cmdRef),
        ...w.items.map(item),
      ])
    case 'alert':
      return node('Alert', [node('CmdID', w.id), node('Data', String(w.code)), ...w.items.map(item)])
    case 'atomic':
      return node('Atomic', [node('CmdID', w.id), ...w.commands.map(command)])
    case 'command':
      return command(w)
  }
}

function command(w: CommandWord): XmlNode {
  return node(w.verb, [node('CmdID', w.id), ...w.items.map(item)])
}

function status(w: StatusWord): XmlNode {
  return node('Status', [
    node('CmdID', w.id),
    node('MsgRef', w.msgRef),
    node('CmdRef', w.cmdRef),
    node('Cmd', w.cmd),
    ...w.targets.map((t) => node('TargetRef', t)),
    ...w.sources.map((s) => node('SourceRef', s)),
    w.challenge && challenge(w.challenge),
    node('Data', String(w.code)),
    ...w.items.map(item),
  ])
}

function challenge(c: Challenge): XmlNode {
  return node('Chal', [node('Meta', [format(c.format), type(c.type), node('NextNonce', c.nonce, metinf)])])
}

function item(i: Item): XmlNode {
  const meta = [
    i.format === undefined ? undefined : format(i.format),
    i.type === undefined ? undefined : type(i.type),
    i.mark === undefined ? undefined : node('Mark', i.mark, metinf),
    i.size === undefined ? undefined : node('Size', String(i.size), metinf),
  ].filter((n) => n !== undefined)
  return node('Item', [
    i.target === undefined ? undefined : node('Target', [node('LocURI', i.target)]),
    i.source === undefined ? undefined : node('Source', [node('LocURI', i.source)]),
    meta.length > 0 ? node('Meta', meta) : undefined,
    i.data === undefined ? undefined : node('Data', i.data),
    i.more ? node('MoreData') : undefined,
  ])
}

const format = (text: string) => node('Format', text, metinf)
const type = (text: string) => node('Type', text, metinf)
