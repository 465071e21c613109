/** Secrets within settings: sealed before they are stored, masked when shown, and the mask sent back means "as it was". */
import type { FeatureDescriptor, Json, JsonObject } from '@muster/contract'
import type { Secrets } from '../secrets/index.ts'

/** What a reader sees in place of a secret. */
const mask = '••••••••'
const mark = '$sealed'

/** A secret stays sealed for the policy that it was written in: a copy elsewhere cannot be opened. */
export function secretPlace(policy: number, feature: string, name: string): string {
  return `policy|${policy}/${feature}|${name}`
}

export function sealedBytes(value: Json | undefined): Buffer | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const text = value[mark]
  return typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
}

/** Settings as stored -> as shown. */
export function masked(settings: JsonObject, d: FeatureDescriptor | undefined): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      d?.secret?.includes(key) || sealedBytes(value) ? mask : value,
    ]),
  )
}

/** Settings as sent in -> with the stored secret wherever the mask came back, for validation. Secrets are strings; others are stored as JSON text. */
export function unmasked(
  settings: JsonObject,
  stored: JsonObject | undefined,
  d: FeatureDescriptor,
  policy: number,
  secrets: Secrets,
): JsonObject {
  const plain = { ...settings }
  for (const name of d.secret ?? []) {
    const sealed = plain[name] === mask ? sealedBytes(stored?.[name]) : undefined
    if (sealed) plain[name] = secrets.open(secretPlace(policy, d.id, name), sealed).toString('utf8')
    else if (plain[name] === mask) delete plain[name]
  }
  return plain
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
  const out = { ...valid }
  for (const name of d.secret ?? []) {
    const value = out[name]
    if (value === undefined || value === null) continue
    const before = stored?.[name]
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (
      sealedBytes(before) &&
      before !== undefined &&
      (sent[name] === mask || opens(before, text, d, policy, name, secrets))
    )
      out[name] = before
    else out[name] = { [mark]: secrets.seal(secretPlace(policy, d.id, name), text).toString('base64') }
  }
  return out
}

function opens(
  before: Json,
  text: string,
  d: FeatureDescriptor,
  policy: number,
  name: string,
  secrets: Secrets,
): boolean {
  const bytes = sealedBytes(before)
  return bytes !== undefined && secrets.open(secretPlace(policy, d.id, name), bytes).toString('utf8') === text
}
