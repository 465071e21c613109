/** The messages of a session one by one: their numbers and proofs, the network under them, and the judgement of each answer. */
import { randomBytes } from 'node:crypto'
import type { FleetRecord } from '../../record.ts'
import { Refused } from '../../refused.ts'
import { type Answered, type Identity, type Send, WireFailed } from '../../wire.ts'
import { digestOf } from './digest.ts'
import type { Disk, Notice } from './disk.ts'
import type { Piece } from './large.ts'
import type { Model } from './model.ts'
import type { createObey } from './obey.ts'
import { resultsOf, statusOf, statusOfHeader, type Unnumbered } from './say.ts'
import { judgeHeaders } from './soap.ts'
import {
  el,
  readMessage,
  readWbxml,
  type Said,
  type ServerMessage,
  type ServerStatus,
  wbxmlOf,
  xmlOf,
} from './syncml/index.ts'
import { NotUnderstood, readXml } from './xml.ts'

export interface SessionDeps {
  readonly send: Send
  readonly model: Model
  readonly record: FleetRecord
  readonly obey: ReturnType<typeof createObey>['obey']
  disk(): Disk
  now(): number
  name(): string
  identity(): Identity
}
export interface SessionAsked {
  /** Alerts of its own accord; heard once the session's first message was answered. */
  readonly notices: readonly Notice[]
  /** Unenrolment is one of them: nothing is obeyed any more. */
  readonly deaf?: boolean
  /** How the network treats its first report. */
  readonly lose?: 'and-resend' | 'for-good'
  readonly twice?: boolean
}
const types = { xml: 'application/vnd.syncml.dm+xml', wbxml: 'application/vnd.syncml.dm+wbxml' } as const

