/** The operation's state machine, pure: what a report does to an open row (the table stands in docs/reference). */
import type { Json, Outcome, Reason } from '@muster/contract'

export const openStates = ['held', 'pending', 'sent', 'acknowledged', 'deferred'] as const
export const finalStates = ['completed', 'failed', 'cancelled', 'expired', 'superseded'] as const
export type OpenState = (typeof openStates)[number]
export type FinalState = (typeof finalStates)[number]

export function isFinal(state: string): state is FinalState {
  return (finalStates as readonly string[]).includes(state)
}

export interface OpenRow {
  readonly state: OpenState
  readonly attempts: number
  readonly agains: number
  readonly unreadable: number
  readonly cancelling: boolean
}
export type Step =
  | { kind: 'settle'; state: FinalState; reason?: Reason; result?: Json }
  | {
      kind: 'keep'
      state: OpenState
      attempts: number
      agains: number
      unreadable: number
      dueInS?: number
      kept?: Json
      reason?: Reason
    }
  | { kind: 'unmatched'; why: 'unsent' }
  | { kind: 'unchanged' }

/** `batches`: what was handed over together, whose leases end in one transaction; `deferS`: how long a device that names no time puts off; `returnedS`: how long what never left us rests; `longestS`: a device puts off a month at most. */
export const bounds = {
  agains: 16,
  unreadable: 3,
  attempts: 5,
  batches: 100,
  deferS: 900,
  returnedS: 5,
  longestS: 2_592_000,
} as const
export const outcomeUnknown: Reason = {
  code: 'outcome-unknown',
  text: 'It was handed over, and whether the device did it is not known.',
}

/** SQL over an open row that waits to be handed over again: it was before, and no answer came. Whatever ends it now must not say that it was never done. */
export const perhapsDone = `(state = 'pending' and reason->>'code' = 'no-answer')`

/** Final rows never come here: they are in history, and a report for them is unmatched. */
export function onReport(row: OpenRow, said: Outcome): Step {
  if (row.attempts === 0) return { kind: 'unmatched', why: 'unsent' }
  const same = { attempts: row.attempts, agains: row.agains, unreadable: row.unreadable }
  switch (said.state) {
    case 'completed':
      return { kind: 'settle', state: 'completed', result: said.result }
    case 'failed':
      return { kind: 'settle', state: 'failed', reason: said.reason, result: said.result }
    case 'acknowledged':
      return {
        kind: 'keep',
        ...same,
        state: 'acknowledged',
        reason: said.progress === undefined ? undefined : { code: 'in-progress', text: said.progress },
      }
    case 'unreadable':
      if (row.unreadable + 1 >= bounds.unreadable)
        return { kind: 'settle', state: 'failed', reason: { code: 'unreadable', text: said.reason.text } }
      return {
        kind: 'keep',
        ...same,
        unreadable: row.unreadable + 1,
        state: row.state,
        reason: row.state === 'acknowledged' ? undefined : said.reason,
      }
  }
  // What follows would hand it over again; a row being cancelled is never sent again, and one the device already has stays where it is.
  if (row.cancelling)
    return {
      kind: 'settle',
      state: 'cancelled',
      reason: { code: 'cancelled', text: 'Cancelled before the device did it.' },
    }
  if (row.state === 'acknowledged') return { kind: 'unchanged' }
  switch (said.state) {
    case 'deferred':
      return {
        kind: 'keep',
        ...same,
        state: 'deferred',
        dueInS: seconds(said.retryAfterS) ?? bounds.deferS,
        reason: said.reason,
      }
    case 'returned':
      return {
        kind: 'keep',
        ...same,
        attempts: row.attempts - 1,
        state: 'pending',
        dueInS: bounds.returnedS,
        reason: said.reason,
      }
    case 'again':
      if (row.agains + 1 > bounds.agains)
        return {
          kind: 'settle',
          state: 'failed',
          reason: { code: 'too-many-rounds', text: 'The device kept asking for one more message.' },
        }
      return {
        kind: 'keep',
        ...same,
        agains: row.agains + 1,
        attempts: row.attempts - 1,
        state: 'pending',
        kept: said.kept,
      }
  }
}

/** A device's word for a time, within reason; undefined when it is none. */
function seconds(said: number | undefined): number | undefined {
  return said === undefined || !Number.isFinite(said) ? undefined : Math.min(Math.max(said, 0), bounds.longestS)
}
