/** The words of this room: what a policy is, what a device wants, and what other rooms say to it and hear from it. */
import type { ChannelDetail, Delivery, Json, JsonObject, Outcome, Reason, Verdict } from '@muster/contract'
import type { Audit } from '../audit/index.ts'
import type { Db, Log, Tx } from '../db/index.ts'
import type { Events, Follower } from '../events/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'

export const actions = ['enforce', 'warn', 'monitor'] as const
export type Action = (typeof actions)[number]
export const settingStates = [
  'pending',
  'sent',
  'acknowledged',
  'verified',
  'drifted',
  'failed',
  'not-applicable',
] as const
export type SettingState = (typeof settingStates)[number]

/** All that are set must match. Roles and users are those of the device's owner. Numbers are strings, as everywhere in the API. */
export interface Assignment {
  readonly roles?: readonly string[]
  readonly users?: readonly string[]
  readonly groups?: readonly string[]
  readonly ownership?: readonly string[]
  /** Ids of the platform's device types; each stands for its form factors. */
  readonly deviceTypes?: readonly string[]
  readonly formFactors?: readonly string[]
}
export interface PolicyFeature {
  readonly feature: string
  readonly settings: JsonObject
  /** What happens on a violation; `enforce` when absent. */
  readonly action?: Action
  /** Seconds a violation may last before it is escalated; 0 or absent: at once when enforcing has given up, never by time. */
  readonly graceS?: number
}
export interface Draft {
  readonly name: string
  readonly description?: string
  readonly assignment?: Assignment
  readonly features: readonly PolicyFeature[]
}
export interface NewPolicy extends Draft {
  readonly platform: string
  /** Place in the order of its platform, 1 wins over all; last when absent. */
  readonly priority?: number
}
export interface PolicyView {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly platform: string
  readonly priority: number
  readonly state: 'active' | 'inactive'
  /** The version devices get; 0 before the first publish. */
  readonly version: number
  /** For If-Match. */
  readonly revision: number
  /** The draft differs from the published version. */
  readonly unpublished: boolean
  readonly assignment: Assignment
  /** Of the draft; secrets are masked. */
  readonly features: readonly Required<PolicyFeature>[]
  readonly createdAt: string
  readonly createdBy: string
}
export interface PolicyVersionView {
  readonly version: number
  readonly assignment: Assignment
  readonly features: readonly Required<PolicyFeature>[]
  readonly author: string
  readonly at: string
}

export interface Origin {
  readonly policy: number
  readonly version: number
}
/** JSON Pointer within the settings -> where it comes from; '' stands for all that no longer pointer names. */
export type Origins = Readonly<Record<string, Origin>>

/** One feature of a settings set. `settings` as stored: secrets sealed, variables unfilled. */
export interface SetFeature extends Origin {
  readonly feature: string
  readonly settings: JsonObject
  readonly hash: string
  readonly action: Action
  readonly graceS: number
  readonly origins: Origins
  readonly variables: readonly string[]
}

export interface EffectiveFeature {
  readonly feature: string
  readonly title: string
  readonly settings: JsonObject
  readonly policy: { readonly id: string; readonly name: string; readonly version: number }
  readonly origins: Readonly<Record<string, { readonly policy: string; readonly version: number }>>
  readonly action: Action
  readonly state: SettingState | 'removing'
  readonly reason: Reason | null
  readonly evidence: Json
  readonly since: string | null
  readonly verifiedAt: string | null
}
export interface EffectivePolicy {
  /** The set this device is meant to have, as a string; null when no policy reaches it. `applied`: the one it has. */
  readonly set: string | null
  readonly desired: string | null
  readonly applied: string | null
  readonly features: readonly EffectiveFeature[]
}

/** What a device said of one setting or document: by our id, or by the other side's name for it. With both, the name is kept for later. */
export interface SettingSaid {
  readonly channel: ChannelDetail
  readonly id?: string
  readonly ref?: string
  readonly outcome: Outcome | { readonly reply: Json }
}
/** `facts`: what was reported now, absent when nothing was. `partial`: a fact that is missing says nothing. */
export interface Reported {
  readonly channel: ChannelDetail
  readonly verdicts?: Readonly<Record<string, Verdict>>
  readonly facts?: Readonly<JsonObject>
  readonly partial?: boolean
}
/** `deferred: 'again'`: offer what the device put off before its time (a new connection). */
export interface Want {
  readonly channel: ChannelDetail
  readonly take: number
  readonly deferred?: 'again' | 'skip'
}
export type SettingDelivery = Extract<Delivery, { kind: 'setting' | 'document' }>

