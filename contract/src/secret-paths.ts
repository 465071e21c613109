/** Where secrets stand within settings: `passphrase`, or, in each item of a list, `networks` then `*` then `passphrase`, with slashes between. Pure. */
import type { Json, JsonObject } from './json.ts'

/** One secret within settings. */
export interface SecretAt {
  /** As the descriptor names it, with `*` for each item: equal for all items of a list. */
  readonly pattern: string
  /** With the item's number: `networks/0/passphrase`. What a row is given it under. */
  readonly path: string
  readonly value: Json
}

/** All that are there, in the order of the settings. */
export function secretsIn(settings: Readonly<JsonObject>, patterns: readonly string[] | undefined): SecretAt[] {
  const found: SecretAt[] = []
  mapSecrets(settings, patterns, (at) => {
    found.push(at)
    return at.value
  })
  return found
}

/** A copy with another value in the place of each secret; undefined: without it. What is no secret is the same value, not a copy. */
export function mapSecrets(
  settings: Readonly<JsonObject>,
  patterns: readonly string[] | undefined,
  change: (at: SecretAt) => Json | undefined,
): JsonObject {
  let all: Json = settings
  for (const pattern of patterns ?? [])
    all = within(all, pattern.split('/'), [], (value, path) => change({ pattern, path: path.join('/'), value })) ?? all
  return all as JsonObject
}

/** Every place where a secret may stand: one for each item of a list. */
export function secretPlaces(settings: Readonly<JsonObject>, patterns: readonly string[] | undefined): string[] {
  return (patterns ?? []).flatMap((pattern) => placesFor(settings, pattern.split('/'), []))
}

function placesFor(value: Json | undefined, [first, ...rest]: readonly string[], path: readonly string[]): string[] {
  if (first === undefined) return [path.join('/')]
  if (first === '*')
    return Array.isArray(value) ? value.flatMap((item, i) => placesFor(item, rest, [...path, String(i)])) : []
  const below = value !== undefined && isObject(value) && Object.hasOwn(value, first) ? value[first] : undefined
  return placesFor(below, rest, [...path, first])
}

/** The version that rows are given: of the whole, and behind it one of each secret that stands in a list. */
export const joinVersions = (whole: string, secrets: readonly { path: string; version: string }[]): string =>
  [whole, ...secrets.map((s) => `${s.path}=${s.version}`)].join(' ')

/** Of such a version the part that is of one item (`networks/0`): changes with its secrets alone. Empty: it has none. */
export function itemVersion(version: string, item: string): string {
  const mine = version.split(' ').filter((part) => part.startsWith(`${item}/`))
  return mine.map((part) => part.slice(item.length + 1)).join(' ')
}

/** Settings as everybody may read them. */
export function withoutSecrets(settings: JsonObject, patterns: readonly string[] | undefined): JsonObject {
  return mapSecrets(settings, patterns, () => undefined)
}

/** Settings with the secrets in their places; one whose item is not there is left out. */
export function withSecrets(settings: JsonObject, secrets: Readonly<Record<string, string>>): JsonObject {
  let all: Json = settings
  for (const [path, secret] of Object.entries(secrets)) all = placed(all, path.split('/'), secret)
  return all as JsonObject
}

function within(
  value: Json,
  [first, ...rest]: readonly string[],
  path: readonly string[],
  change: (value: Json, path: readonly string[]) => Json | undefined,
): Json | undefined {
  if (first === undefined) return change(value, path)
  if (first === '*') {
    if (!Array.isArray(value)) return value
    const items = value.map((item, i) => within(item, rest, [...path, String(i)], change) ?? null)
    return items.some((item, i) => item !== value[i]) ? items : value
  }
  if (!isObject(value) || !Object.hasOwn(value, first)) return value
  const before = value[first] as Json
  const after = within(before, rest, [...path, first], change)
  if (after === before) return value
  if (after !== undefined) return { ...value, [first]: after }
  const { [first]: _, ...others } = value
  return others
}

function placed(value: Json, [first = '', ...rest]: readonly string[], secret: string): Json {
  if (Array.isArray(value)) {
    const at = Number(first)
    return value[at] === undefined || rest.length === 0
      ? value
      : value.map((item, i) => (i === at ? placed(item, rest, secret) : item))
  }
  if (!isObject(value)) return value
  if (rest.length === 0) return { ...value, [first]: secret }
  return Object.hasOwn(value, first) ? { ...value, [first]: placed(value[first] as Json, rest, secret) } : value
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
