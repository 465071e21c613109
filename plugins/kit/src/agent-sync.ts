/** One sync of the agent channel: what the agent says goes in by one turn, what waits for it goes out; with nothing waiting, the answer may be held. */
import { hash } from 'node:crypto'
import {
  agentChannel,
  type Channel,
  type ChannelDetail,
  type Delivery,
  type Json,
  type JsonObject,
  type Message,
  type PlatformHost,
  Problem,
  type Reason,
  type Reply,
  type Turn,
} from '@muster/contract'
import { createTold, type Told, wordsOf } from './agent-told.ts'
import { jsonHeaders, latin1, readJson } from './json.ts'

type Sync = agentChannel.Sync
const { Sync, agentLimits } = agentChannel

/** Turns of one held sync at most, when it is woken for nothing again and again. */
const wakesLimit = 8
/** Why a long poll was ended: the newer one says what the device has, and so brings back what it has not. */
const accounted = 'accounted'
const unheard: Reason = { code: 'unheard', text: 'The connection ended before it was sent; it is handed over again.' }

export function createSync(
  host: PlatformHost,
  o: { longPollS: number; told?: Told },
): (c: Channel, r: Message) => Promise<Reply> {
  const told = o.told ?? createTold()
  /** Long polls of this node, by channel: of each the newest. */
  const holds = new Map<number, AbortController>()
  return async function sync(c, r) {
    if (c.lifecycle === 'created') throw new Problem('wrong-state', { state: c.lifecycle, step: 'licence' })
    const body = readJson(r.body, agentLimits.syncBytes, Sync)
    const waitS = c.blocked ? 0 : Math.min(body.waitS ?? 0, o.longPollS)
    const idle: Turn = { take: body.take, expectInS: expectInS(host.pace(c), waitS) }
    const asks: Turn = body.has ? { ...idle, has: body.has } : idle
    // Who asks anew has given up what it asked before: what comes from now on is for the newer one.
    if (body.take > 0) holds.get(c.no)?.abort(body.has && accounted)
    const said = speaks(body)
      ? await told.alone(c.no, () => tell(c, body, r, asks))
      : { sequence: body.sequence, deliveries: await host.turn(c, asks) }
    const waits = said.deliveries.length === 0 && waitS > 0 && body.take > 0
    const deliveries = waits ? await hold(c, idle, waitS, r.signal) : said.deliveries
    return answer(c, said.sequence, deliveries, body.take)
  }

  /** A report: its number decides what of it still counts, and is kept in the same turn that carries it. */
  async function tell(
    c: Channel,
    body: Sync,
    r: Message,
    asks: Turn,
  ): Promise<{ sequence: number; deliveries: readonly Delivery[] }> {
    const turn: Turn = { ...asks, raw: r.body }
    if (settles(body)) {
      const words = wordsOf(latin1(r.body))
      if (told.repeats(c.no, words)) return { sequence: body.sequence, deliveries: await host.turn(c, asks) }
      turn.said = saidBy(body)
      const deliveries = await host.turn(c, turn)
      told.took(c.no, words)
      return { sequence: body.sequence, deliveries }
    }
    const digest = hashed(toldBy(body))
    const { state } = await host.detail(c)
    const last = lastReport(state)
    if (body.sequence === last.sequence && digest === last.digest)
      return { sequence: last.sequence, deliveries: await host.turn(c, asks) }
    if (body.results?.length) turn.said = saidBy(body)
    if (body.sequence <= last.sequence) return { sequence: last.sequence, deliveries: await host.turn(c, turn) }
    // A higher number proves that it is newer than all before, which the device's clock could not: no reportedAt.
    if (body.facts) Object.assign(turn, { facts: body.facts, partial: body.partial ?? false })
    if (body.events?.length) turn.events = body.events
    turn.state = { ...asObject(state), agent: { sequence: body.sequence, digest } }
    return { sequence: body.sequence, deliveries: await host.turn(c, turn) }
  }

  /** The long poll. Being woken says that something may wait, so each waking is one more turn that only takes. */
  async function hold(c: Channel, idle: Turn, waitS: number, gone: AbortSignal): Promise<readonly Delivery[]> {
    const mine = new AbortController()
    holds.set(c.no, mine)
    const signal = AbortSignal.any([gone, mine.signal, AbortSignal.timeout(Math.ceil(waitS * 1000))])
    try {
      for (let wakes = 0; wakes < wakesLimit && !signal.aborted; wakes += 1) {
        await host.wait(c, signal)
        // Nobody would hear the answer, or nothing came: what waits stays untaken.
        if (signal.aborted) return []
        const deliveries = await host.turn(c, idle)
        if (deliveries.length === 0) continue
        if (!gone.aborted && !mine.signal.aborted) return deliveries
        if (mine.signal.reason !== accounted) await returned(c, deliveries)
        return []
      }
      return []
    } finally {
      if (holds.get(c.no) === mine) holds.delete(c.no)
    }
  }

  /** Taken for somebody who went away before a byte of it was written: it surely never left us, so even what must not be done twice goes again. */
  async function returned(c: Channel, deliveries: readonly Delivery[]): Promise<void> {
    await host.turn(c, { take: 0, said: deliveries.map(({ id }) => ({ id, state: 'returned', reason: unheard })) })
  }

  function answer(c: Channel, sequence: number, deliveries: readonly Delivery[], take: number): Reply {
    const nextS = take > 0 && deliveries.length >= take ? 0 : host.pace(c)
    const waitS = c.blocked ? 0 : o.longPollS
    const body = `{"deliveries":[${deliveries.map(deliveryText).join()}],"nextS":${nextS},"waitS":${waitS},"sequence":${sequence},"time":"${host.clock.now().toISOString()}"}`
    if (deliveries.length > 0) host.sentBytes(c, Buffer.from(body))
    return { status: 200, headers: jsonHeaders, body }
  }
}

