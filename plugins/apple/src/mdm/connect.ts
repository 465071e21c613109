/** The pull loop: a device reports on the last command and is given the next one; an empty answer ends the connection. */
import {
  type Channel,
  type Delivery,
  isProblem,
  type Json,
  type JsonObject,
  type OperationRow,
  type Outcome,
  type PlatformHost,
  type Reason,
  type Reply,
  type Said,
  type ShortWord,
  type Turn,
} from '@muster/contract'
import { type PlistDict, writeXmlPlist } from '@muster/kit/plist'
import { toDict, toJson } from '../wire/index.ts'
import { batch, expectInS } from './checkin.ts'
import { keepPassword, keepSecrets, offerPassword, takeSecrets } from './escrow.ts'
import type { MdmMessage } from './message.ts'
import { outcomeOfStep, type PlainCommand, type Written } from './more.ts'
import { nothing, plist } from './replies.ts'
import { createSent, type Sent } from './sent.ts'

type Report = Extract<MdmMessage, { kind: 'report' }>
/** What a delivery is on the wire: the Command dictionary, in JSON with the marks of `wire`. */
export type Encode = (d: Delivery) => Promise<Written>
/** Facts that a reply carries, whichever command asked for them. */
export type ReadFacts = (reply: JsonObject) => JsonObject | undefined
export interface ConnectDeps {
  host: PlatformHost
  encode: Encode
  /** The command, where it can be written at once from what is remembered. */
  plain(d: Delivery): PlainCommand | undefined
  facts: ReadFacts
  /** What goes another way than by a command: what is said of it then. */
  declare(d: Delivery): Promise<Said | undefined>
  /** Operations that do no harm when they are done twice. */
  repeatable(operation: string): boolean
  /** How answers to what this row wrote are read, when that takes nothing but the answer. */
  reader(row: OperationRow): ((reply: Json) => Outcome) | undefined
}
/** Thrown by `Encode`, in words for the administrator. */
export class CannotWrite extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CannotWrite'
  }
}
/** Forgetting only costs a device one more NotNow. */
const busyLimit = 50_000
/** How long a setup assistant is kept waiting for settings. */
const patienceMs = 10 * 60_000
const releases = new Set(['configured', 'user-configured'])
const isRelease = (d: Delivery) => d.kind === 'errand' && releases.has(d.name)
const profileCommands = new Set(['InstallProfile', 'RemoveProfile'])

