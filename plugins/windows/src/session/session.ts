/** One message of a session and our answer to it: what the device says is settled, what waits for it goes out, and a repeat is answered as it was the first time. */
import type { Channel, ChannelDetail, Delivery, Reply, Said, Turn } from '@muster/contract'
import type { AlertWord, SyncMessage, Word } from '../syncml/index.ts'
import { alertCodes, leaves, loggedOn } from './alerts.ts'
import type { AnswersDeps, createAnswers } from './answers.ts'
import type { Proof } from './authenticate.ts'
import { messageMark } from './command-id.ts'
import { compose, messageBytes } from './compose.ts'
import { again, type createDeliveries, type DeliveriesDeps } from './deliveries.ts'
import { type Heard, hear } from './hear.ts'
import { type createMemory, heardAs, remembered } from './memory.ts'
import type { Order } from './order.ts'
import { type Answered, reply } from './reply.ts'
import { selfOf } from './self.ts'
import type { TalkStore } from './store.ts'
import { mustBeKept, newTalk, type Piece, type Talk } from './talk.ts'

export interface SessionDeps extends DeliveriesDeps, AnswersDeps {
  /** What a device tells later of something it was given. */
  alert(a: AlertWord): Said | undefined
  /** The fact by which it is known that an inventory came in. */
  inventoryFact: string
}
interface Parts {
  deps: SessionDeps
  memory: ReturnType<typeof createMemory>
  store: TalkStore
  order: Order
  answers: ReturnType<typeof createAnswers>
  prepare: ReturnType<typeof createDeliveries>
}
type Proven = Extract<Proof, { channel: Channel }>

/** Silence means something after a day and a half: devices come once a day at least (DMClient/Poll). `batch`: deliveries in one message. */
export const pace = { expectInS: 36 * 3600, batch: 10 } as const
const { expectInS, batch } = pace
const mostRounds = 12

