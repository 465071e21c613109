/** Group commit: turns gather while the last batches are written, two batches at a time (one is made while the other is on its way to the disk), with no timer. */
import { type Delivery, isProblem, Problem } from '@muster/contract'
import type { Log } from '../db/index.ts'
import { failing, failpoint } from '../failpoints/index.ts'
import type { ShortItem } from './short.ts'
import type { TurnItem } from './turn.ts'

export const queueLimits = { lanes: 2, batch: 500, waiting: 5_000 } as const

interface Entry {
  /** Numbers of the devices it speaks for. */
  readonly devices: readonly number[]
  urgent: boolean
  /** Of the one kind or the other: batches are of one kind. */
  readonly item?: TurnItem
  readonly short?: ShortItem
  resolve(deliveries: readonly Delivery[]): void
  reject(error: unknown): void
}

export interface TurnQueue {
  /** Resolves when the turn is durable. Problem `overloaded` when too many wait. */
  add(item: TurnItem): Promise<Delivery[]>
  /** By the short way; false when too many wait. */
  addShort(item: ShortItem): boolean
  waiting(): number
  /** Resolves when nothing waits and no batch is under way. */
  drain(): Promise<void>
}

export function createTurnQueue(o: {
  run(items: readonly TurnItem[]): Promise<Delivery[][]>
  runShort?(items: readonly ShortItem[]): Promise<readonly (readonly Delivery[])[]>
  /** Of the short way, what was answered. */
  sent?(item: ShortItem, text: string): void
  log: Log
}): TurnQueue {
  let waiting: Entry[] = []
  /** Turns that wait, by device. */
  const queued = new Map<number, number>()
  /** Of `waiting`, the first so many are urgent. */
  let urgent = 0
  let lanes = 0
  /** Batches that are written and not yet answered. */
  let answering = 0
  const busy = new Set<number>()
  const idle: (() => void)[] = []

  function count(entry: Entry, by: 1 | -1): void {
    for (const device of entry.devices) {
      const n = (queued.get(device) ?? 0) + by
      if (n > 0) queued.set(device, n)
      else queued.delete(device)
    }
  }
  /** Devices keep their order: one that is in a batch under way waits for it. */
  function next(): Entry[] {
    const batch: Entry[] = []
    let rest: Entry[] = []
    const held = new Set<number>()
    let urgentLeft = 0
    for (let i = 0; i < waiting.length; i += 1) {
      if (batch.length === queueLimits.batch) {
        rest = rest.concat(waiting.slice(i))
        urgentLeft += Math.max(0, urgent - i)
        break
      }
      const entry = waiting[i] as Entry
      const free =
        (batch.length === 0 || (entry.short === undefined) === (batch[0]?.short === undefined)) &&
        !entry.devices.some((d) => busy.has(d) || held.has(d))
      if (free) {
        batch.push(entry)
        for (const d of entry.devices) busy.add(d)
        count(entry, -1)
      } else {
        rest.push(entry)
        if (entry.urgent) urgentLeft += 1
        for (const d of entry.devices) held.add(d)
      }
    }
    waiting = rest
    urgent = urgentLeft
    return batch
  }
  /** What is durable is answered when the lane has taken its next batch, so that the database works while this process answers. */
  async function lane(): Promise<void> {
    for (let batch = next(); batch.length > 0; batch = next()) {
      const answer = await (batch[0]?.short ? writeShort(batch) : write(batch))
      for (const e of batch) for (const d of e.devices) busy.delete(d)
      answering += 1
      setImmediate(answered, answer)
      if (failing) await failpoint('turns.between-batches')
    }
  }
  function answered(answer: () => void): void {
    answering -= 1
    answer()
    settled()
  }
  /** A batch that fails is halved until the one that spoils it stands alone. Answers how its devices are answered. */
  async function write(batch: Entry[]): Promise<() => void> {
    try {
      const answers = await o.run(batch.map((e) => e.item as TurnItem))
      return () => {
        for (const [i, e] of batch.entries()) e.resolve(answers[i] ?? [])
      }
    } catch (error) {
      if (batch.length === 1 || isAway(error)) {
        if (!isProblem(error)) o.log.error({ err: error, turns: batch.length }, 'turns could not be written')
        return () => {
          for (const e of batch) e.reject(error)
        }
      }
      const half = Math.ceil(batch.length / 2)
      const first = await write(batch.slice(0, half))
      const second = await write(batch.slice(half))
      return () => {
        first()
        second()
      }
    }
  }
  /** One that fails was rolled back: each goes the long way, which finds the one that spoils it. */
  async function writeShort(batch: Entry[]): Promise<() => void> {
    const items = batch.map((e) => e.short as ShortItem)
    let answers: readonly (readonly Delivery[])[] | undefined
    let failed: unknown
    try {
      answers = await o.runShort?.(items)
    } catch (error) {
      if (isAway(error)) failed = error
      else o.log.warn({ err: error, turns: batch.length }, 'a batch of short turns goes the long way')
    }
    return () => {
      for (let i = 0; i < items.length; i += 1) answerShort(items[i] as ShortItem, answers?.[i], failed)
    }
  }
  function answerShort(item: ShortItem, deliveries: readonly Delivery[] | undefined, failed: unknown): void {
    try {
      const said = item.done(deliveries, failed)
      if (said !== undefined) o.sent?.(item, said)
    } catch (error) {
      o.log.error({ err: error, channel: item.channel.no }, 'an answer could not be given')
    }
  }
  function start(): void {
    if (lanes >= queueLimits.lanes || waiting.length === 0) return
    lanes += 1
    lane().finally(() => {
      lanes -= 1
      // Otherwise another lane takes what waits for its devices.
      if (lanes === 0 && waiting.length > 0) start()
      settled()
    })
  }
  const over = () => lanes === 0 && answering === 0 && waiting.length === 0
  function settled(): void {
    if (over()) for (const done of idle.splice(0)) done()
  }
  /** What answers goes before what only tells, yet never before something the same device said earlier: that is answered with it. */
  function place(entry: Entry): void {
    if (!entry.urgent) {
      waiting.push(entry)
      return
    }
    // Mostly nobody of them waits already, and nothing needs to be looked through.
    const waits = entry.devices.some((d) => queued.has(d))
    const earlier = waits ? waiting.slice(urgent).filter((e) => e.devices.some((d) => entry.devices.includes(d))) : []
    if (earlier.length > 0) {
      const promoted = new Set(earlier)
      waiting = [
        ...waiting.slice(0, urgent),
        ...earlier.map((e) => Object.assign(e, { urgent: true })),
        ...waiting.slice(urgent).filter((e) => !promoted.has(e)),
      ]
      urgent += earlier.length
    }
    waiting.splice(urgent, 0, entry)
    urgent += 1
  }
  /** When it is full, reports are shed before acknowledgements: the newest that only tells makes room for one that answers. */
  function makeRoom(forUrgent: boolean): boolean {
    if (waiting.length < queueLimits.waiting) return true
    if (!forUrgent || waiting.length === urgent) return false
    const last = waiting.pop()
    if (last) {
      count(last, -1)
      last.reject(overloaded())
    }
    return true
  }
  function put(entry: Entry): void {
    place(entry)
    count(entry, 1)
    // The next tick of the event loop gathers what arrives together.
    if (!starting) {
      starting = true
      setImmediate(started)
    }
  }
  let starting = false
  function started(): void {
    starting = false
    // What the first leaves (the other kind, or too many) the next takes at once.
    for (let n = 0; n < queueLimits.lanes; n += 1) start()
  }
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (!makeRoom(item.urgent)) return reject(overloaded())
        const devices = item.channels.map((c) => c.deviceNo)
        put({ item, devices, urgent: item.urgent, resolve: resolve as Entry['resolve'], reject })
      }),
    addShort: (short) => {
      if (waiting.length >= queueLimits.waiting) return false
      put({
        short,
        devices: [short.channel.deviceNo],
        urgent: short.word !== undefined,
        resolve: nothing,
        reject: nothing,
      })
      return true
    },
    waiting: () => waiting.length,
    drain: () => (over() ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  }
}

const nothing = () => undefined

function overloaded(): Problem {
  return new Problem('overloaded', { retryAfterS: 5 + Math.floor(Math.random() * 10) })
}

/** Halving a batch helps nothing when the database itself is away. */
function isAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'database-away' || error.code === 'disk-full')
}
