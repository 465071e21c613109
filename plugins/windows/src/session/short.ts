/**
 * The short way of sessions: a first package that has no news, and an answer to the one command that is under way, by certificate, as Windows writes them. Each is
 * read in one look, written in a batch and answered from there. Whatever is not surely that is left to the long way, before anything was done.
 */
import type { Bytes, Channel, Delivery, Message, OperationRow, Reply, Route, ShortTurn } from '@muster/contract'
import type { Accounts } from '../account/index.ts'
import { readPlainSyncml, type SyncMessage } from '../syncml/index.ts'
import { alertCodes, loggedOn } from './alerts.ts'
import { inventories } from './answers.ts'
import { Brief, type Handed, isUnderWay, isUsers, soleOf } from './brief.ts'
import { messageMark } from './command-id.ts'
import { messageBytes } from './compose.ts'
import { kindOf } from './media-type.ts'
import type { createMemory, Remembered } from './memory.ts'
import type { Order } from './order.ts'
import { answerIn, createWords, type PlainRows } from './plain-answer.ts'
import { commandsText, prepared, replyText } from './plain-reply.ts'
import { reply } from './reply.ts'
import { selfOf } from './self.ts'
import { type createSession, pace, type SessionDeps } from './session.ts'
import { newTalk, type Talk } from './talk.ts'

export interface ShortParts {
  deps: Pick<SessionDeps, 'host' | 'alert' | 'escrow' | 'repeatable'> & { rows: PlainRows }
  accounts: Pick<Accounts, 'ofChannel'>
  memory: ReturnType<typeof createMemory>
  order: Order
  handed: ReturnType<typeof createSession>['handed']
}
type Asked = Pick<Message, 'query' | 'headers' | 'body' | 'certificate'>
interface Opening {
  readonly user: boolean
  /** What it says of itself. */
  readonly self: string
}
/** A message, where it is plain. */
interface Said {
  readonly body: Bytes
  readonly m?: SyncMessage
  readonly opening?: Opening
}
/** What is under way. */
interface Under {
  readonly no: number
  /** Somebody is logged on. */
  readonly user: boolean
  readonly answers: boolean
}
const mostCommands = 500
const opens = new Set<number>([...alertCodes.begins, alertCodes.client])

