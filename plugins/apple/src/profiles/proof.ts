/** What proves a feature: the device lists its profiles in their version, or reports its declarations as valid and active. */
import type { Json, JsonObject, Verdict } from '@muster/contract'

/** Installed profiles as the facts tell of them. */
export const profilesFact = 'apple.profiles'
/** Declarations that were given to the device, and what it last said of each: `DeclaredState`s. */
export const declaredFact = 'apple.declarations'

/** One profile of a feature. */
export interface Part {
  /** Empty where the feature is one profile. */
  part: string
  uuid: string
  title: string
  /** Where its settings are: `networks/0`. */
  at: string
}
/** `uuid`: of the settings that the device has it in; the last that it was given, where it has said so. */
export interface DeclaredState {
  feature: string
  part: string
  uuid: string
  /** In Apple's own words, so that no profile stands for it. */
  native: boolean
  /** In force only where its predicate holds. */
  conditional: boolean
  active: boolean
  valid: 'valid' | 'invalid' | 'unknown'
  reasons: string
}

export function checkParts(
  feature: string,
  parts: readonly Part[],
  reported: Readonly<JsonObject>,
  known: Readonly<JsonObject>,
): Verdict {
  const said = declaredOf(feature, reported[declaredFact])
  if (said.length > 0) return declaredVerdict(parts, said)
  if (declaredOf(feature, known[declaredFact]).some((d) => d.native)) return silent
  return checkInstalled(feature, parts, reported[profilesFact])
}

const silent: Verdict = {
  state: 'unknown',
  reason: { code: 'no-report', text: 'The device has not told yet which profiles it has.' },
}

export function declaredOf(feature: string, listed: Json | undefined): DeclaredState[] {
  if (!Array.isArray(listed)) return []
  return listed.flatMap((d) =>
    typeof d === 'object' && d !== null && !Array.isArray(d) && d.feature === feature
      ? [d as unknown as DeclaredState]
      : [],
  )
}

/** All of them hold, one does not, or there is something still to be said. */
export function declaredVerdict(
  parts: readonly Pick<Part, 'part' | 'uuid'>[],
  said: readonly DeclaredState[],
): Verdict {
  const mine = said.filter((d) => parts.some((p) => p.part === d.part && p.uuid === d.uuid))
  const invalid = mine.find((d) => d.valid === 'invalid')
  if (invalid) {
    const text = mine.flatMap((d) => (d.valid === 'invalid' && d.reasons ? [d.reasons] : [])).join('; ')
    return {
      state: 'failed',
      reason: { code: 'declaration-invalid', text: text.slice(0, 1_000) || 'The device calls it invalid.' },
    }
  }
  const all = mine.length > 0 && parts.every((p) => mine.some((d) => d.part === p.part))
  if (!all || mine.some((d) => d.valid !== 'valid'))
    return { state: 'unknown', reason: { code: 'no-report', text: 'The device has not told yet what became of it.' } }
  const idle = mine.filter((d) => !d.active)
  if (idle.length === 0) return { state: 'verified' }
  const reason = { code: 'declaration-inactive', text: idle[0]?.reasons || 'It is valid, and not active.' }
  if (idle.length < mine.length && idle.every((d) => d.conditional)) return { state: 'verified' }
  return { state: idle.every((d) => d.conditional) ? 'not-applicable' : 'unknown', reason }
}

/** The UUID says which version of the settings is installed; the identifier ends with the feature's id, and the item's part of it. */
function checkInstalled(feature: string, parts: readonly Part[], listed: Json | undefined): Verdict {
  if (!Array.isArray(listed)) return silent
  const installed = installedOf(feature, listed)
  const missing: string[] = []
  const other: string[] = []
  for (const p of parts) {
    const found = installed.filter((i) => i.part === p.part)
    if (found.some((i) => i.uuid === p.uuid)) continue
    if (found.length === 0) missing.push(p.title)
    else other.push(found[0]?.uuid ?? '')
  }
  if (missing.length > 0)
    return {
      state: 'drifted',
      reason: { code: 'profile-missing', text: 'The profile is not on the device.' },
      ...(parts.length > 1 && { evidence: { missing: missing.slice(0, 20) } }),
    }
  if (other.length > 0)
    return {
      state: 'drifted',
      reason: { code: 'profile-other', text: 'Another version of the profile is on the device.' },
      evidence: { uuid: other[0] ?? '' },
    }
  const extra = installed.filter((i) => parts.every((p) => p.part !== i.part))
  if (extra.length === 0) return { state: 'verified' }
  return {
    state: 'drifted',
    reason: { code: 'profile-extra', text: 'A profile is on the device that no policy has any more.' },
    evidence: { profiles: extra.map((i) => i.identifier).slice(0, 20) },
  }
}

export interface Installed {
  identifier: string
  part: string
  uuid: string
}
/** The profiles of a feature, whatever the prefix of their identifiers: `org.muster.apple.wifi.0123456789ab`. */
export function installedOf(feature: string, listed: Json | undefined): Installed[] {
  if (!Array.isArray(listed)) return []
  return listed.flatMap((p) => {
    const { identifier, uuid } = typeof p === 'object' && p !== null && !Array.isArray(p) ? p : {}
    if (typeof identifier !== 'string' || typeof uuid !== 'string') return []
    const part = /\.([0-9a-f]{12})$/.exec(identifier)?.[1]
    const one = { identifier, uuid: uuid.toUpperCase() }
    if (identifier.endsWith(`.${feature}`)) return [{ ...one, part: '' }]
    return part && identifier.endsWith(`.${feature}.${part}`) ? [{ ...one, part }] : []
  })
}
