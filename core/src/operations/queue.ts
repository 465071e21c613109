/** Group commit: turns gather while the last batches are written, two batches at a time, with no timer. */
import { type Delivery, isProblem, Problem } from '@muster/contract'
import type { Log } from '../db/index.ts'
import { failing, failpoint } from '../failpoints/index.ts'
import type { TurnItem } from './turn.ts'

export const queueLimits = { lanes: 2, batch: 200, waiting: 5_000 } as const

interface Entry {
  item: TurnItem
  resolve(deliveries: Delivery[]): void
  reject(error: unknown): void
}

export interface TurnQueue {
  /** Resolves when the turn is durable. Problem `overloaded` when too many wait. */
  add(item: TurnItem): Promise<Delivery[]>
  waiting(): number
  /** Resolves when nothing waits and no batch is under way. */
  drain(): Promise<void>
}

export function createTurnQueue(o: { run(items: readonly TurnItem[]): Promise<Delivery[][]>; log: Log }): TurnQueue {
  let waiting: Entry[] = []
  /** Turns that wait, by device. */
  const queued = new Map<string, number>()
  /** Of `waiting`, the first so many are urgent. */
  let urgent = 0
  let lanes = 0
  const busy = new Set<string>()
  const idle: (() => void)[] = []

  function count(entry: Entry, by: 1 | -1): void {
    for (const { device } of entry.item.channels) {
      const n = (queued.get(device) ?? 0) + by
      if (n > 0) queued.set(device, n)
      else queued.delete(device)
    }
  }
  /** Devices keep their order: one that is in a batch under way waits for it. */
  function next(): Entry[] {
    const batch: Entry[] = []
    const rest: Entry[] = []
    const held = new Set<string>()
    for (const entry of waiting) {
      const devices = entry.item.channels.map((c) => c.device)
      if (batch.length < queueLimits.batch && !devices.some((d) => busy.has(d) || held.has(d))) batch.push(entry)
      else rest.push(entry)
      for (const d of devices) held.add(d)
    }
    waiting = rest
    urgent = rest.filter((e) => e.item.urgent).length
    for (const e of batch) {
      for (const c of e.item.channels) busy.add(c.device)
      count(e, -1)
    }
    return batch
  }
  async function lane(): Promise<void> {
    for (let batch = next(); batch.length > 0; batch = next()) {
      await write(batch)
      for (const e of batch) for (const c of e.item.channels) busy.delete(c.device)
      if (failing) await failpoint('turns.between-batches')
    }
  }
  /** A batch that fails is halved until the one that spoils it stands alone. */
  async function write(batch: Entry[]): Promise<void> {
    try {
      const answers = await o.run(batch.map((e) => e.item))
      for (const [i, e] of batch.entries()) e.resolve(answers[i] ?? [])
    } catch (error) {
      if (batch.length === 1 || isAway(error)) {
        if (!isProblem(error)) o.log.error({ err: error, turns: batch.length }, 'turns could not be written')
        for (const e of batch) e.reject(error)
        return
      }
      const half = Math.ceil(batch.length / 2)
      await write(batch.slice(0, half))
      await write(batch.slice(half))
    }
  }
  function start(): void {
    if (lanes >= queueLimits.lanes || waiting.length === 0) return
    lanes += 1
    lane().finally(() => {
      lanes -= 1
      if (lanes > 0) return // the other lane takes what waits for its devices
      if (waiting.length > 0) start()
      else for (const done of idle.splice(0)) done()
    })
  }
  /** What answers goes before what only tells, yet never before something the same device said earlier: that is answered with it. */
  function place(entry: Entry): void {
    if (!entry.item.urgent) {
      waiting.push(entry)
      return
    }
    const devices = new Set(entry.item.channels.map((c) => c.device))
    // Mostly nobody of them waits already, and nothing needs to be looked through.
    const waits = entry.item.channels.some((c) => queued.has(c.device))
    const earlier = waits ? waiting.slice(urgent).filter((e) => e.item.channels.some((c) => devices.has(c.device))) : []
    if (earlier.length > 0) {
      const promoted = new Set(earlier)
      waiting = [
        ...waiting.slice(0, urgent),
        ...earlier.map((e) => Object.assign(e, { item: { ...e.item, urgent: true } })),
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
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (!makeRoom(item.urgent)) return reject(overloaded())
        const entry = { item, resolve, reject }
        place(entry)
        count(entry, 1)
        // The next tick of the event loop gathers what arrives together.
        setImmediate(start)
      }),
    waiting: () => waiting.length,
    drain: () =>
      lanes === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve)),
  }
}

function overloaded(): Problem {
  return new Problem('overloaded', { retryAfterS: 5 + Math.floor(Math.random() * 10) })
}

/** Halving a batch helps nothing when the database itself is away. */
function isAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'database-away' || error.code === 'disk-full')
}