export function createSession({ deps, memory, store, order, answers, prepare }: Parts) {
  const { host } = deps

  const session = (m: SyncMessage, raw: Uint8Array, p: Proven, wbxml: boolean): Promise<Reply> =>
    order.alone(p.channel.no, () => answered(m, raw, p, wbxml))

  async function answered(m: SyncMessage, raw: Uint8Array, p: Proven, wbxml: boolean): Promise<Reply> {
    const c = p.channel
    const last = memory.last(c.no)
    const repeated = last?.session === m.session && last.message === m.message && last.heard === heardAs(raw)
    if (last && repeated) return reply.bytes(last.replyTo(m), wbxml)
    const begins = m.body.some((w) => w.kind === 'alert' && alertCodes.begins.has(w.code))
    const detail = once(() => host.detail(c))
    const before = begins ? await beforeOf(c, detail) : await talkOf(c, m.session)
    const t = begins || before?.session !== m.session ? newTalk(m.session) : before
    if (p.token !== undefined) t.token = p.token
    const kept = mustBeKept(t)
    const h = hear(m, t)
    const lost = begins && before ? again(before, false) : []
    const answer = await exchange({ m, raw, c, p, t, h, kept, begins, detail, lost })
    const bytes = reply.write(answer, wbxml)
    // Of a session that has nothing to do nothing is written down.
    if (answer.words.length > 0 || h.touched.size > 0) host.sentBytes(c, bytes)
    memory.keep(c.no, remembered(t, m, raw, bytes))
    return reply.bytes(bytes, wbxml)
  }

  interface Exchange {
    m: SyncMessage
    raw: Uint8Array
    c: Channel
    p: Proven
    t: Talk
    h: Heard
    /** The session is kept in the database, as it was before this message. */
    kept: boolean
    begins: boolean
    detail: () => Promise<ChannelDetail>
    /** What is handed over once more. */
    lost: Said[]
  }
  async function exchange(x: Exchange): Promise<Answered> {
    const { m, c, t, h } = x
    const asks = h.alerts.some((a) => a.code === alertCodes.next)
    if (h.challenge) {
      t.challenged = h.challenge.nonce
      x.lost.push(...again(t, true))
      for (const id of Object.keys(t.open)) delete t.open[id]
    }
    const partly = [...h.parts.values()].includes(213)
    if (partly || (!m.final && !(asks && t.later.length > 0))) return waiting(x)
    const aborted = h.alerts.some((a) => a.code === alertCodes.abort)
    if (x.begins) t.user = loggedOn(h.alerts) || undefined
    const pieces = await settle(x, aborted)
    const leaving = h.alerts.some(leaves)
    if (leaving) {
      await host.gone(c, { code: 'unenrolled', text: 'The device was disconnected from management by its user.' })
      memory.forget(c.no)
    }
    const words = aborted || leaving ? [] : go(x, pieces)
    if (h.broken) words.unshift({ kind: 'alert', id: 'broken', code: alertCodes.broken, items: [] })
    if (!leaving && mustBeKept(t)) await store.save(c, t)
    return {
      m,
      statuses: statusesOf(x),
      words,
      final: !words.some(isPart),
      respondTo: respondTo(x),
      account: x.p.account,
      challenged: t.challenged,
    }
  }

  /** More of the same package comes: kept until it is whole. */
  async function waiting(x: Exchange): Promise<Answered> {
    await store.save(x.c, x.t)
    return {
      m: x.m,
      statuses: statusesOf(x),
      words: [{ kind: 'alert', id: 'next', code: alertCodes.next, items: [] }],
      final: false,
      respondTo: respondTo(x),
      account: x.p.account,
      challenged: x.t.challenged,
    }
  }

  /** One turn for all that was said; it gives what goes out, unless there is something left of before. */
  async function settle(x: Exchange, aborted: boolean): Promise<Piece[]> {
    const { c, t, h, kept, lost } = x
    const told = await answers(c, t, h)
    const news = x.begins ? await newsOf(x) : undefined
    const alerts = h.alerts.flatMap((a) => deps.alert(a) ?? [])
    const said = [...told.said, ...alerts, ...lost]
    const facts = told.facts || news ? { ...news, ...told.facts } : undefined
    const turn: Turn = {
      take: aborted || t.later.length > 0 ? 0 : batch,
      expectInS,
      ...(x.begins && t.user && { deferred: 'again' as const }),
      ...(said.length > 0 && { said, raw: x.raw }),
      ...(facts && { facts, partial: true }),
      ...(told.push !== undefined && { push: told.push }),
      ...(kept && !mustBeKept(t) && { state: {} }),
    }
    return given(x, turn)
  }

  /** What cannot go out now is said at once, and what stands behind it goes instead. */
  async function given(
    { c, t, m }: Pick<Exchange, 'c' | 't' | 'm'>,
    first: Turn | readonly Delivery[],
  ): Promise<Piece[]> {
    const pieces: Piece[] = []
    let next = first
    for (let round = 0; ; round++) {
      const said: Said[] = []
      for (const d of 'take' in next ? await host.turn(c, next) : next) {
        const ready = await prepare(d, t, m.maxObject)
        if (!('pieces' in ready)) {
          said.push(ready)
          continue
        }
        t.open[d.id] = ready.open
        pieces.push(...ready.pieces)
      }
      if (said.length === 0) return pieces
      next = { take: round < mostRounds ? said.length : 0, said, expectInS }
    }
  }

  /** What the short way was handed and cannot write at once: nothing was said but last words, and those are settled. */
  async function handed(o: {
    m: SyncMessage
    raw: Uint8Array
    channel: Channel
    talk: Talk
    begins: boolean
    deliveries: readonly Delivery[]
  }): Promise<Reply> {
    const { m, channel: c, talk: t } = o
    const words = go({ m, t }, await given({ m, c, t }, o.deliveries))
    if (mustBeKept(t)) await store.save(c, t)
    const statuses = { m, header: 200, parts: new Map<string, number>() }
    const bytes = reply.write({ m, statuses, words, final: !words.some(isPart) }, false)
    if (words.length > 0 || !o.begins) host.sentBytes(c, bytes)
    memory.keep(c.no, remembered(t, m, o.raw, bytes))
    return reply.bytes(bytes, false)
  }

  function go({ m, t }: Pick<Exchange, 'm' | 't'>, pieces: readonly Piece[]): Word[] {
    const made = compose(
      [...t.later, ...pieces],
      t,
      messageMark(m.session, m.message),
      Math.min(m.maxMessage ?? messageBytes, messageBytes),
      m.maxMessage !== undefined,
    )
    t.later = made.later
    return made.words
  }

  /** What the device says of itself as each session begins: told only when it is news. */
  async function newsOf({ m, c, detail }: Exchange) {
    const { nodes, text } = selfOf(m)
    if (memory.told(c.no) === text) return undefined
    const { facts } = deps.read({ statuses: [], results: nodes })
    const known = (await detail()).facts
    memory.tell(c.no, text)
    const news = Object.entries(facts).filter(([name, value]) => JSON.stringify(known[name]) !== JSON.stringify(value))
    return news.length > 0 ? Object.fromEntries(news) : undefined
  }

  /** The session before this one; what it did not hear of is read once. */
  async function beforeOf(c: Channel, detail: () => Promise<ChannelDetail>): Promise<Talk | undefined> {
    const last = memory.last(c.no)
    if (last || memory.told(c.no) !== undefined) return last?.talk
    const known = await detail()
    if (known.facts[deps.inventoryFact] === undefined) await host.errand(c, 'inventory', { step: 0 }, 'inventory')
    return store.load(known)
  }
  async function talkOf(c: Channel, id: string): Promise<Talk | undefined> {
    const last = memory.last(c.no)
    return last?.session === id ? last.talk : store.load(await host.detail(c))
  }

  function statusesOf({ m, p, h }: Exchange): Answered['statuses'] {
    return { header: p.code, challenge: p.challenge, parts: h.parts, m }
  }
  function respondTo({ c, m, t }: Exchange): string | undefined {
    return t.token === undefined ? undefined : reply.address(host.server().url, c.no, t.token, m.target)
  }
  return { session, handed }
}
function once<T>(get: () => Promise<T>): () => Promise<T> {
  let got: Promise<T> | undefined
  return () => {
    got ??= get()
    return got
  }
}
const isPart = (w: Word): boolean => w.kind === 'command' && w.items.some((i) => i.more)