export function createShort({ deps, accounts, memory, order, handed }: ShortParts): Pick<Route, 'now' | 'soon'> {
  const { host } = deps
  const wordOf = createWords(deps.rows)
  let last: Said = { body: new Uint8Array(0) }

  /** Who is asked twice, now and soon, reads once. */
  function messageOf({ body, headers }: Asked): Said {
    if (last.body !== body) {
      const m = kindOf(headers['content-type']) === 'xml' ? readPlainSyncml(body) : undefined
      last = { body, m, opening: m && openingOf(m) }
    }
    return last
  }

  /** A first package that asks for no more than its statuses. */
  function openingOf(m: SyncMessage): Opening | undefined {
    let begins = false
    let user = false
    for (const w of m.body) {
      if (w.kind === 'command') continue
      if (w.kind !== 'alert' || !opens.has(w.code) || deps.alert(w) !== undefined) return undefined
      if (w.code !== alertCodes.client) begins = true
      else user ||= loggedOn([w])
    }
    return begins && m.final ? { user, self: selfOf(m).text } : undefined
  }
  /** Nothing is left over of the session before, and what the device says of itself was told. */
  function rests(c: Channel, m: SyncMessage, self: string): boolean {
    if (accounts.ofChannel(c.no)?.deviceId !== m.source || memory.told(c.no) !== self) return false
    const before = memory.last(c.no)
    return before === undefined || !(repeats(before, m) || isUnderWay(before))
  }

  function now(r: Asked): Reply | undefined {
    const { certificate } = r
    const { m, opening } = certificate ? messageOf(r) : nothing
    if (!certificate || !m || !opening) return undefined
    const still = (c: Channel) => (order.rests(c.no) && rests(c, m, opening.self) ? pace.expectInS : undefined)
    const c = host.idle({ certificate }, pace.batch, still, opening.user)
    const text = c && plainly({ no: c.no, user: opening.user, answers: false }, m, r.body, [])
    return text === undefined ? undefined : reply.ofText(text)
  }

  function soon(r: Asked, done: (reply: Reply | undefined, error?: unknown) => void): boolean {
    const { certificate } = r
    const { m, opening } = certificate ? messageOf(r) : nothing
    if (!certificate || !m?.final) return false
    let under: Under | undefined
    const taken = host.short(
      { certificate },
      (c) => {
        const asked = opening ? first(c, m, opening) : second(c, m, r.body)
        if (!asked || !order.begin(c.no)) return undefined
        under = asked
        return asked.turn
      },
      (deliveries, error) => {
        if (!under) return undefined
        if (deliveries) return given(under, { m, raw: r.body, deliveries, done })
        order.end(under.no)
        return void done(undefined, error)
      },
    )
    if (!taken && under) order.end(under.no)
    return taken
  }

  function first(
    c: Channel,
    m: SyncMessage,
    { user, self }: Opening,
  ): (Under & { turn: ShortTurn<OperationRow> }) | undefined {
    if (!rests(c, m, self)) return undefined
    const turn = { take: pace.batch, expectInS: pace.expectInS, ...(user && { again: true as const }) }
    return { no: c.no, user, answers: false, turn }
  }

  /** Statuses of all that one delivery asked for, and its values. */
  function second(c: Channel, m: SyncMessage, raw: Bytes): (Under & { turn: ShortTurn<OperationRow> }) | undefined {
    const before = memory.last(c.no)
    if (before?.session !== m.session || repeats(before, m)) return undefined
    if (accounts.ofChannel(c.no)?.deviceId !== m.source) return undefined
    const handed = soleOf(before)
    if (!handed || inventories.has(handed.name)) return undefined
    const said = answerIn(m, { handed, before, escrow: deps.escrow })
    if (!said) return undefined
    const turn = {
      take: pace.batch,
      expectInS: pace.expectInS,
      raw,
      id: handed.id,
      word: (row: OperationRow) => wordOf(row, said),
    }
    return { no: c.no, user: isUsers(before), answers: true, turn }
  }

  interface Given {
    m: SyncMessage
    raw: Bytes
    deliveries: readonly Delivery[]
    done(reply: Reply | undefined, error?: unknown): void
  }
  /** What is handed over goes out at once where that takes no promise; else as by the long way. */
  function given(u: Under, { m, raw, deliveries, done }: Given): string | undefined {
    const over = (made: Reply | undefined, error?: unknown) => {
      order.end(u.no)
      done(made, error)
    }
    try {
      const made = plainly(u, m, raw, deliveries)
      if (made) {
        over(reply.ofText(made))
        return u.answers || deliveries.length > 0 ? made : undefined
      }
    } catch (failed) {
      return void over(undefined, failed)
    }
    const [{ channel }] = deliveries as [Delivery]
    handed({ m, raw, channel, talk: talkOf(m, u.user), begins: !u.answers, deliveries }).then(over, (failed: unknown) =>
      over(undefined, failed),
    )
    return undefined
  }
  /** All of it in one message; undefined: not so plain. */
  function plainly(
    { no, user }: Under,
    m: SyncMessage,
    raw: Bytes,
    deliveries: readonly Delivery[],
  ): string | undefined {
    const mark = deliveries.length > 0 ? messageMark(m.session, m.message) : ''
    let commands = ''
    let size = 0
    let count = 0
    const handed: Handed[] = []
    for (const d of deliveries) {
      const work = d.kind === 'operation' ? deps.rows.work(d) : undefined
      const known = work && prepared(work)
      if (d.kind !== 'operation' || !known || (known.users && !user)) return undefined
      size += known.size
      count += known.around.length
      // Far from the end of a message, however it is escaped.
      if (known.around.length === 0 || count > mostCommands || size * 6 > messageBytes / 2) return undefined
      const safe = d.row.remembers === true || deps.repeatable(d.operation)
      handed.push({ id: d.id, name: d.operation, safe, commands: known.commands })
      commands += commandsText(d.id, known, mark)
    }
    memory.keep(no, new Brief(m, raw, { user, handed, text: commands, mark }))
    return replyText(m, commands)
  }
  return { now, soon }
}

const nothing: Said = { body: new Uint8Array(0) }
const talkOf = (m: SyncMessage, user: boolean): Talk =>
  user ? { session: m.session, user: true, open: {}, later: [] } : newTalk(m.session)
/** It may be the last message once more: who remembers it answers. */
const repeats = (last: Remembered, m: SyncMessage): boolean => last.session === m.session && last.message === m.message
