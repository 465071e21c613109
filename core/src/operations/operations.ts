/** Operations: sent by administrators, handed over in turns, settled by reports or by time; each state told as it happens. */
import {
  type ChannelDetail,
  type Delivery,
  isProblem,
  type Json,
  type OperationRow,
  type ShortDone,
  type ShortTurn,
  type Turn,
} from '@muster/contract'
import type { Approvals } from '../approvals/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Db, Log, Tx } from '../db/index.ts'
import type { Devices, KnownChannel } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { createActivityCache } from './activities.ts'
import { createBySystem } from './by-system.ts'
import { type Cancelled, createCancel } from './cancel.ts'
import { createErrands } from './errands.ts'
import type { LoggedMessage } from './messages.ts'
import type { TurnPart } from './part.ts'
import { createTurnQueue } from './queue.ts'
import { createSend, type Send, type Sent } from './send.ts'
import { createSettle, type SettledRow } from './settle.ts'
import { createShort } from './short.ts'
import { createStanding } from './standing.ts'
import { createTake, type DeliveryExtras } from './take.ts'
import { closeEpoch, createTick } from './tick.ts'
import { checkTurn, createTurns } from './turn.ts'
import { createViews } from './views.ts'

export interface OperationsDeps {
  db: Db
  events: Events
  audit: Audit
  secrets: Secrets
  log: Log
  registry: Registry
  devices: Devices
  part: TurnPart
  extras: DeliveryExtras
  approvals: Pick<Approvals, 'spend' | 'withdrawn'>
  startDisenrol(tx: Tx, devices: readonly number[], actor: string): Promise<void>
  afterSettled(rows: readonly SettledRow[]): Promise<void>
}

export interface Operations extends ReturnType<typeof createViews>, ReturnType<typeof createBySystem> {
  /** Problems: unknown-operation, invalid-params, forbidden, invalid-target, empty-target, targets-changed, idempotency-mismatch. */
  send(s: Send): Promise<Sent>
  /** What a send would reach, without sending. */
  preview(
    s: Pick<Send, 'operation' | 'params' | 'target' | 'principal'>,
  ): Promise<Omit<Sent, 'id'> & { devices: number }>
  cancel(activity: number, principal: Send['principal']): Promise<Cancelled>
  /** One exchange with a device. Zero statements when nothing is said and nothing waits; else durable when it resolves. */
  turn(channels: readonly KnownChannel[], turn: Turn, o?: TurnOptions): Promise<readonly Delivery[]>
  /** A turn that only takes, when nothing is known to wait: it was seen. false: nothing was done. */
  idle(channel: KnownChannel, take: number, expectInS: number, again?: boolean): boolean
  /** One exchange by the short way, durable when `done` is called. `channel` is looked at now. false: nothing was done. */
  short(channel: KnownChannel, turn: ShortTurn<OperationRow>, done: ShortDone<Delivery>): boolean
  sentBytes(channel: ChannelDetail | KnownChannel, raw: Uint8Array): void
  errand(channel: KnownChannel, name: string, payload: Json, collapse?: string): Promise<void>
  tick(): Promise<number>
  /** What becomes of operations that wait for a second person. */
  readonly standing: ReturnType<typeof createStanding>
  closeEpoch(tx: Tx, channels: readonly number[]): Promise<void>
  /** Turns waiting for a batch now. */
  queued(): number
  stop(): Promise<void>
}

export interface TurnOptions {
  /** Not the device speaks, but we on its behalf: it was not seen. */
  unseen?: true
}

/** Outbound messages kept for the next batch; the oldest go first when it is long in coming. */
const outboundLimit = 10_000

export function createOperations(o: OperationsDeps): Operations {
  const activities = createActivityCache(o.secrets)
  let outbound: LoggedMessage[] = []
  const take = createTake({ registry: o.registry, activities, extras: o.extras })
  const turns = createTurns({
    ...o,
    settle: createSettle({ registry: o.registry, activities }),
    take,
    outbound: () => outbound.splice(0),
    putBack: (messages) => {
      outbound = [...messages, ...outbound].slice(-outboundLimit)
    },
  })
  const short = createShort({ ...o, activities, take, turns })
  const queue = createTurnQueue({
    run: turns.run,
    runShort: short.run,
    sent: (item, text) => note(item.channel.no, Buffer.from(text)),
    log: o.log,
  })
  const { send, preview } = createSend(o)
  const queueErrand = createErrands(o.db, o.events)

  /** What was sent, for the message log. */
  function note(channel: number, raw: Uint8Array): void {
    if (outbound.length >= outboundLimit) outbound.shift()
    outbound.push({ channel, outbound: true, outcome: '', raw })
  }
  /** Nothing said, and nothing known to wait: answered from memory. */
  function idle(channels: readonly KnownChannel[], t: Turn): boolean {
    const silent =
      !t.said?.length &&
      !t.verdicts &&
      !t.facts &&
      !t.events?.length &&
      t.push === undefined &&
      t.state === undefined &&
      !t.has &&
      !t.raw
    return silent && (!(t.take > 0) || channels.every((c) => o.devices.waiting.quiet(c.no, t.deferred === 'again')))
  }
  return {
    ...createViews(o),
    ...createBySystem(o),
    send,
    preview,
    cancel: createCancel(o),
    turn: async (channels, turn, how = {}) => {
      if (!how.unseen) for (const c of channels) o.devices.seen.mark(c.no, turn.expectInS)
      if (idle(channels, turn)) return []
      checkTurn(turn)
      const answered = await queue.add({ channels, turn, urgent: (turn.said?.length ?? 0) > 0 })
      // This node knows at once what the others hear of in a moment.
      if (turn.facts) o.devices.glances.forget(channels.map((c) => c.device))
      return answered
    },
    idle: (channel, take, expectInS, again) => {
      if (take > 0 && !o.devices.waiting.quiet(channel.no, again)) return false
      o.devices.seen.mark(channel.no, expectInS)
      return true
    },
    short: (channel, turn, done) => {
      const item = short.item(channel, turn, done)
      if (item === undefined || !queue.addShort(item)) return false
      o.devices.seen.mark(channel.no, turn.expectInS)
      return true
    },
    sentBytes: (channel, raw) => note(channel.no, raw),
    errand: (channel, name, payload, collapse) => queueErrand({ channel, name, payload, collapse }),
    tick: createTick(o),
    standing: createStanding(o),
    closeEpoch: async (tx, channels) => {
      await closeEpoch(tx, channels)
      await o.part.closed(tx, channels)
    },
    queued: queue.waiting,
    stop: async () => {
      await queue.drain()
      if (outbound.length > 0)
        await turns
          .run([])
          .catch(
            (error: unknown) => isProblem(error) || o.log.warn({ err: error }, 'outbound messages were not logged'),
          )
    },
  }
}
