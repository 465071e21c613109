/** What a simulated device keeps over a restart: JSON and nothing else, so that a restart can be tried by writing it down and reading it again. */
import type { agentChannel, JsonObject, Ownership } from '@muster/contract'

export type Result = agentChannel.Result
export type Delivery = agentChannel.AgentDelivery

/** Sent again word for word until the server has taken it. */
export interface Report {
  readonly sequence: number
  readonly at: string
  readonly results?: readonly Result[]
  readonly facts?: JsonObject
  readonly partial?: boolean
  readonly events?: readonly { type: string; at: string; data: JsonObject }[]
}

/** What the device remembers of a delivery. */
export interface Remembered {
  /** `begun`: it may have taken effect. `deferred`: put off, to be offered again. */
  state: 'begun' | 'deferred' | 'done'
  /** The how many-th delivery of this device: decisions are drawn by it. */
  readonly ordinal: number
  tries: number
  /** While it is not done: what to do. */
  delivery?: Delivery
  /** While it is to be completed later: when (ms). */
  due?: number
  result?: Result
  reported?: boolean
}

export interface Disk {
  readonly no: number
  client?: { readonly id: string; readonly secret: string }
  ownership?: Ownership
  licence?: string
  device?: string
  epoch?: number
  signingKeys?: readonly JsonObject[]
  /** It has left, or the server says that it is no longer enrolled. */
  over?: 'left' | 'gone'
  sequence: number
  /** Exchanges begun, deliveries taken, reports made, changes of facts: decisions are drawn by them. */
  exchanges: number
  ordinals: number
  changes: number
  /** The report under way, and the one before it. */
  report?: Report
  previous?: Report
  /** Results to tell. */
  outbox: Result[]
  ledger: { [id: string]: Remembered }
  /** Managed features: what is in force. */
  settings: { [feature: string]: JsonObject }
  /** Facts to tell: all, or names of managed features and `moving`. */
  tellAll: boolean
  tell: string[]
}

/** Ids that a device remembers; the oldest that the server knows the end of go first. */
const rememberedLimit = 1000

export function newDisk(no: number): Disk {
  return {
    no,
    sequence: 0,
    exchanges: 0,
    ordinals: 0,
    changes: 0,
    outbox: [],
    ledger: {},
    settings: {},
    tellAll: false,
    tell: [],
  }
}

/** As a real agent does, and no more often than pays. */
export function forgetOldest(disk: Disk): void {
  const ids = Object.keys(disk.ledger)
  if (ids.length < rememberedLimit + 100) return
  const known = ids.filter((id) => disk.ledger[id]?.state === 'done' && disk.ledger[id]?.reported)
  for (const id of known.slice(0, ids.length - rememberedLimit)) delete disk.ledger[id]
}
