/** Carries out deliveries one after another, each at most once: what was begun is on disk before it begins, what came of it before it is told. */
import type { agentChannel, Json } from '@muster/contract'
import { checkEnvelope, type Trust } from './envelope.ts'
import { Deferred, messageOf, Refused } from './failure.ts'
import { features } from './features/index.ts'
import type { Ledger } from './ledger.ts'
import { EndedBadly, operations, type Surroundings } from './operations/index.ts'
import { diskFull } from './tree.ts'

type Delivery = agentChannel.AgentDelivery
type Result = agentChannel.Result

export interface Executor {
  /** Takes deliveries over; those it knows are answered from memory. */
  add(deliveries: readonly Delivery[]): void
  /** Resolves when nothing is left to do. */
  idle(): Promise<void>
  busy(): boolean
  /** The delivery under way, if any. */
  current(): string | undefined
  /** Ids of all that is here and whose end the server has not heard of. */
  holding(): string[]
}
export interface ExecutorDeps extends Surroundings {
  readonly ledger: Ledger
  readonly trust: Trust
  readonly readOnly: boolean
  readonly now: () => number
  /** The same by the server's clock, which deadlines are set by. */
  readonly serverNow: () => number
  /** A command without a valid signature came. */
  refused(delivery: Delivery, reason: Refused): void
}

export function createExecutor(o: ExecutorDeps): Executor {
  const queue: Delivery[] = []
  let current: string | undefined
  let working: Promise<void> = Promise.resolve()
  let active = false

  async function work(): Promise<void> {
    try {
      for (let d = queue.shift(); d; d = queue.shift()) {
        current = d.id
        await one(d)
      }
    } finally {
      // Whatever failed: what is left in the queue was never begun, so the server offers it again.
      queue.length = 0
      current = undefined
      active = false
    }
  }

  async function one(d: Delivery): Promise<void> {
    const before = o.ledger.get(d.id)
    // What was put off comes again under the same id, and is then done.
    if (before?.state === 'done' && before.result?.state !== 'deferred') return o.ledger.again(d.id)
    const setting = d.kind === 'put' || d.kind === 'drop'
    try {
      const keepUntil = admit(d)
      o.ledger.started(d.id, { keepUntil, setting, redo: repeatable(d) ? d : undefined })
      o.ledger.done({ id: d.id, state: 'completed', result: await perform(d) })
    } catch (error) {
      o.ledger.done(failure(d.id, error), setting)
    }
  }

  /** What is refused before it begins; answers how long a signed command must stay known. */
  function admit(d: Delivery): number | undefined {
    if (d.kind === 'errand') throw new Refused('unsupported', `This agent does not know the errand ${d.name}.`)
    if (d.kind !== 'operation') {
      if (!features.has(d.name)) throw new Refused('unsupported', `This agent does not know the feature ${d.name}.`)
      if (o.readOnly) throw new Refused('read-only', 'The agent only reports on this device and changes nothing.')
      return undefined
    }
    const operation = operations.get(d.name)
    if (!operation) throw new Refused('unsupported', `This agent does not know the operation ${d.name}.`)
    if (Date.parse(d.deadline) < o.serverNow()) throw new Refused('expired', 'It came after its deadline.')
    const keepUntil = operation.words.signed ? signature(d) : undefined
    if (operation.changes && o.readOnly)
      throw new Refused('read-only', 'The agent only reports on this device and changes nothing.')
    return keepUntil
  }

  function signature(d: Delivery): number {
    try {
      return checkEnvelope(d, o.trust, o.now())
    } catch (error) {
      if (error instanceof Refused) o.refused(d, error)
      throw error
    }
  }

  async function perform(d: Delivery): Promise<Json> {
    if (d.kind === 'operation') {
      const operation = operations.get(d.name)
      if (!operation) throw new Refused('unsupported', d.name)
      return operation.run(d.payload, o)
    }
    const feature = features.get(d.name)
    if (!feature) throw new Refused('unsupported', d.name)
    const machine = { tree: o.tree, originals: o.originals, run: o.run, reach: o.reach }
    const { files, reloaded, skipped } = await (d.kind === 'put'
      ? feature.put(machine, d.payload)
      : feature.drop(machine))
    await o.observed?.(feature.id)
    return {
      files,
      ...(reloaded === undefined ? {} : { reloaded }),
      ...(skipped?.length ? { skipped: [...skipped] } : {}),
    }
  }

  function add(deliveries: readonly Delivery[]): void {
    for (const d of deliveries) if (d.id !== current && !queue.some((q) => q.id === d.id)) queue.push(d)
    if (active || queue.length === 0) return
    active = true
    working = work()
  }

  add(afterInterruption(o.ledger))
  return {
    add,
    idle: () => working,
    busy: () => active,
    current: () => current,
    holding: () => [
      ...new Set([
        ...o.ledger.unreported().map((u) => u.result.id),
        ...o.ledger.interrupted().map((i) => i.id),
        ...(current === undefined ? [] : [current]),
        ...queue.map((d) => d.id),
      ]),
    ],
  }
}

/** Begun and never ended: what may be repeated is done again (once); of the rest nobody knows how far it came, and that is said. */
function afterInterruption(ledger: Ledger): Delivery[] {
  const again: Delivery[] = []
  for (const { id, redo, tries } of ledger.interrupted()) {
    if (redo && (tries ?? 1) < 2) again.push(redo)
    else
      ledger.done({
        id,
        state: 'failed',
        code: 'outcome-unknown',
        text: 'The agent was interrupted while doing it; whether it took effect is not known.',
      })
  }
  return again
}

/** Settings always are; operations by their words. */
function repeatable(d: Delivery): boolean {
  return (
    d.kind === 'put' ||
    d.kind === 'drop' ||
    (d.kind === 'operation' && operations.get(d.name)?.words.repeatable === true)
  )
}

const fullRetryS = 300

function failure(id: string, cause: unknown): Result {
  const error = diskFull(cause)
    ? new Deferred('disk-full', `Nothing can be written on this device just now: ${messageOf(cause)}`, fullRetryS)
    : cause
  const code = error instanceof Refused ? error.code : 'agent-error'
  const text = messageOf(error).slice(0, 4096)
  if (error instanceof Deferred) return { id, state: 'deferred', code, text, retryAfterS: error.retryAfterS }
  const result: Result = { id, state: 'failed', code, text }
  return error instanceof EndedBadly ? { ...result, result: error.result } : result
}
