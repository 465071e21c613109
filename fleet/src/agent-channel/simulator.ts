/** What a platform with Muster's agent has to know for its simulated devices: who they are, what they can do and what they can keep true. */
import type { FeatureDescriptor, IdentifierKind, Json, JsonObject, OperationDescriptor } from '@muster/contract'
import type { Fault } from '../deeds.ts'
import type { Random } from '../random.ts'

export interface Identity {
  readonly name: string
  readonly identifiers: readonly { readonly kind: IdentifierKind; readonly value: string }[]
  /** What is true of it and told nobody. */
  readonly traits: JsonObject
  /** Facts that stay as they are. */
  readonly facts: JsonObject
}

/** One device as its operations and features find it. `world` is theirs to change: JSON that is kept on disk. */
export interface Machine {
  readonly identity: Identity
  readonly world: JsonObject
  /** What was set last of each feature, by Muster or by hand. */
  readonly settings: { readonly [feature: string]: JsonObject | undefined }
  readonly ownership: string
  /** Grows with each change of a fact. */
  readonly changes: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What became of an operation that took effect. */
export interface Effect {
  readonly result?: Json
  readonly failed?: Fault
  /** Facts to tell because of it: names of groups and features, or all. */
  readonly tell?: 'all' | readonly string[]
  /** The device's management ends with it, once the server has heard the result; with these words of farewell, where the real agent says them. */
  readonly leaves?: true | string
  /** When (ms) it restarts, or is turned off. */
  readonly power?: { readonly to: 'restart' | 'off'; readonly at: number }
}
export interface SimulatedOperation {
  readonly words: OperationDescriptor
  /** Why this device cannot, asked before anything happens. */
  refusal?(params: JsonObject, m: Machine): Fault | undefined
  act(params: JsonObject, m: Machine): Effect
}

/** A policy feature as the device lives it. `inForce`: what was set last, by Muster or by hand; undefined when nobody ever did. */
export interface SimulatedFeature {
  readonly id: string
  readonly settings: FeatureDescriptor['settings']
  /** Evidence for the fact `managed.<id>`, in the words of the platform's real agent. */
  evidence(inForce: JsonObject | undefined, m: Machine): JsonObject
  /** Somebody changes it by hand; `roll` in [0, 1). */
  drift(inForce: JsonObject, roll: number, m: Machine): JsonObject
  /** What else becomes different on the device when it is put. Answers groups of facts to tell. */
  put?(settings: JsonObject, m: Machine): readonly string[]
  /** Why it cannot be had on this device. */
  refuses?(identity: Identity, m: Machine): string | undefined
}

export interface Simulator {
  readonly platform: string
  readonly software: { readonly id: string; readonly version: string }
  identity(random: Random, no: number): Identity
  /** What a new device has besides its identity. */
  world(identity: Identity, now: number): JsonObject
  /** Facts that can change, in groups that are told together; `moving` is the one that changes by itself. */
  readonly groups: { readonly moving: (m: Machine) => JsonObject; readonly [group: string]: (m: Machine) => JsonObject }
  /** The device was started anew. */
  started(m: Machine): void
  readonly operations: ReadonlyMap<string, SimulatedOperation>
  readonly features: ReadonlyMap<string, SimulatedFeature>
}
