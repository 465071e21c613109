/** What one standing has before and after: each feature's fate, and the words under which its devices are counted and listed. Pure. */
import { canonical, type FeatureDescriptor, type Json, type Reason } from '@muster/contract'
import { effectiveSettings } from './merge.ts'
import type { Assignment, PolicyFeature, SetFeature } from './model.ts'
import type { Standing, Standings } from './standings.ts'

/** One policy as it speaks before, after, or both; `subject`: the one that is looked at. */
export interface Side {
  readonly policy: number
  readonly version: number
  readonly name: string
  readonly priority: number
  readonly assignment: Assignment
  readonly features: readonly Required<PolicyFeature>[]
  readonly before: boolean
  readonly after: boolean
  readonly subject: boolean
}
type Outcome = 'delivers' | 'unchanged' | 'overridden' | 'removes' | 'cannot'
export interface Comparison {
  /** Whether the policy reaches these devices, before and after. */
  readonly before: boolean
  readonly after: boolean
  readonly features: readonly {
    readonly feature: string
    readonly outcome: Outcome
    readonly reason?: Reason
    readonly before?: SetFeature
    readonly after?: SetFeature
  }[]
  /** Words under which they are counted; the reason of a `cannot`. */
  readonly picks: ReadonlyMap<string, Reason | undefined>
}
type Descriptors = ReadonlyMap<string, FeatureDescriptor>

function effective(sides: readonly Side[], descriptors: Descriptors): Map<string, SetFeature> {
  return new Map(effectiveSettings(sides, descriptors).map((f) => [f.feature, f]))
}

/** Equal lists of policies give equal settings, so they are worked out once for each list. */
export function comparing(
  sides: readonly Side[],
  descriptors: Descriptors,
  standings: Pick<Standings, 'refusal'>,
  clashes: readonly { readonly side: number; readonly pick: string }[],
) {
  const known = new Map<string, { before: Map<string, SetFeature>; after: Map<string, SetFeature> }>()
  return (s: Standing): Comparison => {
    const here = s.list.flatMap((i) => sides[i] ?? [])
    const key = s.list.join()
    const settings = known.get(key) ?? {
      before: effective(
        here.filter((p) => p.before),
        descriptors,
      ),
      after: effective(
        here.filter((p) => p.after),
        descriptors,
      ),
    }
    known.set(key, settings)
    const was = here.find((p) => p.subject && p.before)
    const is = here.find((p) => p.subject && p.after)
    const own = new Set([...(was?.features ?? []), ...(is?.features ?? [])].map((f) => f.feature))
    const features = [...own].sort().map((feature) => {
      const before = settings.before.get(feature)
      const after = settings.after.get(feature)
      return { feature, before, after, ...fate(s, before, after, is, standings) }
    })
    const differs = features.some((f) => !same(f.before, f.after))
    const picks = picksOf(features, was, is, differs, here)
    for (const c of is ? clashes : []) if (s.list.includes(c.side)) picks.set(c.pick, undefined)
    return {
      before: was !== undefined,
      after: is !== undefined,
      features,
      picks,
    }
  }
}

function same(a: SetFeature | undefined, b: SetFeature | undefined): boolean {
  return a === undefined || b === undefined
    ? a === b
    : a.hash === b.hash && a.action === b.action && a.graceS === b.graceS
}

function fate(
  s: Standing,
  before: SetFeature | undefined,
  after: SetFeature | undefined,
  is: Side | undefined,
  standings: Pick<Standings, 'refusal'>,
): { outcome: Outcome; reason?: Reason } {
  if (!after) return { outcome: 'removes' }
  const mine = is !== undefined && speaks(after, is)
  if (is?.features.some((f) => f.feature === after.feature) && !mine) return { outcome: 'overridden' }
  const reason = standings.refusal(s, after)
  if (reason) return { outcome: 'cannot', reason }
  return { outcome: same(before, after) ? 'unchanged' : 'delivers' }
}

/** Whether a value in these settings is this policy's. */
function speaks(f: SetFeature, p: Side): boolean {
  return [f, ...Object.values(f.origins)].some((o) => o.policy === p.policy)
}

function picksOf(
  features: Comparison['features'],
  was: Side | undefined,
  is: Side | undefined,
  differs: boolean,
  here: readonly Side[],
): Map<string, Reason | undefined> {
  const picks = new Map<string, Reason | undefined>()
  if (is) picks.set('reached', undefined)
  if (is && !was) picks.set('gains', undefined)
  if (was && !is) picks.set('loses', undefined)
  if (was && is) picks.set(differs ? 'changes' : 'same', undefined)
  for (const f of features)
    picks.set(
      f.reason ? `cannot ${f.feature} ${f.reason.code} ${f.reason.text}` : `${f.outcome} ${f.feature}`,
      f.reason,
    )
  for (const ours of is?.features ?? []) {
    for (const other of here) {
      if (other.subject || !other.after) continue
      const theirs = other.features.find((f) => f.feature === ours.feature)
      if (theirs && canonical(theirs.settings as Json) !== canonical(ours.settings as Json))
        picks.set(`conflict ${ours.feature} ${other.policy}`, undefined)
    }
  }
  return picks
}

/** The settings that each policy would give where it stands alone, of the features that the one looked at sets or has set. */
export function settingsAsked(sides: readonly Side[], descriptors: Descriptors): SetFeature[] {
  const own = new Set(sides.flatMap((s) => (s.subject ? s.features.map((f) => f.feature) : [])))
  return sides.flatMap((s) => effectiveSettings([s], descriptors).filter((f) => own.has(f.feature)))
}
