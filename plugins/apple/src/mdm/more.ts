/** One delivery that takes several commands: what is left after the one that is answered, and what went wrong on the way. Pure. */
import type { Json, JsonObject, Outcome, Reason } from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'

export interface More {
  /** What the delivery is encoded with next; absent: this command is its last. */
  readonly next?: JsonObject
  /** An error is no failure: what is taken away may be gone already. */
  readonly lenient?: true
  /** Of an earlier command. */
  readonly failed?: Reason
}
/** A command, and what follows it. */
export interface Written {
  readonly command: JsonObject
  readonly more?: More
}

/** A command whose text differs for nobody but in the device's name for it, which stands between `before` and `after`. */
export interface PlainCommand {
  /** RequestType. */
  readonly type: string
  readonly read: (reply: Json) => Outcome
  readonly before: string
  readonly after: string
}

/** Undefined: the reply says all. One that failed does not stop those behind it; the first failure is told at the end. */
export function outcomeOfStep(more: More | undefined, reply: JsonObject): Outcome | undefined {
  if (!more) return undefined
  const outcome = replyOutcome(reply, () => ({}))
  const failed = more.failed ?? (outcome.state === 'failed' && !more.lenient ? outcome.reason : undefined)
  if (more.next) return { state: 'again', kept: { ...more.next, ...(failed && { failed: { ...failed } }) } }
  if (failed) return { state: 'failed', reason: failed }
  return more.lenient ? { state: 'completed', result: {} } : undefined
}

export function failedBefore(kept: Json | undefined): Reason | undefined {
  const failed = typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? kept.failed : undefined
  return typeof failed === 'object' && failed !== null ? (failed as unknown as Reason) : undefined
}
