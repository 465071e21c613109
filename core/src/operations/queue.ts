/** Group commit: turns gather while the last batches are written, two batches at a time, with no timer. */
import { type Delivery, isProblem, Problem } from '@muster/contract'
import type { Log } from '../db/index.ts'
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
  let lanes = 0
  const busy = new Set<string>()
  const idle: (() => void)[] = []

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
    for (const e of batch) for (const c of e.item.channels) busy.add(c.device)
    return batch
  }
  async function lane(): Promise<void> {
    for (let batch = next(); batch.length > 0; batch = next()) {
      await write(batch)
      for (const e of batch) for (const c of e.item.channels) busy.delete(c.device)
    }
  }
  /** A batch that fails is halved until the one that spoils it stands alone. */
  async function write(batch: Entry[]): Promise<void> {
    try {
      const answers = await o.run(batch.map((e) => e.item))
      for (const [i, e] of batch.entries()) e.resolve(answers[i] ?? [])
    } catch (error) {
      if (batch.length === 1 || isAway(error)) {
        if (!isProblem(error)) o.log.error({ error, turns: batch.length }, 'turns could not be written')
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
  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= queueLimits.waiting) return reject(new Problem('overloaded', { retryAfterS: 5 + Math.floor(Math.random() * 10) }))
        const entry = { item, resolve, reject }
        if (item.urgent) waiting.unshift(entry)
        else waiting.push(entry)
        // The next tick of the event loop gathers what arrives together.
        setImmediate(start)
      }),
    waiting: () => waiting.length,
    drain: () => (lanes === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  }
}

/** Halving a batch helps nothing when the database itself is away. */
function isAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'database-away' || error.code === 'disk-full')
}
