/** What the answers to a feature's commands come to, and which round comes next: there already -> Replace, not there -> Add or no Delete, done whole -> read. Total. */
import type { Json, JsonObject, Outcome, Reason } from '@muster/contract'
import { type NodeStatus, readAnswer } from '../wire/index.ts'
import { isAbsent, isDone, isUnsupported, meaningOf } from './codes.ts'

/** What the round before left for this one. */
export interface Round {
  readonly replace: ReadonlySet<string>
  readonly add: ReadonlySet<string>
  /** What is still to be deleted; undefined: everything. */
  readonly left?: ReadonlySet<string>
  /** All is written: now it is read. */
  readonly read: boolean
}

export function readRound(kept: Json | undefined): Round {
  const k = typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? kept : {}
  const uris = (v: Json | undefined) =>
    new Set(Array.isArray(v) ? v.filter((u): u is string => typeof u === 'string') : [])
  return {
    replace: uris(k.replace),
    add: uris(k.add),
    ...(k.left !== undefined && { left: uris(k.left) }),
    read: k.read === true,
  }
}

export function readOutcome(reply: Json, o: { atomic: boolean; nothingToSay: string }): Outcome {
  const answer = readAnswer(reply)
  if (!answer)
    return { state: 'unreadable', reason: { code: 'unreadable', text: 'The answer is none of a management session.' } }
  const { statuses } = answer
  if (statuses.length === 1 && statuses[0]?.verb === 'Get' && statuses[0].uri === o.nothingToSay)
    return { state: 'failed', reason: nothingKnown }
  const writes = statuses.filter((s) => s.verb !== 'Get')
  const again = nextRound(writes, o.atomic)
  if (again) return { state: 'again', kept: again }
  const wrong = writes.filter(
    (s) => !isDone(s) && !(s.verb === 'Delete' && isAbsent(s)) && !(s.code === 418 && isOnce(s.uri)),
  )
  if (wrong.length > 0) return { state: 'failed', reason: reasonOf(wrong, writes) }
  return o.atomic && writes.length > 0 && writes.some((s) => s.verb !== 'Delete')
    ? { state: 'again', kept: { read: true } }
    : { state: 'completed', result: {} }
}

const nothingKnown: Reason = {
  code: 'not-applicable',
  text: 'This version of Windows knows none of these settings.',
}

/** All of it is sent once more, each with the verb that fits; undefined: nothing of the kind is wrong. */
function nextRound(writes: readonly NodeStatus[], atomic: boolean): JsonObject | undefined {
  const there = writes.some((s) => s.verb === 'Add' && s.code === 418 && !isOnce(s.uri))
  const missing = writes.some((s) => s.verb === 'Replace' && s.code === 404 && isMade(s.uri))
  // Within a set a Delete of what is not there fails the set (OMA RepPro, Atomic): it is left out.
  const deletes = atomic ? writes.filter((s) => s.verb === 'Delete') : []
  const gone = deletes.some(isAbsent) && writes.some((s) => undone.includes(s.code))
  if (!there && !missing && !gone) return undefined
  const replace = new Set<string>()
  const add = new Set<string>()
  for (const s of writes) {
    if (s.verb === 'Add' && !isOnce(s.uri)) (s.code === 418 || isDone(s) ? replace : add).add(s.uri)
    if (s.verb === 'Replace') (s.code === 404 && isMade(s.uri) ? add : replace).add(s.uri)
  }
  for (const uri of replace) add.delete(uri)
  return {
    ...(replace.size > 0 && { replace: [...replace] }),
    ...(add.size > 0 && { add: [...add] }),
    ...(deletes.length > 0 && { left: deletes.filter((s) => !isAbsent(s)).map((s) => s.uri) }),
  }
}

/** Never answered, not carried out, undone, or failed with its set. */
const undone: readonly number[] = [0, 215, 216, 507]

/** Made once, and never written again: that it is there is what was wanted. */
const isOnce = (uri: string): boolean =>
  /\/Vendor\/MSFT\/(Policy\/ConfigOperations\/ADMXInstall|Accounts\/Users)\//.test(uri)

/** A policy is not made by writing: one that is not there is not known. */
const isMade = (uri: string): boolean => !uri.includes('/Vendor/MSFT/Policy/Config/')

function reasonOf(wrong: readonly NodeStatus[], writes: readonly NodeStatus[]): Reason {
  const settings = writes.filter((s) => s.verb !== 'Delete')
  // Within a set one is the cause, the others only say that it failed.
  const causes = wrong.filter((s) => ![215, 216, 507].includes(s.code))
  const told = causes.length > 0 ? causes : wrong
  const text = told
    .slice(0, 5)
    .map((s) => `${s.uri}: ${meaningOf(s)}`)
    .join('; ')
  const more = told.length > 5 ? `; and ${told.length - 5} more` : ''
  const unsupported = told.every(isUnsupported)
  if (told.every((s) => s.verb === 'Delete'))
    return { code: 'not-removed', text: `It cannot be removed: ${text}${more}.`.slice(0, 2_000) }
  if (unsupported && wrong.length === settings.length)
    return { code: 'not-applicable', text: `${text}${more}.`.slice(0, 2_000) }
  return { code: unsupported ? 'not-supported' : 'device-error', text: `${text}${more}.`.slice(0, 2_000) }
}
