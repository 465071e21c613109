/** What a violation leads to: enforcing puts only what drifted in line again, with back-off and an end; compliance hears of every verdict. */
import type { Json, Reason } from '@muster/contract'
import { apply, type ChannelState } from './channel-state.ts'
import { backOffS, limits } from './machine.ts'
import type { Action, ComplianceVerdict, SetFeature } from './model.ts'

/** Puts a feature in line to be delivered again; false when its tries are used up. `least`: seconds to wait at least. */
export function redo(c: ChannelState, feature: string, least: number): boolean {
  const row = c.rows.get(feature)
  if (!row || c.redo.has(feature)) return true
  if (row.tries >= limits.tries) return false
  const wait = Math.max(least, backOffS[row.tries] ?? 0)
  c.redo.add(feature)
  // Jitter: a fleet that drifted together must not come back together.
  const dueS = wait === 0 ? null : wait * (0.9 + Math.random() * 0.2)
  apply(c, feature, { row: { due: dueS === null }, dueS })
  return true
}

/** Enforces what its policy says to enforce; true when it has to be escalated because enforcing has failed. */
export function enforce(c: ChannelState, feature: string, action: Action, least: number): boolean {
  if (action !== 'enforce') return false
  return !redo(c, feature, least)
}

export function verdictOf(
  c: ChannelState,
  of: SetFeature,
  v: {
    state: ComplianceVerdict['state']
    reason?: Reason | null
    evidence?: Json
    weak?: boolean
    exhausted?: boolean
  },
): ComplianceVerdict {
  return {
    channel: c.channel,
    device: c.device,
    deviceId: c.deviceId,
    feature: of.feature,
    state: v.state,
    action: of.action,
    graceS: of.graceS,
    ...(v.reason ? { reason: v.reason } : {}),
    ...(v.evidence === undefined || v.evidence === null ? {} : { evidence: v.evidence }),
    ...(v.weak ? { weak: true as const } : {}),
    ...(v.exhausted ? { exhausted: true as const } : {}),
  }
}
