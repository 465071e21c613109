/** Answers of the short way, put together from remembered pieces: the same text as `reply.write` makes of the same words. */
import { escapeXml } from '@muster/kit/xml'
import { commandAround, type SyncMessage } from '../syncml/index.ts'
import type { Verb, Work } from '../wire/index.ts'
import { needsUser } from './deliveries.ts'

/** Work as it goes out, but for who does it. */
export interface Prepared {
  readonly commands: (readonly [Verb, string])[]
  readonly users: boolean
  /** Letters of its addresses and data. */
  readonly size: number
  readonly atomic: boolean
  /** Of each command what stands before its CmdID and behind it. */
  readonly around: readonly (readonly [string, string])[]
}
const known = new WeakMap<Work, Prepared>()

/** Work is the same object for all who are given the same. */
export function prepared(work: Work): Prepared {
  const before = known.get(work)
  if (before) return before
  const made: Prepared = {
    commands: work.commands.map((c) => [c.verb, c.uri] as const),
    users: needsUser(work),
    size: work.commands.reduce((sum, c) => sum + c.uri.length + (c.data?.length ?? 0), 0),
    atomic: work.atomic === true,
    around: work.commands.map(({ verb, uri, format, type, data }) =>
      commandAround(verb, { target: uri, format, type, data }),
    ),
  }
  known.set(work, made)
  return made
}

/** Commands of one delivery, whose CmdIDs name it (`commandId`). */
export function commandsText(delivery: string, { around, atomic }: Prepared, mark: string): string {
  const end = `.${around.length}.${mark}`
  let text = atomic ? `<Atomic><CmdID>${delivery}.all${end}</CmdID>` : ''
  for (const [index, [before, after]] of around.entries()) text += `${before}${delivery}.${index}${end}${after}`
  return atomic ? `${text}</Atomic>` : text
}

/** A status for the header and for each alert and command, then `commands`. */
export function replyText(m: SyncMessage, commands: string): string {
  const message = filled('MsgRef', m.message)
  const target = escapeXml(m.target)
  const source = escapeXml(m.source)
  let statuses = ''
  let n = 1
  for (const w of m.body) {
    if (w.kind !== 'alert' && w.kind !== 'command') continue
    n += 1
    const [cmd, code] = w.kind === 'alert' ? ['Alert', 200] : [w.verb, w.verb === 'Replace' ? 200 : 406]
    statuses += `<Status><CmdID>${n}</CmdID>${message}<CmdRef>${escapeXml(w.id)}</CmdRef><Cmd>${cmd}</Cmd><Data>${code}</Data></Status>`
  }
  return `<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>${filled('SessionID', m.session)}${filled('MsgID', m.message)}<Target>${address('LocURI', source)}</Target><Source>${address('LocURI', target)}</Source></SyncHdr><SyncBody><Status><CmdID>1</CmdID>${message}<CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>${address('TargetRef', target)}${address('SourceRef', source)}<Data>200</Data></Status>${statuses}${commands}<Final/></SyncBody></SyncML>`
}
/** Never empty. */
const filled = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`
const address = (name: string, text: string): string => (text === '' ? `<${name}/>` : `<${name}>${text}</${name}>`)