export function createConnect({ host, encode, plain, facts, declare, repeatable, reader }: ConnectDeps) {
  const sent = createSent()
  /** Channels that put something off since they last came: until they come again, nothing that was put off is offered. */
  const busy = new Set<number>()
  /** Channels whose setup assistant waits for other things, and since when. */
  const held = new Map<number, number>()

  async function connect(m: Report, c: Channel, raw: Uint8Array): Promise<Reply> {
    return next(c, await host.turn(c, await turnOf(m, c, raw)))
  }

  async function next(c: Channel, [given]: readonly Delivery[]): Promise<Reply> {
    if (given) return isRelease(given) ? release(c, given) : command(c, given)
    // Nothing more to do: what the profiles came to is asked once for all of them.
    if (!sent.takeChanged(c.no)) return nothing()
    try {
      await host.errand(c, 'profiles', {}, 'profiles')
    } catch (e) {
      // What it just removed was its enrolment: it hears that it is well.
      if (isProblem(e) && e.code === 'device-gone') return nothing()
      throw e
    }
    return next(c, await host.turn(c, { take: batch, expectInS }))
  }

  /** The setup assistant goes on when the device has its settings: all else goes first, unless that takes too long for who stands before it. */
  async function release(c: Channel, given: Delivery): Promise<Reply> {
    const now = host.clock.now().getTime()
    const since = held.get(c.no) ?? now
    if (now - since < patienceMs && held.size < busyLimit) {
      const [other] = await host.turn(c, { take: batch, deferred: busy.has(c.no) ? 'skip' : 'again', expectInS })
      if (other || busy.has(c.no)) {
        held.set(c.no, since)
        await host.turn(c, { take: 0, said: [settingsFirst(given.id)] })
        return next(c, other ? [other] : [])
      }
    }
    held.delete(c.no)
    return command(c, given)
  }

  async function command(c: Channel, given: Delivery): Promise<Reply> {
    const declared = await declare(given)
    if (declared) return next(c, await host.turn(c, { said: [declared], take: batch, expectInS }))
    const text = brief(given)
    if (text !== undefined) return out(c, text)
    const made = await written(given)
    // What cannot be written down can never be sent: it ends here, and does not stand in the way of the others.
    if ('failed' in made) {
      const said = { id: given.id, state: 'failed' as const, reason: made.failed }
      return next(c, await host.turn(c, { said: [said], take: batch, expectInS }))
    }
    await offerPassword(host, c, given)
    const type = String(made.command.RequestType)
    const read = given.kind === 'operation' && !made.more ? reader(given.row) : undefined
    sent.note(c.no, { id: given.id, type, more: made.more, again: againOf(given), read })
    const whole: PlistDict = { CommandUUID: given.id, Command: toDict(made.command) }
    const body = writeXmlPlist(whole)
    return out(c, body)
  }
  function out(c: Channel, body: string): Reply {
    host.sentBytes(c, Buffer.from(body))
    return { status: 200, headers: plist, body }
  }
  /** What goes out for a plain command, which is under way by then; undefined: nothing was done. */
  function brief(given: Delivery): string | undefined {
    const made = plain(given)
    if (!made) return undefined
    sent.note(given.channel.no, { id: given.id, type: made.type, again: againOf(given), read: made.read, plain: true })
    return made.before + given.id + made.after
  }

  async function written(given: Delivery): Promise<Written | { failed: Reason }> {
    try {
      return await encode(given)
    } catch (e) {
      if (isProblem(e) && e.status >= 500) throw e
      if (e instanceof CannotWrite) return { failed: { code: 'cannot-write', text: e.message } }
      host.log.warn({ err: e, delivery: given.id }, 'a command could not be written')
      return { failed: { code: 'cannot-write', text: 'The command cannot be written for this device.' } }
    }
  }

  /** A device does one after the other, so what it was handed and does not answer now was lost on the way: it is handed over again now, not when its time is over. */
  function lost(c: Channel, answered?: string): Said[] {
    const found = sent.lost(c.no, answered)
    return found ? [{ id: found.id, state: 'again', kept: found.kept }] : []
  }
  function againOf(d: Delivery): { kept: Json } | undefined {
    const harmless = d.kind !== 'operation' || d.row.remembers || repeatable(d.operation)
    return harmless ? { kept: ('kept' in d && d.kept) || null } : undefined
  }

  async function turnOf(m: Report, c: Channel, raw: Uint8Array): Promise<Turn> {
    const base: Turn = { take: batch, expectInS }
    if (m.status === 'Idle' || m.command === undefined) {
      busy.delete(c.no)
      return { ...base, deferred: 'again', said: lost(c) }
    }
    if (m.status === 'NotNow') {
      if (busy.size >= busyLimit) busy.clear()
      busy.add(c.no)
      return { ...base, raw, said: [putOff(m.command), ...lost(c, m.command)], deferred: 'skip' }
    }
    const before = lost(c, m.command)
    // One after the other, all that was put off comes again in the connection that the device opened.
    const deferred = busy.has(c.no) ? 'skip' : 'again'
    const type = sent.typeOf(c.no, m.command)
    const { reply, secrets } = await takeSecrets(host, toJson(m.body) as JsonObject)
    const done = m.status === 'Acknowledged' && sent.awaited(c.no, m.command)
    if (done) await keepSecrets(host, c, secrets)
    if (done) await keepPassword(host, c, m.command, type)
    // Facts are the device's: what its users have of their own is no news of it.
    const own = done && c.name === 'device'
    if (own && type !== undefined && profileCommands.has(type)) sent.profilesChanged(c.no)
    const found = own ? facts(reply) : undefined
    const step = outcomeOfStep(sent.moreOf(c.no, m.command), reply)
    const said: Said = { id: m.command, ...(step ?? outcomeOf(c, m.command, reply, type)) }
    return { ...base, deferred, raw, said: [said, ...before], ...(found && { facts: found, partial: true }) }
  }
  /** What is read here, the core need not look up anything for. */
  function outcomeOf(c: Channel, command: string, said: JsonObject, type?: string): Outcome | { reply: Json } {
    const reply = { ...said, ...(type !== undefined && { RequestType: type }) }
    return sent.readOf(c.no, command)?.(reply) ?? { reply }
  }
  return {
    connect,
    next,
    /** The text of a plain command, without a promise; undefined: `next` tells. */
    brief,
    /** The command is under way and plain: how its row reads that it was done. It is heard then. */
    awaits: (channel: number, command: string): ((row: OperationRow) => ShortWord | undefined) | undefined => {
      const under = busy.has(channel) ? undefined : sent.answer(channel, command)
      return under && ((row) => wordOf(row, under))
    },
    /** Nothing is under way on the channel: that it is idle means nothing else. */
    rests: (channel: number): boolean => !busy.has(channel) && sent.rests(channel),
  }
}

/** What rows make of an answer that says nothing but that it was done: the same for whoever says it. */
const words = new WeakMap<OperationRow, ShortWord>()

function wordOf(row: OperationRow, { id, type, read }: Sent): ShortWord | undefined {
  const known = words.get(row)
  if (known) return known
  const outcome = read?.({ Status: 'Acknowledged', CommandUUID: id, RequestType: type })
  if (outcome?.state !== 'completed' && outcome?.state !== 'failed') return undefined
  const word: ShortWord = {
    state: outcome.state,
    ...(outcome.state === 'failed' && { reason: JSON.stringify(outcome.reason) }),
    ...(outcome.result !== undefined && { result: JSON.stringify(outcome.result) }),
  }
  words.set(row, word)
  return word
}

/** It comes again at the next connection, or by itself when the device does not come (Apple: it connects when it can). */
function putOff(id: string) {
  const reason = { code: 'not-now', text: 'The device cannot do it now.' }
  return { id, state: 'deferred', reason, retryAfterS: 3600 } as const
}
function settingsFirst(id: string) {
  const reason = { code: 'settings-first', text: 'The device gets its settings before its setup assistant goes on.' }
  return { id, state: 'deferred', reason, retryAfterS: 60 } as const
}
