/** Declarations in Apple's own words, beside or in place of a profile: which systems take each type, and what a feature declares. */
import type { ChannelDetail, Json, JsonObject } from '@muster/contract'
import { type Availability, available, before, systemOf } from './availability.ts'
import { systemsOf } from './systems.ts'

/** What a configuration refers to: told in its payload, or, where there is `data`, fetched by the device with its identity. */
export interface NativeAsset {
  /** Within the feature's part; a payload names it by `assetRef`. */
  readonly name: string
  /** `data`: `com.apple.asset.data`. */
  readonly type: string
  readonly payload?: JsonObject
  /** Base64 with its media type. */
  readonly data?: { readonly bytes: string; readonly contentType: string }
}
/** One configuration of a feature. */
export interface Native {
  /** Empty for the only one of its part. */
  readonly name?: string
  /** Behind `com.apple.configuration.`. */
  readonly type: NativeType
  readonly payload: JsonObject
  /** In force only where it holds: made of `onFamilies` and the like, never of what somebody typed. */
  readonly predicate?: string
  readonly assets?: readonly NativeAsset[]
}
/** Becomes the identifier of an asset of the same part. */
export const assetRef = (name: string): JsonObject => ({ $asset: name })

/** Who signs in with what (Apple, `com.apple.credential.usernameandpassword`): a file that is given to the device alone. */
export function userPassword(name: string, user: string, password?: string): NativeAsset {
  const json = JSON.stringify({ UserName: user, ...(password !== undefined && { Password: password }) })
  return {
    name,
    type: 'credential.userpassword',
    data: { bytes: Buffer.from(json).toString('base64'), contentType: 'application/json' },
  }
}

/** Systems on a device's own channel; `u`: on the channel of a Mac's user alone. */
export const nativeTypes = {
  'account.caldav': { device: 'i15.0 v1.1' },
  'account.carddav': { device: 'i15.0 v1.1' },
  'account.google': { device: 'i15.0 v1.1', user: 'm13.0' },
  'account.ldap': { device: 'i15.0 v1.1' },
  'account.subscribed-calendar': { device: 'i15.0 v1.1' },
  'app.managed': { device: 'i17.2' },
  'diskmanagement.settings': { device: 'm15.0' },
  'math.settings': { device: 'i18.0!', user: 'm15.0' },
  'passcode.settings': { device: 'i15.0 m13.0 v2.0 w10.0' },
  'safari.extensions.settings': { device: 'i18.0!', user: 'm15.0' },
  'screensharing.connection': { device: 'm14.0' },
  'screensharing.connection.group': { device: 'm14.0' },
  'screensharing.host.settings': { device: 'm14.0' },
  'security.passkey.attestation': { device: 'i17.0', user: 'm14.0' },
  'services.background-tasks': { device: 'm15.0' },
  'services.configuration-files': { device: 'm14.0' },
  'softwareupdate.enforcement.specific': { device: 'i17.0 m14.0' },
  'softwareupdate.settings': { device: 'i18.0 m15.0' },
} as const satisfies Readonly<Record<string, { device?: string; user?: string }>>
export type NativeType = keyof typeof nativeTypes

/** What devices say they can be told (status item `management.client-capabilities`). */
export const declarableFact = 'apple.declarable'
const configurationPrefix = 'com.apple.configuration.'

export function nativeAvailability(type: NativeType, scope: 'device' | 'user'): Availability {
  const systems: { device?: string; user?: string } = nativeTypes[type]
  const words = systems[scope]
  return words === undefined ? {} : systemsOf(words)
}

/** Declares at all, and knows this type: by its own word where it has said so, else by its version. */
export function knowsNative(c: Pick<ChannelDetail, 'facts' | 'name'>, type: NativeType): boolean {
  if (!canDeclare(c) || systemOf(c.facts) === undefined) return false
  const told = c.facts[declarableFact]
  if (Array.isArray(told) && c.name === 'device') return told.includes(configurationPrefix + type)
  return available(nativeAvailability(type, c.name === 'device' ? 'device' : 'user'), c) === true
}

const since: Readonly<Record<string, string>> = {
  iOS: '15.0',
  macOS: '13.0',
  tvOS: '16.0',
  watchOS: '10.0',
  visionOS: '1.1',
}
/** Apple, "Declarative Management": since these versions; of users, those of Macs. */
export function canDeclare(c: Pick<ChannelDetail, 'facts' | 'name'>): boolean {
  const system = systemOf(c.facts)
  const least = system && since[system]
  if (!least || (c.name !== 'device' && system !== 'macOS')) return false
  const version = c.facts['os.version']
  return typeof version === 'string' && /^\d/.test(version) && !before(version, least)
}

/** Families as the status item `device.operating-system.family` names them. */
export type Family = 'iOS' | 'iPadOS' | 'macOS' | 'tvOS' | 'watchOS' | 'visionOS'
/** A predicate that holds on these families. */
export const onFamilies = (...families: readonly [Family, ...Family[]]): string =>
  families.map((f) => `@status(device.operating-system.family) == '${f}'`).join(' OR ')

/** The marks of `assetRef` become identifiers. */
export function withAssets(value: Json, identifierOf: (name: string) => string): Json {
  if (Array.isArray(value)) return value.map((v) => withAssets(v, identifierOf))
  if (typeof value !== 'object' || value === null) return value
  if (typeof value.$asset === 'string') return identifierOf(value.$asset)
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withAssets(v, identifierOf)]))
}
