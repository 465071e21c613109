/** What a simulated platform has to know: who its devices are, what they can do and what they can keep true. */
import type { FeatureDescriptor, IdentifierKind, JsonObject, OperationDescriptor } from '@muster/contract'
import type { Random } from './random.ts'

export interface Identity {
  readonly name: string
  readonly identifiers: readonly { readonly kind: IdentifierKind; readonly value: string }[]
  /** What is true of it and told nobody. */
  readonly traits: JsonObject
  /** Facts that stay as they are. */
  readonly facts: JsonObject
}

/** A policy feature as the device lives it. `inForce`: what was set last, by Muster or by hand; undefined when nobody ever did. */
export interface SimulatedFeature {
  readonly id: string
  readonly settings: FeatureDescriptor['settings']
  /** Evidence for the fact `managed.<id>`, in the words of the platform's real agent. */
  evidence(inForce: JsonObject | undefined, identity: Identity): JsonObject
  /** Somebody changes it by hand; `roll` in [0, 1). */
  drift(inForce: JsonObject, roll: number): JsonObject
  /** Why it cannot be had on this device. */
  refuses?(identity: Identity): string | undefined
}

export interface Simulator {
  readonly platform: string
  readonly software: { readonly id: string; readonly version: string }
  identity(random: Random, no: number): Identity
  /** Facts that move with time; `count` grows with each change. */
  moving(identity: Identity, count: number, nowMs: number): JsonObject
  /** Words of the operations that its devices carry out. The first example's result is what they answer. */
  readonly operations: ReadonlyMap<string, OperationDescriptor>
  readonly features: ReadonlyMap<string, SimulatedFeature>
}
