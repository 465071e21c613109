/** Secrets within settings: sealed before they are stored, masked when shown, and the mask sent back means "as it was". */
import { createHash } from 'node:crypto'
import {
  type FeatureDescriptor,
  type Json,
  type JsonObject,
  joinVersions,
  mapSecrets,
  secretsIn,
} from '@muster/contract'
import type { Secrets } from '../secrets/index.ts'
import type { SetFeature } from './model.ts'

/** What a reader sees in place of a secret; behind it, in an item of a list, the name of the secret that it stands for. */
const mask = '••••••••'
const mark = '$sealed'

/** A secret stays sealed for the policy and the feature that it was written in: a copy elsewhere cannot be opened. Items of a list move, so theirs is one place. */
export function secretPlace(policy: number, feature: string, pattern: string): string {
  return `policy|${policy}/${feature}|${pattern}`
}

export function sealedBytes(value: Json | undefined): Buffer | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const text = value[mark]
  return typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
}

/** Settings as stored -> as shown. */
export function masked(settings: JsonObject, d: FeatureDescriptor | undefined): JsonObject {
  return mapSecrets(
    Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, hidden(value)])),
    d?.secret?.filter((pattern) => !inList(pattern)),
    () => mask,
  )
}

/** Whatever is sealed, wherever it is: also of a feature that nobody describes any more. */
function hidden(value: Json, item = false): Json {
  const bytes = sealedBytes(value)
  if (bytes) return item ? `${mask} ${nameOf(bytes)}` : mask
  if (Array.isArray(value)) return value.map((v) => hidden(v, true))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, hidden(v, item)]))
}

/** Settings as sent in -> with the stored secret wherever its mask came back, for validation. Secrets are strings; others are stored as JSON text. */
export function unmasked(
  settings: JsonObject,
  stored: JsonObject | undefined,
  d: FeatureDescriptor,
  policy: number,
  secrets: Secrets,
): JsonObject {
  const before = storedSecrets(stored, d)
  return mapSecrets(settings, d.secret, ({ pattern, value }) => {
    if (!isMask(value)) return value
    const meant = before.meant(pattern, value)
    const bytes = sealedBytes(meant)
    return bytes && secrets.open(secretPlace(policy, d.id, pattern), bytes).toString('utf8')
  })
}

/** Validated settings -> as stored. A secret that was not changed keeps its sealed form, so that nothing is delivered anew for it. */
export function sealed(
  valid: JsonObject,
  sent: JsonObject,
  stored: JsonObject | undefined,
  d: FeatureDescriptor,
  policy: number,
  secrets: Secrets,
): JsonObject {
  const before = storedSecrets(stored, d)
  const given = new Map(secretsIn(sent, d.secret).map((s) => [s.path, s.value]))
  return mapSecrets(valid, d.secret, ({ pattern, path, value }) => {
    if (value === null) return value
    const place = secretPlace(policy, d.id, pattern)
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const opens = (s: Json) => {
      const bytes = sealedBytes(s)
      return bytes !== undefined && secrets.open(place, bytes).toString('utf8') === text
    }
    const same = before.meant(pattern, given.get(path)) ?? before.of(pattern, path).find(opens)
    return same ?? { [mark]: secrets.seal(place, text).toString('base64') }
  })
}

function storedSecrets(stored: JsonObject | undefined, d: FeatureDescriptor) {
  const all = stored ? secretsIn(stored, d.secret).filter((s) => sealedBytes(s.value)) : []
  return {
    /** What a mask stands for. Without a name, where items have one, it could be any item's: it stands for none then. */
    meant: (pattern: string, shown: Json | undefined): Json | undefined => {
      if (!isMask(shown)) return undefined
      const name = shown.slice(mask.length + 1)
      return all.find((s) => {
        const bytes = s.pattern === pattern ? sealedBytes(s.value) : undefined
        return bytes !== undefined && name === (inList(pattern) ? nameOf(bytes) : '')
      })?.value
    },
    /** Of this pattern, that of the same place first. */
    of: (pattern: string, path: string): Json[] =>
      all
        .filter((s) => s.pattern === pattern)
        .sort((a, b) => Number(b.path === path) - Number(a.path === path))
        .map((s) => s.value),
  }
}

const versions = new WeakMap<SetFeature, string>()
/** What tells one version of settings and secrets from another; sets are kept in memory, so it is worked out once. */
export function versionOf(of: SetFeature, d: FeatureDescriptor | undefined): string {
  const known = versions.get(of)
  if (known !== undefined) return known
  const listed = secretsIn(of.settings, d?.secret?.filter(inList)).flatMap((s) => {
    const bytes = sealedBytes(s.value)
    return bytes ? [{ path: s.path, version: nameOf(bytes) }] : []
  })
  const version = joinVersions(of.hash, listed)
  versions.set(of, version)
  return version
}

const inList = (pattern: string): boolean => pattern.split('/').includes('*')
const isMask = (value: Json | undefined): value is string =>
  typeof value === 'string' && value.startsWith(mask) && /^( [0-9a-f]{12})?$/.test(value.slice(mask.length))
/** Sealing is never the same twice, so the name tells nothing of the secret. */
const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 12)
