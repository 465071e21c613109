/**
 * Judges what the agent reports of a feature: `{ values, refused? }`, the values by Android's getters under the names of the settings,
 * `refused` what of them Android did not take and why. Pure and total: a device may be hostile.
 */
import {
  type AndroidMeans,
  type AndroidStand,
  androidRefusal,
  canonical,
  type Json,
  type JsonObject,
  type Reason,
  type Verdict,
} from '@muster/contract'

export interface Judged<S> {
  /** What is demanded of this device: without secrets and without what it cannot know. */
  readonly settings: S
  readonly values: Readonly<JsonObject>
  readonly evidence: Readonly<JsonObject>
}
/** `wrong`: what is not as demanded, by its name. `failed`: all is set, and it holds all the same not; setting it again would not mend it. */
export interface Found {
  readonly wrong?: JsonObject
  readonly failed?: Reason
}
export type Differing<S> = (j: Judged<S>) => Found

export function judge<S extends JsonObject>(
  o: {
    readonly settings: S
    readonly evidence: Readonly<JsonObject>
    readonly means: AndroidMeans
    readonly stand: AndroidStand
    readonly secret: readonly string[]
  },
  differing: Differing<S>,
): Verdict {
  const { evidence } = o
  const beyond = beyondOf(o.settings, o.means, o.stand)
  const without = new Set([...o.secret, ...Object.keys(beyond)])
  const settings = Object.fromEntries(
    Object.entries(o.settings).filter(([name, v]) => v !== undefined && !without.has(name)),
  ) as S
  const refused = textsOf(evidence.refused)
  const found = differing({ settings: deprived(settings, beyond) as S, values: objectOf(evidence.values), evidence })
  const wrong = Object.entries(found.wrong ?? {}).filter(([name]) => !Object.hasOwn(refused, name))
  if (wrong.length > 0) {
    const names = wrong.map(([name]) => name)
    return {
      state: 'drifted',
      reason: { code: 'settings-differ', text: `In force is something else: ${names.join(', ')}.`.slice(0, 500) },
      evidence: Object.fromEntries(wrong),
    }
  }
  if (found.failed) return { state: 'failed', reason: found.failed, evidence: objectOf(evidence.values) }
  if (Object.keys(refused).length > 0) return failure('device-refused', 'The device did not take', refused)
  const missed = Object.entries(beyond).filter(([place]) => isDemanded(at(o.settings, place)))
  if (missed.length > 0) return failure('cannot-demand', 'This device cannot be told', Object.fromEntries(missed))
  return { state: 'verified' }
}

function failure(code: string, text: string, why: Readonly<Record<string, string>>): Verdict {
  const parts = Object.entries(why).map(([name, reason]) => `${name} (${reason})`)
  return { state: 'failed', reason: { code, text: `${text}: ${parts.join('; ')}`.slice(0, 500) }, evidence: { ...why } }
}

/** Members, also `group.member`, that this device's Android or its management does not know, each with the reason. */
function beyondOf(settings: Readonly<JsonObject>, means: AndroidMeans, stand: AndroidStand): Record<string, string> {
  return Object.fromEntries(
    Object.entries(means.members ?? {}).flatMap(([place, on]) => {
      const why = (at(settings, place) ?? null) === null ? undefined : androidRefusal({ on }, stand)
      return why ? [[place, why.text]] : []
    }),
  )
}
/** What is off, or empty, is not missed where there is no such thing. */
function isDemanded(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
}
function at(settings: Readonly<JsonObject>, place: string): Json | undefined {
  const [first = '', second] = place.split('.')
  const value = Object.hasOwn(settings, first) ? settings[first] : undefined
  if (second === undefined) return value
  const group = objectOf(value)
  return Object.hasOwn(group, second) ? group[second] : undefined
}
/** Without the members of groups that are beyond the device. */
function deprived(settings: Readonly<JsonObject>, beyond: Readonly<Record<string, string>>): JsonObject {
  const nested = Object.keys(beyond).filter((place) => place.includes('.'))
  if (nested.length === 0) return settings
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const gone = nested.filter((p) => p.startsWith(`${name}.`)).map((p) => p.slice(name.length + 1))
      if (gone.length === 0) return [name, value]
      return [name, Object.fromEntries(Object.entries(objectOf(value)).filter(([k]) => !gone.includes(k)))]
    }),
  )
}

/** Each member under its own name, lists whatever their order. */
export const settingsHold: Differing<JsonObject> = ({ settings, values }) => wrongIf(differences(settings, values))

export function differences(demanded: Readonly<JsonObject>, found: Readonly<JsonObject>): JsonObject {
  return Object.fromEntries(
    Object.entries(demanded)
      .filter(([name, value]) => !same(value, Object.hasOwn(found, name) ? found[name] : undefined))
      .map(([name, value]) => [
        name,
        { demanded: value, found: (Object.hasOwn(found, name) ? found[name] : null) ?? null },
      ]),
  )
}

export const wrongIf = (wrong: JsonObject): Found => (Object.keys(wrong).length > 0 ? { wrong } : {})

function same(demanded: Json, found: Json | undefined): boolean {
  if (Array.isArray(demanded)) return sorted(demanded) === sorted(Array.isArray(found) ? found : [])
  return canonical(demanded) === canonical(found ?? null)
}
const sorted = (list: readonly Json[]) => JSON.stringify(list.map((v) => canonical(v)).sort())

export function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
export function textsIn(value: Json | undefined): string[] {
  return listOf(value).filter((v) => typeof v === 'string')
}
export const numberOf = (value: Json | undefined): number => (typeof value === 'number' ? value : 0)

function textsOf(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectOf(value))
      .filter(([, v]) => typeof v === 'string')
      .slice(0, 50)
      .map(([k, v]) => [k.slice(0, 100), String(v).slice(0, 200)]),
  )
}
