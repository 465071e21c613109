/** What a simulated device of the agent channel keeps over a restart: JSON and nothing else, so that a restart can be tried by writing it down and reading it again. */
import type { agentChannel, JsonObject, Ownership } from '@muster/contract'
import { emptyMemory, type Memory, type Said } from '../deeds.ts'

export type Delivery = agentChannel.AgentDelivery

/** Sent again word for word until the server has taken it. */
export interface Report {
  readonly sequence: number
  readonly at: string
  readonly results?: readonly Said[]
  readonly facts?: JsonObject
  readonly partial?: boolean
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
  /** Words that it still has to say goodbye with. */
  farewell?: string
  sequence: number
  changes: number
  /** The report under way, and the one before it when it will arrive once more. */
  report?: Report
  previous?: Report
  memory: Memory<Delivery>
  /** Managed features: what is in force. */
  settings: { [feature: string]: JsonObject }
  /** The platform's own. */
  world: JsonObject
  /** Planned, once the time has come. */
  power?: { readonly to: 'restart' | 'off'; readonly at: number }
  /** Facts to tell: all, or names of groups and managed features. */
  tellAll: boolean
  tell: string[]
}

export function newDisk(no: number, world: JsonObject): Disk {
  return {
    no,
    sequence: 0,
    changes: 0,
    memory: emptyMemory(),
    settings: {},
    world,
    tellAll: false,
    tell: [],
  }
}
