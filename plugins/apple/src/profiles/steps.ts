/** A feature by commands: which of its profiles are installed and which are removed, one after the other. Pure. */
import type { Json, JsonObject } from '@muster/contract'
import { type ProfileNames, profileIdentifier } from './profile.ts'
import { installedOf } from './proof.ts'
import type { FeatureWire } from './wire.ts'

/** `install`: a part of the feature; `remove`: an identifier; `listed`: the device said that it has it. */
export type Step = { readonly install: string } | { readonly remove: string; readonly listed?: true }
/** The core asks so often for one more message at most. What is left then is found missing by the list of profiles, and put like that. */
const longest = 14

/** What differs from what the device said it has; all of it, when nothing does and it is wanted all the same. */
export function stepsOf(
  wire: FeatureWire,
  verb: 'put' | 'drop',
  names: Pick<ProfileNames, 'prefix'>,
  facts: Readonly<JsonObject>,
): Step[] {
  const mine = (i: { identifier: string; part: string }) =>
    i.identifier === profileIdentifier(names.prefix, wire.feature, i.part)
  const installed = installedOf(wire.feature, facts['apple.profiles']).filter(mine)
  const wanted = wire.profiles.map((p) => ({ ...p, identifier: profileIdentifier(names.prefix, wire.feature, p.part) }))
  if (verb === 'drop') {
    // Where the list is older than the last change, what the settings say was put.
    const known = new Set(installed.map((i) => i.identifier))
    const all = new Set([...known, ...wanted.map((p) => p.identifier)])
    return [...all].slice(0, longest).map((remove) => (known.has(remove) ? { remove, listed: true } : { remove }))
  }
  const missing = wanted.filter((p) => !installed.some((i) => i.identifier === p.identifier && i.uuid === p.uuid))
  const extra = installed.filter((i) => wanted.every((p) => p.identifier !== i.identifier))
  const all = missing.length + extra.length === 0 ? wanted : missing
  return [
    ...all.map((p) => ({ install: p.part })),
    ...extra.map((p) => ({ remove: p.identifier, listed: true as const })),
  ].slice(0, longest)
}

/** What an earlier message of the same delivery left to do. */
export function readSteps(kept: Json | undefined): Step[] | undefined {
  const steps = typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? kept.steps : undefined
  return Array.isArray(steps) ? (steps as unknown as Step[]) : undefined
}
