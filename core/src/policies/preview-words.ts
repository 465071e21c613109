/** The words of previews: what is asked of a policy before it acts, and what is answered. */
import type { JsonObject, Reason } from '@muster/contract'
import type { Reach } from '../access/index.ts'
import type { Page } from '../db/index.ts'
import type { Draft, NewPolicy } from './model.ts'

/** `publish`: the draft as the next version; of an inactive policy, as it would be once active. */
export const previewActs = ['publish', 'activate', 'deactivate'] as const
/** Of a policy that is (`policy`, its number), with another draft than the stored one if given; or of one that is not yet (`created`). */
export interface PreviewRequest {
  policy?: number
  created?: NewPolicy
  draft?: Draft
  act?: (typeof previewActs)[number]
  reach: Reach
}
/** Devices, and the word that lists them (`previewDevices`). */
export interface Counted {
  devices: number
  pick: string
}
export interface FeaturePreview {
  feature: string
  title: string
  /** Would be given new settings, those of this policy or of the one behind it. */
  delivers: Counted
  /** Have these settings as desired already. */
  unchanged: Counted
  /** Keep the settings of a policy that comes first. */
  overridden: Counted
  /** Would have it taken away. */
  removes: Counted
  cannot: (Counted & { reason: Reason })[]
}
export interface ConflictPreview extends Counted {
  feature: string
  title: string
  with: { id: string; name: string; priority: number }
  /** `priority`: the policy that comes first wins the feature whole; `union`: lists of both are united, the rest is the first's; `same`: two features write the same, and what is delivered last holds. */
  rule: 'priority' | 'union' | 'same'
  /** Whether this policy comes first. */
  wins: boolean
  ours: JsonObject
  theirs: JsonObject
  /** Of `same` alone: the other feature, whether it is of this policy itself, and what both write, by the platform's names (50 at most). */
  other?: { feature: string; title: string }
  own?: boolean
  keys?: string[]
}
export interface PolicyPreview {
  policy: string | null
  name: string
  platform: string
  priority: number
  /** The version it would have. */
  version: number
  /** Whether it would count: an inactive policy does not before it is activated, and the numbers are those of then. */
  active: boolean
  /** Devices of the platform that were looked at. */
  devices: number
  reached: Counted
  gains: Counted
  loses: Counted
  changes: Counted
  same: Counted
  features: FeaturePreview[]
  conflicts: ConflictPreview[]
}
export interface WhatIf {
  /** Whether the policy reaches the device now, and then. */
  before: boolean
  after: boolean
  features: {
    feature: string
    title: string
    outcome: 'delivers' | 'unchanged' | 'overridden' | 'removes' | 'cannot'
    reason: Reason | null
    before: { settings: JsonObject; policy: { id: string; name: string } } | null
    after: { settings: JsonObject; policy: { id: string; name: string } } | null
  }[]
}

export interface Previews {
  /** Problems: not-found, wrong-state (no draft, never published), those of saving a draft. */
  preview(r: PreviewRequest): Promise<PolicyPreview>
  /** The devices behind one count, in the order of their enrolment. An unknown `pick` lists nobody. */
  previewDevices(
    r: PreviewRequest & { pick: string; cursor?: string; limit: number },
  ): Promise<Page<{ id: string; name: string }>>
  /** Value by value for one device (its number): what it should have now, and then. Empty for a device of another platform, or not active. */
  whatIf(r: PreviewRequest, device: number): Promise<WhatIf>
}
