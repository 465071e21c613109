/** How the settings of several policies meet: the first policy wins a feature whole, or named lists are united; every value knows where it is from. */
import {
  canonical,
  type FeatureDescriptor,
  type Json,
  type JsonObject,
  secretsIn,
  variablesOf,
  withoutSecrets,
} from '@muster/contract'
import { hashOf } from './hash.ts'
import type { Action, Origin, Origins, SetFeature } from './model.ts'

/** One policy's say, in order of priority: the first wins. */
export interface Contribution extends Origin {
  readonly features: readonly {
    readonly feature: string
    readonly settings: JsonObject
    readonly action: Action
    readonly graceS: number
  }[]
}
type Say = Origin & Contribution['features'][number]

/** The effective settings of a device that these policies reach, sorted by feature. */
export function effectiveSettings(
  policies: readonly Contribution[],
  descriptors: ReadonlyMap<string, FeatureDescriptor>,
): SetFeature[] {
  const says = new Map<string, Say[]>()
  for (const p of policies) {
    for (const f of p.features)
      says.set(f.feature, [...(says.get(f.feature) ?? []), { ...f, policy: p.policy, version: p.version }])
  }
  return [...says]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([feature, all]) => mergeFeature(feature, all, descriptors.get(feature)))
}

function mergeFeature(feature: string, says: readonly Say[], descriptor: FeatureDescriptor | undefined): SetFeature {
  const first = says[0]
  if (!first) throw new Error(`nobody says anything about ${feature}`)
  const { policy, version, action, graceS } = first
  const { settings, origins } = (says.length > 1 && descriptor && united(says, first, descriptor)) || {
    settings: first.settings,
    origins: { '': { policy, version } },
  }
  return {
    feature,
    settings,
    hash: hashOf(settings),
    policy,
    version,
    action,
    graceS,
    origins,
    variables: variablesOf(settings),
  }
}

/** Undefined when the descriptor unites nothing, or when the united lists break its schema (too long, say): then the first policy stands alone. */
function united(
  says: readonly Say[],
  first: Say,
  descriptor: FeatureDescriptor,
): { settings: JsonObject; origins: Origins } | undefined {
  if (descriptor.merge.rule !== 'union') return undefined
  const settings: JsonObject = { ...first.settings }
  const origins: Record<string, Origin> = { '': { policy: first.policy, version: first.version } }
  for (const list of descriptor.merge.lists) {
    const items = unite(list, says)
    if (!items) continue
    settings[list] = items.map((i) => i.value)
    for (const [index, item] of items.entries()) origins[`/${pointerPart(list)}/${index}`] = item.origin
  }
  // Read without its secrets an item can look wrong that is not: it was found right in its own policy.
  const secret = new Set(secretsIn(settings, descriptor.secret).map((s) => s.path.split('/').slice(0, 2).join('/')))
  const broken = descriptor.settings
    .safeParse(withoutSecrets(settings, descriptor.secret))
    .error?.issues.some(({ path: [list, item] }) => {
      const united = descriptor.merge.rule === 'union' && descriptor.merge.lists.includes(String(list))
      return united && !secret.has(`${String(list)}/${String(item)}`)
    })
  return broken ? undefined : { settings, origins }
}

/** Items of all lists of this name once each, those of the first policy first; undefined when no policy has the list. */
function unite(list: string, says: readonly Say[]): { value: Json; origin: Origin }[] | undefined {
  const items = new Map<string, { value: Json; origin: Origin }>()
  let found = false
  for (const say of says) {
    const mine = Object.hasOwn(say.settings, list) ? say.settings[list] : undefined
    if (!Array.isArray(mine)) continue
    found = true
    for (const value of mine) {
      const key = canonical(value)
      if (!items.has(key)) items.set(key, { value, origin: { policy: say.policy, version: say.version } })
    }
  }
  return found ? [...items.values()] : undefined
}

/** Where a value comes from: the origin of the longest pointer that leads to it (RFC 6901). */
export function originOf(origins: Origins, pointer: string): Origin | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const origin = Object.hasOwn(origins, at) ? origins[at] : undefined
    if (origin || at === '') return origin
  }
}

export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** What makes two sets the same row: everything, also who says so. */
export function setHash(platform: string, features: readonly SetFeature[]): Buffer {
  return Buffer.from(
    hashOf([
      platform,
      ...features.map((f) => [
        f.feature,
        f.hash,
        f.policy,
        f.version,
        f.action,
        f.graceS,
        f.origins as unknown as Json,
      ]),
    ]),
    'base64url',
  )
}

/** What makes two sets the same to a device: settings alone. Moving between such sets delivers nothing. */
export function contentHash(features: readonly SetFeature[]): string {
  return hashOf(features.map((f) => [f.feature, f.hash]))
}
