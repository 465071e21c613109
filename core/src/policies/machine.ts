/** The states of one setting on one channel, and what a report or a verdict makes of them. Pure; the table of transitions is here. */
import { canonical, type Json, type Outcome, type Reason, type Verdict } from '@muster/contract'
import type { SettingState } from './model.ts'

/** The pseudo feature that carries the one document of a platform that takes whole documents. */
export const documentFeature = '*'

/** One row of feature_state. `due`: no time is set, or it has come; `leaseOver`: sent, and the time for an answer has passed. Both by the database's clock. */
export interface Row {
  readonly feature: string
  readonly delivery: number
  readonly verb: 'put' | 'drop'
  readonly hash: string
  readonly set: number | null
  readonly state: SettingState
  readonly reason: Reason | null
  readonly evidence: Json
  readonly attempts: number
  readonly unreadable: number
  readonly lost: number
  readonly agains: number
  readonly tries: number
  readonly placed: boolean
  readonly ref: string | null
  readonly kept: Json
  readonly due: boolean
  readonly leaseOver: boolean
  /** The last verification is old enough to be written again. */
  readonly stale: boolean
}

/** What becomes of a row. Times in seconds from the database's now, null for none; absent: as it was. */
export interface Step {
  readonly row: Partial<Row>
  readonly leaseS?: number | null
  readonly dueS?: number | null
  /** verified_at = now. */
  readonly checked?: true
}

export const limits = { lost: 5, agains: 16, unreadable: 3, tries: 5, leaseS: 300, deferS: 60, returnedS: 5 } as const
/** Seconds before each delivery that corrects drift; the first goes at once. */
export const backOffS = [0, 60, 300, 900, 3600] as const

/** Within one delivery number. A new number is a new life, born `pending` (and mostly `sent` in the same breath). */
export const transitions: Readonly<Record<SettingState, readonly SettingState[]>> = {
  pending: ['sent', 'acknowledged', 'failed', 'not-applicable'],
  sent: ['pending', 'acknowledged', 'failed', 'not-applicable'],
  acknowledged: ['verified', 'failed', 'not-applicable'],
  verified: ['drifted', 'not-applicable'],
  drifted: ['verified', 'not-applicable'],
  failed: ['verified', 'not-applicable'],
  'not-applicable': ['verified', 'failed'],
}
export const bornStates: readonly SettingState[] = ['pending', 'sent', 'acknowledged', 'failed', 'not-applicable']

/** What a device says of a delivery. `unmatched`: changes nothing and is recorded; `same`: a repeat, changes nothing. */
export function reported(row: Row, outcome: Outcome): Step | 'same' | { unmatched: 'unsent' | 'settled' } {
  if (row.state === 'pending' && row.attempts === 0) return { unmatched: 'unsent' }
  if (row.state === 'sent' || row.state === 'pending') return answered(row, outcome)
  if (row.state === 'acknowledged' && outcome.state === 'failed') return failed(outcome.reason)
  const repeat =
    row.state === 'failed' || row.state === 'not-applicable'
      ? outcome.state === 'failed'
      : outcome.state === 'completed' || outcome.state === 'acknowledged'
  return repeat ? 'same' : { unmatched: 'settled' }
}

function answered(row: Row, o: Outcome): Step {
  switch (o.state) {
    case 'completed':
    case 'acknowledged':
      return {
        row: { state: 'acknowledged', reason: null, evidence: null, kept: null, lost: 0, agains: 0, unreadable: 0 },
        leaseS: null,
        dueS: null,
      }
    case 'failed':
      return failed(o.reason)
    case 'deferred':
      return {
        row: { state: 'pending', reason: o.reason, lost: 0 },
        leaseS: null,
        dueS: Math.max(1, o.retryAfterS ?? limits.deferS),
      }
    case 'again':
      if (row.agains >= limits.agains)
        return failed({ code: 'again-limit', text: 'It asked for one more message too often.' })
      return {
        row: { state: 'pending', kept: o.kept, agains: row.agains + 1, attempts: Math.max(0, row.attempts - 1) },
        leaseS: null,
        dueS: null,
      }
    case 'returned':
      return {
        row: { state: 'pending', reason: o.reason, attempts: Math.max(0, row.attempts - 1) },
        leaseS: null,
        dueS: limits.returnedS,
      }
    case 'unreadable':
      if (row.unreadable + 1 >= limits.unreadable)
        return failed({
          code: 'unreadable',
          text: `Its reply could not be read ${limits.unreadable} times: ${o.reason.text}`,
        })
      return {
        row: { state: 'pending', reason: o.reason, unreadable: row.unreadable + 1 },
        leaseS: null,
        dueS: limits.deferS,
      }
  }
}

function failed(reason: Reason): Step {
  const state = reason.code === 'not-applicable' ? 'not-applicable' : 'failed'
  return { row: { state, reason, kept: null, agains: 0 }, leaseS: null, dueS: null }
}

/** No answer came within the lease: offered again, or given up after five. */
export function leaseEnded(row: Row): Step {
  if (row.lost + 1 >= limits.lost)
    return failed({ code: 'no-answer', text: `The device took it ${limits.lost} times and never answered.` })
  return {
    row: {
      state: 'pending',
      lost: row.lost + 1,
      reason: { code: 'no-answer', text: 'The device took it and has not answered.' },
    },
    leaseS: null,
    dueS: null,
  }
}

/** What a check of the device's facts makes of a setting that is not on its way. Undefined: nothing. */
export function judged(row: Row, v: Verdict): Step | undefined {
  if (row.verb === 'drop' || row.state === 'pending' || row.state === 'sent') return undefined
  switch (v.state) {
    case 'verified':
      if (row.state === 'verified' && !row.stale) return undefined
      return {
        row: { state: 'verified', reason: null, evidence: null, ...(held(row) && { tries: 0 }) },
        dueS: null,
        checked: true,
      }
    case 'drifted':
    case 'failed': {
      const state = row.state === 'verified' || row.state === 'drifted' ? 'drifted' : 'failed'
      const said = { reason: toldReason(row, v), evidence: v.evidence ?? null }
      if (row.state === state && sameReason(row, said)) return undefined
      return { row: { state, ...said, ...(held(row) && { tries: 0 }) } }
    }
    case 'not-applicable':
      if (row.state === 'not-applicable' && sameReason(row, v)) return undefined
      return { row: { state: 'not-applicable', reason: v.reason, evidence: v.evidence ?? null }, dueS: null }
    case 'unknown':
      return undefined
  }
}

/**
 * It was right for a while, so that its tries begin anew. What is right only just after it was put is not: somebody else sets
 * it too, and the two would never end.
 */
function held(row: Row): boolean {
  return row.state === 'verified' && row.stale
}

/** That a refused setting is then not found on the device is no news: what the device said of it is, and stays until the setting comes to hold. */
function toldReason(row: Row, v: Verdict & { reason: Reason }): Reason {
  const refused = row.state === 'failed' && row.reason !== null && v.state === 'drifted'
  return refused && row.reason.code !== v.reason.code ? row.reason : v.reason
}

function sameReason(row: Row, v: { reason: Reason; evidence?: Json }): boolean {
  return (
    row.reason?.code === v.reason.code &&
    row.reason.text === v.reason.text &&
    canonical(row.evidence) === canonical(v.evidence ?? null)
  )
}
