/** Our messages: a Status for everything that wants one, what goes out, and proof of ourselves where the device asks for it. */
import type { Reply } from '@muster/contract'
import type { DmAccount } from '../account/index.ts'
import { type Challenge, type SyncMessage, type Word, writeSyncml } from '../syncml/index.ts'
import { tokenQuery } from './authenticate.ts'
import { digest, digestType } from './digest.ts'
import { mediaTypes } from './media-type.ts'

export interface Answered {
  readonly m: SyncMessage
  readonly statuses: {
    readonly m: SyncMessage
    /** What becomes of SyncHdr. */
    readonly header: number
    readonly challenge?: Challenge
    /** Results that are answered: by their CmdIDs. */
    readonly parts: ReadonlyMap<string, number>
    /** Nothing of the message was done: all of it has this status. */
    readonly all?: number
  }
  readonly words: readonly Word[]
  readonly final: boolean
  readonly respondTo?: string
  readonly account?: DmAccount
  /** Nonce of the device for our digest, base64. */
  readonly challenged?: string
}
const headers = {
  xml: Object.freeze({ 'content-type': mediaTypes.xml }),
  wbxml: Object.freeze({ 'content-type': mediaTypes.wbxml }),
} as const

const write = (a: Answered, wbxml: boolean): Uint8Array => writeSyncml(whole(a), wbxml)

function whole(a: Answered): SyncMessage {
  const { m, account, challenged } = a
  const proves = account && challenged !== undefined
  return {
    session: m.session,
    message: m.message,
    target: m.source,
    source: m.target,
    ...(proves && { sourceName: account.server.name, credentials: credentials(account, challenged) }),
    respondTo: a.respondTo,
    body: [...statuses(a.statuses), ...a.words],
    final: a.final,
  }
}

function credentials({ server }: DmAccount, nonce: string) {
  return { type: digestType, format: 'b64', data: digest(server.name, server.secret, Buffer.from(nonce, 'base64')) }
}

function statuses({ m, header, challenge, parts, all }: Answered['statuses']): Word[] {
  const words: Word[] = []
  const add = (
    cmdRef: string,
    cmd: string,
    code: number,
    more: { sources?: string[]; targets?: string[]; challenge?: Challenge } = {},
  ) =>
    words.push({
      kind: 'status',
      id: String(words.length + 1),
      msgRef: m.message,
      cmdRef,
      cmd,
      code,
      targets: more.targets ?? [],
      sources: more.sources ?? [],
      challenge: more.challenge,
      items: [],
    })
  add('0', 'SyncHdr', header, { targets: [m.target], sources: [m.source], challenge })
  for (const w of m.body) {
    if (w.kind === 'alert') add(w.id, 'Alert', all ?? 200)
    if (w.kind === 'command') add(w.id, w.verb, all ?? (w.verb === 'Replace' ? 200 : 406))
    if (w.kind === 'atomic') add(w.id, 'Atomic', all ?? 406)
    if (w.kind === 'results') {
      const code = parts.get(w.id)
      if (code !== undefined) add(w.id, 'Results', all ?? code)
    }
  }
  return words
}

function bytes(body: Uint8Array | string, wbxml: boolean): Reply {
  const said = typeof body === 'string' ? Buffer.from(body) : body
  return { status: 200, headers: wbxml ? headers.wbxml : headers.xml, body: said }
}
/** For a way that writes text as it stands. */
const ofText = (body: string): Reply => ({ status: 200, headers: headers.xml, body })

/** Where the next messages of a digest's session are to go. */
function address(server: string, channel: number, token: string, target: string): string {
  const path = /^https?:/i.test(target) ? (target.split('?', 1)[0] ?? target) : `${server}/windows/manage`
  // Never anywhere else than to ourselves, whatever the device calls us.
  return `${path.startsWith(`${server}/`) ? path : `${server}/windows/manage`}?${tokenQuery(channel, token)}`
}

export const reply = { write, bytes, ofText, address } as const
