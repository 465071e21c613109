/** What a feature declares, as it is kept: what has not changed keeps its token, so that the device does not look at it again. */
import { createHash, randomUUID } from 'node:crypto'
import { canonical, type Delivery, type Json, type JsonObject, type PlatformHost } from '@muster/contract'
import {
  type FeatureProfile,
  type FeatureWire,
  featureWire,
  type Native,
  type NativeAsset,
  type ProfileNames,
  signedProfile,
} from '../profiles/index.ts'
import { contentWithKey, type KeptPart, type PartKind, putContent } from './store.ts'

export type Setting = Extract<Delivery, { kind: 'setting' }>
export const profileMedia = 'application/x-apple-aspen-config'
/** Where a file is sealed for. */
export const contentPlace = (id: string): string => `declared-profile|${id}`

/** A declaration before it is kept: `bytes` makes its file. */
interface Wanted {
  kind: PartKind
  name: string
  part: string
  uuid: string
  native: boolean
  type: string
  payload: JsonObject
  predicate: string | null
  basis: string
  media: string | null
  /** Equal for all who have the same, null where secrets are in it. */
  share: string | null
  bytes?(): Promise<Uint8Array>
}

export interface PartsDeps {
  host: PlatformHost
  names(): Promise<ProfileNames>
}

/** `before`: what the feature declared until now. */
export async function keptParts(
  { host, names }: PartsDeps,
  d: Setting,
  wire: FeatureWire,
  before: readonly KeptPart[],
): Promise<KeptPart[]> {
  const own = await names()
  const all = wantedOf(host, own, d, wire)
  const known = new Map(before.map((p) => [`${p.kind} ${p.name}`, p]))
  const same = (w: Wanted) => {
    const there = known.get(`${w.kind} ${w.name}`)
    return there && there.basis === w.basis && there.uuid === w.uuid ? there : undefined
  }
  // Put again as it is: the device is to try again, so all of it is new.
  const changed = all.length !== before.length || all.some((w) => !same(w))
  const kept: KeptPart[] = []
  for (const w of all) {
    const there = same(w)
    const { share, bytes, ...rest } = w
    const content = bytes ? (there?.content ?? (await contentOf(host, share, bytes))) : null
    const state =
      there && changed
        ? { token: there.token, active: there.active, valid: there.valid, reasons: there.reasons }
        : { token: d.id, active: false, valid: 'unknown' as const, reasons: '' }
    kept.push({ ...rest, ...state, feature: d.feature, content })
  }
  return kept
}

function wantedOf(host: PlatformHost, own: ProfileNames, d: Setting, wire: FeatureWire): Wanted[] {
  // Without its secrets: what may be kept beside it in the clear.
  const plain = featureWire(d.row.to(d.settings, d.channel, {}, undefined, d.version))
  const secret = Object.keys(d.secrets).length > 0
  const native = new Set(wire.native?.map((n) => n.part))
  const profiles = wire.profiles.filter((p) => !native.has(p.part))
  return [
    ...(wire.native ?? []).flatMap((n) => n.configurations.flatMap((c) => nativeParts(d.feature, n, c))),
    ...profiles.map((p) => legacyPart(host, own, d.feature, p, plain, secret)),
  ]
}

const nameOf = (...parts: readonly (string | undefined)[]) => parts.filter((p) => p !== undefined && p !== '').join('.')
const hashOf = (value: unknown) =>
  createHash('sha256')
    .update(canonical(value as Json))
    .digest('hex')

function legacyPart(
  host: PlatformHost,
  own: ProfileNames,
  feature: string,
  p: FeatureProfile,
  plain: FeatureWire,
  secret: boolean,
): Wanted {
  const basis = hashOf([own, plain.profiles.find((x) => x.part === p.part) ?? null])
  return {
    kind: 'configuration',
    name: nameOf(feature, p.part),
    part: p.part,
    uuid: p.uuid,
    native: false,
    type: 'com.apple.configuration.legacy',
    payload: {},
    predicate: null,
    basis,
    media: profileMedia,
    share: secret ? null : hashOf([feature, own, p]),
    bytes: () => signedProfile(host, own, feature, p),
  }
}

function nativeParts(feature: string, n: { part: string; uuid: string }, c: Native): Wanted[] {
  const base = nameOf(feature, n.part)
  const head = { part: n.part, uuid: n.uuid, native: true }
  return [
    {
      ...head,
      kind: 'configuration',
      name: nameOf(base, c.name),
      type: `com.apple.configuration.${c.type}`,
      payload: named(c.payload, base) as JsonObject,
      predicate: c.predicate ?? null,
      basis: hashOf([c.type, c.payload, c.predicate ?? null]),
      media: null,
      share: null,
    },
    ...(c.assets ?? []).map((a) => assetPart(base, head, a)),
  ]
}

function assetPart(base: string, head: Pick<Wanted, 'part' | 'uuid' | 'native'>, a: NativeAsset): Wanted {
  const { data } = a
  return {
    ...head,
    kind: 'asset',
    name: nameOf(base, a.name),
    type: `com.apple.asset.${a.type}`,
    payload: a.payload ?? {},
    predicate: null,
    // Its secret has a version of its own in the UUID.
    basis: hashOf([a.type, a.payload ?? null, data?.contentType ?? null]),
    media: data?.contentType ?? null,
    share: null,
    ...(data && { bytes: async () => Buffer.from(data.bytes, 'base64') }),
  }
}

/** Assets are named within their part; in the collection they are named with it. */
function named(value: Json, base: string): Json {
  if (Array.isArray(value)) return value.map((v) => named(v, base))
  if (typeof value !== 'object' || value === null) return value
  if (typeof value.$asset === 'string') return { $asset: nameOf(base, value.$asset) }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, named(v, base)]))
}

async function contentOf(host: PlatformHost, key: string | null, bytes: () => Promise<Uint8Array>): Promise<string> {
  const known = key === null ? undefined : await contentWithKey(host.sql, key)
  if (known) return known
  const id = randomUUID()
  const sealed = host.vault.seal(contentPlace(id), Buffer.from(await bytes()).toString('base64'))
  return putContent(host.sql, { id, key, sealed })
}
