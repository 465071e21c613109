/** Operations, policy features and facts as data: from these the API, forms, permissions, documents and tests derive. */
import { z } from 'zod'
import type { Json, Schema } from './json.ts'
import { type Language, type SaidWords, type Text, wordsKey } from './language.ts'
import type { SetupDescriptor } from './setup.ts'

export type Danger = 'none' | 'confirm' | 'destructive'

export interface OperationDescriptor<P = unknown, R = unknown> {
  /** `noun.verb`, lower case: `device.lock`. Also the permission `operation:device.lock` and the audit act. */
  readonly id: string
  readonly title: Text
  readonly summary: Text
  readonly danger: Danger
  /** Doing it twice is the same as doing it once: it may be sent again when an answer is lost. */
  readonly repeatable: boolean
  readonly params: z.ZodType<P>
  readonly result: z.ZodType<R>
  /** A newer one replaces one of the same id that still waits for the same channel. */
  readonly collapse?: true
  /** Seconds an operation stays valid when the administrator names no deadline. */
  readonly expiresS: number
  /** Names of params stored encrypted and never shown again. */
  readonly secret?: readonly string[]
  /** What it does to data, for the destruction budget and the BYOD rule: `wipe` is the whole device. Completed, it ends the enrolment, whether or not the device still says farewell. */
  readonly effect?: 'wipe' | 'corporate-wipe'
  /** The device acts only on a proof that Muster sent this to it: each delivery carries a signed envelope (compact JWS, EdDSA). */
  readonly signed?: true
  readonly examples: readonly { readonly params: P; readonly result?: R }[]
}

export interface FeatureDescriptor<S = unknown> {
  /** Lower-case id: `passcode`, `linux.ssh`. */
  readonly id: string
  readonly title: Text
  readonly summary: Text
  readonly settings: z.ZodType<S>
  /** How settings of several policies meet: the highest priority wins whole, or lists named here are united. */
  readonly merge: { readonly rule: 'priority' } | { readonly rule: 'union'; readonly lists: readonly string[] }
  /** Names of settings stored encrypted and never shown again; of each item of a list the list, `*` and the name, with slashes between. Rows are given them by their places: `networks/0/passphrase`. */
  readonly secret?: readonly string[]
  /** Whether a device with these settings erases itself when something happens to it, as a number of wrong passcodes: the guard against destruction counts it. */
  erases?(settings: S): boolean
  readonly examples: readonly S[]
}

export type FactType = 'string' | 'number' | 'boolean' | 'time' | 'list' | 'object'
export interface FactDescriptor {
  /** Dotted name within the device's facts: `os.version`. */
  readonly id: string
  readonly title: Text
  readonly type: FactType
  readonly unit?: string
  /** May be used in group queries and list filters. */
  readonly queryable?: true
}
export interface DeviceTypeDescriptor {
  readonly id: string
  readonly title: Text
  readonly formFactors: readonly FormFactor[]
}
export interface EnrolmentDescriptor {
  readonly id: string
  readonly title: Text
  readonly ownerships: readonly Ownership[]
}
export interface DeviceEventDescriptor {
  readonly id: string
  readonly title: Text
  readonly severity: 'info' | 'warning' | 'critical'
}

export const ownerships = ['byod', 'cope', 'work-profile', 'dedicated'] as const
export type Ownership = (typeof ownerships)[number]
export const formFactors = [
  'phone',
  'tablet',
  'laptop',
  'desktop',
  'server',
  'virtual',
  'kiosk',
  'printer',
  'point-of-sale',
  'tv',
  'sensor',
  'other',
] as const
export type FormFactor = (typeof formFactors)[number]
export const identifierKinds = [
  'serial',
  'udid',
  'imei',
  'meid',
  'imsi',
  'iccid',
  'phone',
  'mac',
  'machine-id',
] as const
export type IdentifierKind = (typeof identifierKinds)[number]

/** A secret that devices of the platform entrust to us (`PlatformHost.secrets`). */
export interface EscrowDescriptor {
  readonly id: string
  readonly title: Text
  /** What a person does with it. */
  readonly summary: Text
  /** A person may be shown it, with a reason; of others it is only told that they are there. */
  readonly readable?: true
}

export interface Descriptors {
  readonly settings: z.ZodType
  readonly deviceTypes: readonly DeviceTypeDescriptor[]
  readonly enrolments: readonly EnrolmentDescriptor[]
  readonly facts: readonly FactDescriptor[]
  readonly operations: readonly OperationDescriptor[]
  readonly features: readonly FeatureDescriptor[]
  readonly events: readonly DeviceEventDescriptor[]
  /** What an administrator does before it works, in this order. */
  readonly setup?: readonly SetupDescriptor[]
  readonly escrow?: readonly EscrowDescriptor[]
}

/** Or what makes it when it is first looked at. */
type Late<T> = T | (() => T)
type LateOperation<P, R> = Omit<OperationDescriptor, 'params' | 'result' | 'examples'> & {
  readonly params: Late<z.ZodType<P>>
  readonly result: Late<z.ZodType<R>>
  readonly examples: readonly { readonly params: P; readonly result?: R }[]
}
type LateFeature<S> = Omit<FeatureDescriptor, 'settings' | 'examples' | 'erases'> & {
  readonly settings: Late<z.ZodType<S>>
  erases?(settings: S): boolean
  readonly examples: readonly S[]
}

/** Keeps the descriptor's own types while checking its form. Schemas that are functions are made late: they are thousands, and a start looks at none. */
export function operation<P, R>(d: LateOperation<P, R>): OperationDescriptor<P, R> {
  return madeLate(d, ['params', 'result'])
}
export function feature<S>(d: LateFeature<S>): FeatureDescriptor<S> {
  return madeLate<FeatureDescriptor<S>>(d, ['settings'])
}

function madeLate<D>(d: { readonly [K in keyof D]: Late<D[K]> }, keys: readonly (keyof D)[]): D {
  for (const key of keys) {
    const given = d[key]
    if (typeof given !== 'function') continue
    let made: D[keyof D] | undefined
    Object.defineProperty(d, key, { get: () => (made ??= given()), enumerable: true, configurable: true })
  }
  return d as D
}

/** JSON Schema (draft 2020-12) of what a caller sends, described in one language as far as its words are given. */
export function jsonSchema(type: z.ZodType, language: Language = 'en'): Schema {
  return z.toJSONSchema(type, {
    io: 'input',
    unrepresentable: 'throw',
    override: ({ jsonSchema: made }) => {
      const said = made[wordsKey] as SaidWords | undefined
      if (said === undefined) return
      made.description = said.words[language]
      if (said.name) made.title = said.name[language]
      delete made[wordsKey]
    },
  }) as Schema
}

/** The permission that sending an operation needs; also its OAuth scope. */
export function operationPermission(id: string): string {
  return `operation:${id}`
}

/** One operation or feature in the published catalogue. */
export interface CatalogEntry {
  readonly id: string
  readonly title: string
  readonly summary: string
  readonly schema: Schema
  readonly examples: readonly Json[]
}
