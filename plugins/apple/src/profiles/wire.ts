/** What the row of a feature gives: its profiles, one for each item of a list; declarations of Apple's own where the device takes them; a command where there is no profile. */
import type { Json, JsonObject } from '@muster/contract'
import type { Native } from './native.ts'
import type { ProfileContent } from './profile.ts'

/** One profile. `part` is empty where the feature is one profile, else it follows from what the item is called. */
export interface FeatureProfile extends ProfileContent {
  readonly part: string
  readonly uuid: string
}
export interface FeatureNative {
  readonly part: string
  readonly uuid: string
  readonly configurations: readonly Native[]
}
export interface FeatureWire {
  readonly feature: string
  readonly profiles: readonly FeatureProfile[]
  readonly native?: readonly FeatureNative[]
  /** For devices that do not take the declaration. */
  readonly command?: JsonObject
  /** Why the settings say nothing to this device. */
  readonly refused?: string
}

export const wireJson = (w: FeatureWire): Json => w as unknown as Json
export const featureWire = (wire: Json): FeatureWire => wire as unknown as FeatureWire