/** Seconds after which silence begins to mean something. */
export function expectInS(paceS: number, waitS: number): number {
  return Math.ceil(2 * (paceS + waitS) + 30)
}

/** What follows a delivery's own numbers, as JSON: an activity's parameters are the same object for all whom it is handed to. */
const written = new WeakMap<JsonObject, { operation: string; text: string }>()

/** A delivery in the answer (AgentDelivery), as JSON. */
export function deliveryText(d: Delivery): string {
  if (d.kind !== 'operation' || d.envelope !== undefined) return JSON.stringify(encode(d))
  const payload = d.row.to(d.params, d.channel, d.secrets, d.kept)
  const known = payload === d.params ? written.get(d.params) : undefined
  let text = known?.operation === d.operation ? known.text : undefined
  if (text === undefined) {
    text = `,"kind":"operation","name":${JSON.stringify(d.operation)},"payload":${JSON.stringify(payload)}}`
    if (payload === d.params) written.set(d.params, { operation: d.operation, text })
  }
  return `{"id":"${d.id}","attempt":${d.attempt},"deadline":"${d.deadline}"${text}`
}

/** Each delivery by its row's own translation. */
function encode(d: Delivery): agentChannel.AgentDelivery {
  const head = { id: d.id, attempt: d.attempt, deadline: d.deadline }
  switch (d.kind) {
    case 'operation':
      return {
        ...head,
        kind: 'operation',
        name: d.operation,
        payload: d.row.to(d.params, d.channel, d.secrets, d.kept),
        envelope: d.envelope,
      }
    case 'setting':
      return {
        ...head,
        kind: d.verb,
        name: d.feature,
        payload: d.verb === 'put' ? d.row.to(d.settings, d.channel, d.secrets) : {},
      }
    case 'errand':
      return { ...head, kind: 'errand', name: d.name, payload: d.payload }
    case 'document':
      throw new Error('the agent channel takes settings one by one')
  }
}

function speaks(body: Sync): boolean {
  return (body.results?.length ?? 0) > 0 || body.facts !== undefined || (body.events?.length ?? 0) > 0
}

/**
 * Nothing but last words of operations: each settles its operation once, whoever remembers it, so its number needs no place in the
 * channel's state. Of all else the state tells what was taken.
 */
function settles(body: Sync): boolean {
  const last = body.results?.every((r) => r.state === 'completed' || r.state === 'failed') ?? false
  return last && body.facts === undefined && !body.events?.length
}

function saidBy(body: Sync): Turn['said'] {
  return body.results?.map((result) => ({ id: result.id, reply: result as Json }))
}

/** What the channel's state remembers of the last report that was taken. */
function lastReport(state: ChannelDetail['state']): { sequence: number; digest: string } {
  const agent = asObject(asObject(state).agent)
  const { sequence, digest } = agent
  return { sequence: typeof sequence === 'number' ? sequence : -1, digest: typeof digest === 'string' ? digest : '' }
}

/** What is told; take, waitS and has may differ between repeats of one report. */
function toldBy({ sequence, at, results, facts, partial, events }: Sync): string {
  return JSON.stringify([sequence, at, results, facts, partial, events])
}

function hashed(told: string): string {
  return hash('sha256', told, 'base64url')
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
