/**
 * Failpoints: named places on the paths of operations, enrolment, policies and the audit. `MUSTER_FAILPOINTS` says what happens at which;
 * without it every one costs a look at one boolean. They belong to the process and its environment, as a kill from outside would.
 */
import { appendFileSync } from 'node:fs'
import { type Failpoint, parseFailpoints } from './spec.ts'

/** Transactions with points of their own: before each of their statements, before the commit, and after it. */
const paths = [
  'operation.send',
  'operation.cancel',
  'operation.turn',
  'operation.tick',
  'enrolment.invite',
  'enrolment.begin',
  'enrolment.activate',
  'enrolment.disenrol',
  'enrolment.gone',
  'policy.create',
  'policy.save',
  'policy.publish',
  'policy.switch',
  'policy.follow',
  'audit.seal',
] as const
export type FailpointPath = (typeof paths)[number]

/** Outside transactions: between two batches of turns, and around the answers to devices and to callers of the API. */
const places = [
  'turns.between-batches',
  'answer.sync.before',
  'answer.sync.after',
  'answer.request.before',
  'answer.request.after',
] as const

/** Every point that is always there; those before statements are named when they are reached: `operation.turn/take`. */
export const failpointNames: readonly string[] = [
  ...paths.flatMap((path) => [`${path}/before-commit`, `${path}/after-commit`]),
  ...places,
]

const text = process.env.MUSTER_FAILPOINTS
/** Ask this first, so that a point costs nothing when there are none: `if (failing) await failpoint('...')`. */
export const failing = text !== undefined
const armed: readonly Failpoint[] = parseFailpoints(text ?? '')
const journal = process.env.MUSTER_FAILPOINTS_JOURNAL || undefined
const reached = new Map<string, number>()

/** One line a word, written at once: the process may be gone the moment after. */
function note(word: 'reached' | Failpoint['action'], name: string): void {
  if (journal !== undefined) appendFileSync(journal, `${word} ${name}\n`)
}

/** Ends, delays or fails the process here if that was asked for. The journal gets each name once, and each action before it is done. */
export async function failpoint(name: string): Promise<void> {
  const times = (reached.get(name) ?? 0) + 1
  reached.set(name, times)
  if (times === 1) note('reached', name)
  for (const point of armed) {
    if (point.name !== name || (point.time !== undefined && point.time !== times)) continue
    note(point.action, name)
    if (point.action === 'kill') process.kill(process.pid, 'SIGKILL')
    if (point.action === 'throw') throw new Error(`the failpoint ${name} was asked to fail`)
    await new Promise((resolve) => setTimeout(resolve, point.delayMs))
  }
}