/** One feature of one device as compliance hears of it. `none`: nothing can be demanded here, so no row is kept. */
export interface ComplianceVerdict {
  readonly channel: number
  /** Row number and API id of the device. */
  readonly device: number
  readonly deviceId: string
  readonly feature: string
  readonly state: 'compliant' | 'violated' | 'unknown' | 'none'
  readonly action: Action
  readonly graceS: number
  readonly reason?: Reason
  readonly evidence?: Json
  /** Only where nothing is known yet: better evidence stands. */
  readonly weak?: true
  /** Enforcing has given up: escalate now. */
  readonly exhausted?: true
}
/** Given by the compliance room, which stands above this one. */
export interface CompliancePort {
  onVerdict(tx: Tx, rows: readonly ComplianceVerdict[]): Promise<void>
  /** The desired sets of these channels changed: rows of features no longer wanted go, changed actions are taken over. */
  onDesired(tx: Tx, channels: readonly number[]): Promise<void>
  /** These channels are closed for good. */
  onClosed(tx: Tx, channels: readonly number[]): Promise<void>
}

export interface PoliciesDeps {
  readonly db: Db
  readonly events: Events
  readonly audit: Audit
  readonly log: Log
  readonly registry: Registry
  readonly secrets: Secrets
  readonly compliance: CompliancePort
  /** What devices entrusted to us, by channel and name; a name that was never escrowed is absent. */
  readonly escrow: (
    tx: Tx,
    needs: readonly { channel: number; names: readonly string[] }[],
  ) => Promise<Map<number, Record<string, string>>>
  /** Approvals: a policy by which so many devices may erase themselves is about to count; `authors`: the actors who wrote it. Problem `second-publisher-needed`. */
  readonly demandSelfWipes?: (
    tx: Tx,
    s: { actor: string; policy: number; name: string; devices: number; authors: readonly string[] },
  ) => Promise<void>
}

export type Scope = { readonly platform: string } | { readonly devices: readonly number[] }

export interface Policies {
  list(o: { platform?: string; cursor?: string; limit: number }): Promise<{ items: PolicyView[]; next?: string }>
  get(no: number): Promise<PolicyView>
  create(policy: NewPolicy, actor: string): Promise<PolicyView>
  /** Problem revision-mismatch when another saved meanwhile: nothing is overwritten. */
  saveDraft(no: number, revision: number, draft: Draft, actor: string): Promise<PolicyView>
  /** Makes the draft the next version; the first publish also activates. `devices`: how many the policy now reaches. `revision`: of the draft that is meant; problem `revision-mismatch` when it is another by now. */
  publish(no: number, actor: string, revision?: number): Promise<{ id: string; version: number; devices: number }>
  activate(no: number, actor: string): Promise<{ id: string; version: number; devices: number }>
  deactivate(no: number, actor: string): Promise<PolicyView>
  /** All policies of the platform, first wins. Problem conflict when the list is not complete any more. */
  reorder(platform: string, order: readonly number[], actor: string): Promise<void>
  /** An older version becomes the next one, and the draft. */
  rollback(no: number, version: number, actor: string): Promise<{ id: string; version: number; devices: number }>
  /** Inactive policies only (Problem wrong-state). */
  remove(no: number, actor: string): Promise<void>
  versions(no: number): Promise<PolicyVersionView[]>

  effective(device: number): Promise<EffectivePolicy>
  /** The contents of a set, without secrets; immutable, so cached. */
  desired(set: number): Promise<readonly { feature: string; settings: JsonObject; hash: string }[]>

  /**
   * Finds what each device in scope should have and writes what differs; answers the channels written. Emits settings.changed and channels.waiting.
   * Call it after the change it follows, in the same transaction, and before any settle/verdicts/take in that transaction (lock order).
   */
  evaluateScope(tx: Tx, scope: Scope): Promise<number[]>
  /** Answers the channels that have something to fetch now because of what was said. */
  settle(tx: Tx, said: readonly SettingSaid[]): Promise<number[]>
  /** Answers the channels that have something to fetch now because of what was reported. */
  verdicts(tx: Tx, rows: readonly Reported[]): Promise<number[]>
  /** In the order of `wants`; of one channel, puts before drops. */
  take(tx: Tx, wants: readonly Want[]): Promise<SettingDelivery[]>
  /** Which of these `take` would look at. */
  waiting(tx: Tx, channels: readonly number[]): Promise<number[]>
  /** Channels with settings that differ from what they should have, of all or of these: the index's start and its sweep. */
  waitingChannels(tx?: Tx, channels?: readonly number[]): Promise<number[]>
  /** Per-device variables changed: what uses them is delivered anew. Answers and wakes the channels touched. */
  /** What devices that say what they have do not name is offered again: the time for its answer is over. Answers their channels. */
  missing(tx: Tx, said: readonly { channel: number; has: readonly string[] }[]): Promise<number[]>
  variablesChanged(tx: Tx, channels: readonly ChannelDetail[]): Promise<number[]>
  /** Each second, on one node: leases and due times. Answers the channels to wake. */
  tick(tx: Tx): Promise<number[]>
  /** The epoch of these channels is closed: nothing more is owed to them. */
  closed(tx: Tx, channels: readonly number[]): Promise<void>
  /** On a worker: evaluates devices, owners and groups as events tell of their changes. */
  follow(): Follower
}