export function createExchange(o: SessionDeps, { lose, twice }: SessionAsked) {
  const { model, record } = o
  const { account } = o.disk()
  if (!account) throw new Error('The device has no account.')
  const id = (++o.disk().sessions).toString(16).toUpperCase()
  const wbxml = model.manner.wbxml
  let url = `${account.address}${account.address.includes('?') ? '&' : '?'}mode=Maintenance&Platform=WoA`
  let number = 0
  let heard = 0
  let withCredentials = model.manner.proof === 'digest' && o.disk().sessions % 2 === 0
  let proven = false
  let begun = record.last
  /** One report goes through what the network does to it. */
  let trouble = lose !== undefined || twice === true

  async function exchange(commands: readonly Unnumbered[], final = true, troubled = false): Promise<ServerMessage> {
    number += 1
    const said = commands.map((c, i) => c(String(i + 2)))
    const root = el('SyncML', header(), el('SyncBody', ...said, final ? el('Final') : undefined))
    begun = record.last
    const answer = await over(wbxml ? wbxmlOf(root) : xmlOf(root), troubled)
    if (answer.status !== 200)
      throw new Refused(
        answer.status === 401 || answer.status === 403 ? 'dm-unknown' : `dm-status-${answer.status}`,
        answer,
      )
    judgeHeaders(answer, wbxml ? types.wbxml : types.xml)
    const message = readMessage(wbxml ? readWbxml(answer.bytes) : readXml(answer.bytes))
    judge(message, said)
    if (message.respond) url = message.respond
    return message
  }

  function header(): Said {
    const { appsrv } = account as NonNullable<Disk['account']>
    if (withCredentials) o.disk().spentNonce = appsrv.nonce
    const cred = withCredentials
      ? el(
          'Cred',
          el('Meta', el('Format', 'b64'), el('Type', 'syncml:auth-md5')),
          el('Data', digestOf(appsrv, appsrv.nonce)),
        )
      : undefined
    const from = el('Source', el('LocURI', model.deviceId), withCredentials ? el('LocName', appsrv.name) : undefined)
    return el(
      'SyncHdr',
      el('VerDTD', '1.2'),
      el('VerProto', 'DM/1.2'),
      el('SessionID', id),
      el('MsgID', String(number)),
      el('Target', el('LocURI', url)),
      from,
      cred,
    )
  }

  async function over(body: Buffer, troubled: boolean): Promise<Answered> {
    const shown = model.manner.proof === 'certificate' && url.startsWith('https:') ? { identity: o.identity() } : {}
    const one = (more: { lose?: boolean } = {}) =>
      o.send({
        kind: 'manage',
        method: 'POST',
        path: url,
        headers: [
          'content-type',
          wbxml ? types.wbxml : types.xml,
          'accept',
          `${types.xml}, ${types.wbxml}, application/octet-stream`,
        ],
        body,
        ...shown,
        ...more,
      })
    if (!troubled || !trouble) return one()
    trouble = false
    if (twice) {
      record.write(o.name(), 'duplicated', {})
      const [, second] = await Promise.all([one(), one()])
      return second
    }
    try {
      return await one({ lose: true })
    } catch (error) {
      if (lose === 'for-good' || !(error instanceof WireFailed)) throw error
      record.write(o.name(), 'answer-lost', {})
      return one()
    }
  }

  /** Whose message it is, that everything was answered, and that nothing was that needs no answer. */
  function judge(m: ServerMessage, said: readonly Said[]): void {
    if (m.session !== id) throw new NotUnderstood(`The session is ${m.session} instead of ${id}.`)
    heard += 1
    if (m.message !== String(heard)) throw new NotUnderstood(`MsgID ${m.message} instead of ${heard}.`)
    if (m.target !== model.deviceId) throw new NotUnderstood(`A message for ${m.target}.`)
    const [first] = m.statuses
    if (first?.cmd !== 'SyncHdr' || first.cmdRef !== '0')
      throw new NotUnderstood('The first status is not of the header.')
    for (const s of m.statuses)
      if (s.msgRef !== String(number)) throw new NotUnderstood(`A status of message ${s.msgRef} instead of ${number}.`)
    const refused = first.code >= 400
    const open = new Map(said.map((c) => [text(c, 'CmdID'), c.name]))
    for (const s of m.statuses.slice(1)) judgeStatus(s, open)
    const silent = [...open].filter(([, name]) => name !== 'Status' && name !== 'Results')
    if (!refused && silent.length > 0)
      throw new NotUnderstood(`No status of ${silent.map(([, name]) => name).join(', ')}.`)
  }
  function judgeStatus(s: ServerStatus, open: Map<string, string>): void {
    const name = open.get(s.cmdRef)
    if (name !== s.cmd) throw new NotUnderstood(`A status of ${s.cmd} ${s.cmdRef}, which is ${name ?? 'unknown'} here.`)
    if (name === 'Status' || (name === 'Results' && s.code !== 213 && s.code !== 200))
      throw new NotUnderstood(`A status of a ${name}.`)
    open.delete(s.cmdRef)
  }

  function take(challenge: ServerStatus['challenge']): void {
    if (!challenge) return
    const bytes = Buffer.from(challenge.nonce, 'base64')
    if (challenge.type !== 'syncml:auth-md5' || challenge.format !== 'b64')
      throw new NotUnderstood(`A challenge of ${challenge.type} in ${challenge.format}.`)
    if (bytes.length < 8 || bytes.toString('base64') !== challenge.nonce)
      throw new NotUnderstood('The nonce is no base64.')
    const { appsrv } = account as NonNullable<Disk['account']>
    // One that stands since the enrolment is as good as new: nothing was made with it.
    if (o.disk().spentNonce === challenge.nonce) throw new NotUnderstood('The nonce is one that was used.')
    appsrv.nonce = challenge.nonce
  }

  return {
    asked: () => begun,
    proven: () => proven,
    /** The first package, again with the proof that is asked for. */
    async authenticated(opening: readonly Unnumbered[]): Promise<ServerMessage> {
      for (let tries = 0; tries < 3; tries += 1) {
        const answer = await exchange(
          opening,
          true,
          tries === 0 && (twice === true || lose !== undefined) && o.disk().sessions % 3 === 0,
        )
        const [status] = answer.statuses as [ServerStatus]
        take(status.challenge)
        if (status.code !== 401 && status.code !== 407) {
          if (status.code !== 200 && status.code !== 212)
            throw new NotUnderstood(`The header is answered ${status.code}.`)
          // Proven for the session (212), or for this message alone.
          withCredentials &&= status.code !== 212
          return answer
        }
        if (!status.challenge) throw new NotUnderstood('Refused without a challenge.')
        if (answer.words.length > 0) throw new NotUnderstood('Commands for somebody who is not known.')
        withCredentials = true
      }
      throw new Refused('dm-unauthorised', { status: 401, headers: {}, bytes: Buffer.alloc(0) })
    },
    mustChallenge: (m: ServerMessage) =>
      model.manner.mutual && !proven && !isProof(m, account.client.nonce) && m.words.some((w) => w.verb !== 'Alert'),
    /** The server proves itself, and says again what it wants. */
    async challenge(m: ServerMessage): Promise<ServerMessage> {
      account.client.nonce = randomBytes(16).toString('base64')
      const chal = el(
        'Chal',
        el('Meta', el('Format', 'b64'), el('Type', 'syncml:auth-md5'), el('NextNonce', account.client.nonce)),
      )
      const answer = await exchange([
        (at) =>
          el(
            'Status',
            el('CmdID', at),
            el('MsgRef', m.message),
            el('CmdRef', '0'),
            el('Cmd', 'SyncHdr'),
            chal,
            el('Data', '407'),
          ),
      ])
      if (!isProof(answer, account.client.nonce)) throw new NotUnderstood('The server does not prove itself.')
      proven = true
      return answer
    },
    /** Statuses, then results; what is larger than one message in several, each of which the server asks for. */
    async say(commands: readonly Unnumbered[], parts: readonly Piece[], from: string): Promise<ServerMessage> {
      const small = parts.filter((p) => p.size === undefined && !p.rest)
      const large = parts.filter((p) => p.size !== undefined || p.rest)
      let answer = await exchange(
        [...commands, ...[...small, ...large.slice(0, 1)].map((p) => resultsOf(p, from))],
        large.length <= 1,
        true,
      )
      for (const [i, piece] of large.entries()) {
        if (i === 0) continue
        if (
          !answer.words.some((w) => w.verb === 'Alert' && w.code === '1222') &&
          !answer.statuses.some((s) => s.code === 213)
        )
          throw new NotUnderstood('Nobody asks for the rest of a large object.')
        if (answer.words.some((w) => w.verb !== 'Alert'))
          throw new NotUnderstood('Commands in the middle of a large object.')
        const alerts = answer.words.map(
          (w): Unnumbered => statusOf({ cmd: 'Alert', cmdRef: w.id, code: 200 }, answer.message),
        )
        const head = statusOfHeader('200', answer.message)
        answer = await exchange([head, ...alerts, resultsOf(piece, from)], i === large.length - 1)
      }
      return answer
    },
  }

  function isProof({ credentials }: ServerMessage, nonce: string): boolean {
    const { client } = account as NonNullable<Disk['account']>
    return credentials?.type === 'syncml:auth-md5' && credentials.data === digestOf(client, nonce)
  }
}

const text = (s: Said, name: string): string => {
  const found = s.content.find((c): c is Said => typeof c !== 'string' && c.name === name)
  return String(found?.content[0] ?? '')
}
