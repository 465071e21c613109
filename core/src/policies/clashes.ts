/** Features that write the same thing on a device, whatever they are called: of one policy, or of two that meet. What is the same says the platform. Pure. */
import type { FeatureRow, JsonObject } from '@muster/contract'
import type { Side } from './compare.ts'
import type { PolicyFeature } from './model.ts'

export interface Clash {
  readonly ours: Required<PolicyFeature>
  readonly theirs: Required<PolicyFeature>
  /** Index among the sides of the policy that theirs is of: that of ours, too. */
  readonly side: number
  readonly keys: readonly string[]
  /** The word under which the devices are counted and listed. */
  readonly pick: string
}

/** Of the policy that is looked at, as it would be, with itself and every other. */
export function clashesOf(
  sides: readonly Side[],
  rows: (feature: string) => readonly FeatureRow[],
  failed: (feature: string, err: unknown) => void,
): Clash[] {
  const subject = sides.findIndex((s) => s.subject && s.after)
  const mine = sides[subject]
  if (!mine) return []
  const known = new Map<object, ReadonlySet<string>>()
  const keysOf = (f: Required<PolicyFeature>): ReadonlySet<string> => {
    const found = known.get(f) ?? keysBy(rows(f.feature), f.settings, (err) => failed(f.feature, err))
    known.set(f, found)
    return found
  }
  const found: Clash[] = []
  for (const [i, ours] of mine.features.entries()) {
    for (const [side, other] of sides.entries()) {
      if (!other.after) continue
      // Within the policy each pair once.
      const theirs = side === subject ? mine.features.slice(i + 1) : other.features
      for (const one of theirs) {
        if (one.feature === ours.feature) continue
        const keys = [...keysOf(ours)].filter((key) => keysOf(one).has(key)).sort()
        if (keys.length > 0)
          found.push({ ours, theirs: one, side, keys, pick: `same ${ours.feature} ${other.policy} ${one.feature}` })
      }
    }
  }
  return found
}

function keysBy(
  rows: readonly FeatureRow[],
  settings: JsonObject,
  failed: (err: unknown) => void,
): ReadonlySet<string> {
  try {
    return new Set(rows.flatMap((r) => r.keys?.(settings) ?? []))
  } catch (err) {
    failed(err)
    return new Set()
  }
}
