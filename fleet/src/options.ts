/** What a fleet is asked to be, and what it reports in the end. */
import type { Ownership } from '@muster/contract'
import type { Preset, Rates } from './behaviour.ts'
import type { FakeGoogle } from './google/index.ts'
import type { Percentiles } from './histogram.ts'
import type { ApiClient, Invite } from './invitations.ts'
import type { RecordLine } from './record.ts'

export interface FleetOptions {
  /** Address of the server: `https://muster.example`. */
  readonly server: string
  readonly devices: number
  /** Id of a platform that can be simulated: `platforms`. */
  readonly platform: string
  /** The same seed makes the same devices with the same habits. */
  readonly seed: string
  /** Where enrolment codes come from: exactly one of the three. */
  readonly invite?: Invite
  readonly codes?: readonly string[]
  readonly client?: ApiClient
  /** Of invitations asked for by `client`. Default: cope. */
  readonly ownership?: Ownership
  /** Seconds to live once all are enrolled; without it until `signal` is aborted. */
  readonly durationS?: number
  readonly signal?: AbortSignal
  /** Habits. Default: usual. */
  readonly preset?: Preset
  readonly rates?: Partial<Rates>
  /** Default true: polls are held as long as the server offers. */
  readonly longPoll?: boolean
  /** Seconds between polls, instead of what the server says. */
  readonly pollS?: number
  /** Share of the devices that say farewell in the end. Default 0. */
  readonly leave?: number
  /** Mean seconds of a delay, of a late completion, of a silence. Defaults 5, 2, 20. */
  readonly deferS?: number
  readonly laterS?: number
  readonly silentS?: number
  /** Longest back-off. Default 30 s. */
  readonly backoffMaxS?: number
  /** Seconds in the end in which what is left is told. Default 15. */
  readonly drainS?: number
  /** Enrolments at a time. Default 16. */
  readonly enrolAtOnce?: number
  /** Connections at most. Default: one a device and some with long polls, else 128. */
  readonly connections?: number
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string
  /** File that the record is appended to. */
  readonly record?: string
  readonly watch?: (line: RecordLine) => void
  /** File that keeps the devices from one run to the next, so that they need not enrol again. */
  readonly state?: string
  /**
   * Called once when the run begins, with what wakes the device of a push address (false: nobody has it); answers what ends it. For a push service of a test, or one that
   * stands in for a vendor's.
   */
  readonly pushes?: (wake: (address: string) => boolean) => () => void
  /** Stands in for Google's services: every second Android device then has them. The server must know it. */
  readonly google?: FakeGoogle
  /** Gets a line of progress now and then. */
  readonly tell?: (line: string) => void
}

export interface FleetReport {
  readonly seed: string
  readonly platform: string
  readonly devices: {
    readonly wanted: number
    readonly enrolled: number
    readonly refused: number
    readonly left: number
    readonly gone: number
  }
  /** Seconds from the first request until the last enrolment ended, and of everything. */
  readonly enrolS: number
  readonly tookS: number
  /** Requests that were answered. */
  readonly exchanges: number
  /** Lines of the record by event. */
  readonly events: { readonly [event: string]: number }
  /** Refusals and failures by code. */
  readonly errors: { readonly [code: string]: number }
  /** Milliseconds, by kind of request. A `hold` is a poll that the server was allowed to keep waiting. */
  readonly latencies: { readonly [kind: string]: Percentiles }
  /** Of this process: CPU seconds meanwhile, memory at the end. */
  readonly cpuS: number
  readonly rssMb: number
}
