/**
 * How a simulated platform joins the fleet: a folder under `platforms/` that gives a FleetPlatform, listed in platforms/index.ts.
 *
 * The fleet brings, once for all platforms: invitations, enrolment with repeats and back-off (life.ts), the order of turns, silence, restarts and drift by the
 * seed (behaviour.ts), waking, stopping, the state file, the network (wire.ts: kept-alive connections, client certificates, bodies of bytes), the record and the
 * checker that judges the server by it (record.ts, check.ts), and what a device remembers of the things it was given (deeds.ts).
 * A platform brings what its real devices do: how they enrol, one turn of their own protocol, and what each word of its descriptors does to them.
 *
 * What a platform owes to the record, because the checker believes it:
 * - createDeeds writes `received`, `executed`, `concluded`; the platform calls `telling` when it sends what was said and `heard` once the server has answered that it
 *   has it, and nothing else may write these lines. Ids are the server's ids of the deliveries (CommandUUID, the operation's part of a CmdID, the agent channel's id).
 * - An effect happens in `act` alone, and only after everything that could refuse it was asked in `refusal`.
 * - Chance comes from the device's `behaviour` and time from `agenda`: the same seed must give the same record to the letter.
 */
import type { Json, Ownership } from '@muster/contract'
import type { Agenda } from './agenda.ts'
import type { Behaviour } from './behaviour.ts'
import type { FakeGoogle } from './google/index.ts'
import type { FleetRecord } from './record.ts'
import type { Refused } from './refused.ts'
import type { Send } from './wire.ts'

export interface FleetPlatform {
  /** As invitations name it. */
  readonly id: string
  /** Operations and features that its devices answer. A test holds them against what a server offers, so that a new word is noticed. */
  readonly words: { readonly operations: readonly string[]; readonly features: readonly string[] }
  /** Once a run, before its devices: looks at the server. Throws WireFailed or Refused; asked again for half a minute, since a server may just be starting. */
  open(ground: Ground): Promise<OpenFleetPlatform>
}

/** What all devices of a run share. */
export interface Ground {
  /** Every request goes through it: it is counted by its `kind`, and may be cut off by the device's wish (`lose`). */
  readonly send: Send
  readonly agenda: Agenda
  readonly record: FleetRecord
  readonly seed: string
  /** Of the invitations, where the server does not say it itself. */
  readonly ownership: Ownership
  readonly times: Times
  /** Google's services, where the fleet stands in for them. */
  readonly google?: FakeGoogle
}
export interface Times {
  /** Hold polls open where the protocol can. */
  readonly longPoll: boolean
  /** Seconds between turns, instead of what the server or the protocol says. */
  readonly pollS?: number
  /** Mean seconds that a delivery is put off, until what was acknowledged is completed, and of a silence. */
  readonly deferS: number
  readonly laterS: number
  readonly silentS: number
}

export interface OpenFleetPlatform {
  /** `kept`: what the device of that number gave as `kept()` at the end of an earlier run. */
  device(member: Member, kept: Json | undefined): SimulatedDevice
  close?(): void
}

/** One device's place in the fleet. */
export interface Member {
  readonly no: number
  readonly behaviour: Behaviour
  /** Aborted when the run ends: lets go of a held request. */
  readonly stop: AbortSignal
  /** From now on a push for this address (token, channel URI, topic) has the device take a turn at once. A further address joins the earlier ones. */
  reachableAt(address: string): void
}

/** new: not enrolled. left: it ended by itself or was told to, and the server has heard it. gone: the server no longer knows it. */
export type Standing = 'new' | 'enrolled' | 'left' | 'gone'

export interface SimulatedDevice {
  /** The server's id of it; before there is one, a name of its own. */
  name(): string
  standing(): Standing
  /** One attempt. Steps that went well are kept and not repeated at the next attempt. Throws WireFailed or Refused. Answers what the record tells of it. */
  enrol(code: string): Promise<Json>
  /** One turn of its protocol: everything there is to tell goes out, what the server gives comes in. Throws WireFailed or Refused. */
  turn(t: Turn): Promise<Rest>
  /** There is something that the server has not heard yet. A run that ends waits for it, bounded. */
  unsaid(): boolean
  /** The server has refused it in a turn: what that means in this protocol. undefined: it will pass; wait and try again. */
  refused(error: Refused): 'gone' | 'at-once' | undefined
  /** Memory is lost, what lies on disk is not. */
  restart(): void
  /** Somebody changes a managed setting by hand. `n`: the how many-th turn, to draw by. */
  drift(n: number): void
  /** A fact has changed. */
  change(): void
  /** It leaves by itself. Throws WireFailed or Refused. */
  farewell(): Promise<void>
  /** All that it keeps on disk, as JSON: devices live on in the next run. */
  kept(): Json
}

export interface Turn {
  /** The how many-th of this device: decisions are drawn by it. */
  readonly n: number
  /** The run ends: tell what is left and take nothing. */
  readonly ending: boolean
}
/** How long the device rests until its next turn; a wake ends it. 0: at once. */
export interface Rest {
  readonly forMs: number
}
