/** What a batch knows of its channels: their heads as they came, and the rest read once, together, and only of those that somebody asks about. */
import type { JsonObject, OperationRow } from '@muster/contract'
import type { Tx } from '../db/index.ts'
import { type KnownChannel, type KnownDetail, readDetails } from '../devices/index.ts'

export interface Details {
  /** Reads what is not read yet, in one statement. Channels that do not exist are missing. */
  of(channels: readonly KnownChannel[]): Promise<ReadonlyMap<number, KnownDetail>>
  /** As it is after a change in this transaction. */
  put(detail: KnownDetail): void
}

export function createDetails(tx: Tx): Details {
  const known = new Map<number, KnownDetail>()
  return {
    of: async (channels) => {
      const missing = [...new Set(channels.map((c) => c.no))].filter((no) => !known.has(no))
      for (const [no, detail] of await readDetails(tx, missing)) known.set(no, detail)
      return known
    },
    put: (detail) => void known.set(detail.no, detail),
  }
}

/** Whether none of them looks at more than the head. */
export function areBlind(rows: readonly OperationRow[]): boolean {
  return rows.every((r) => r.blind)
}

/** A channel for blind rows. */
export function headOnly(c: KnownChannel): KnownDetail {
  return new HeadOnly(c)
}

/** A channel for rows that look at some facts of it alone. */
export function headWith(c: KnownChannel, facts: Readonly<JsonObject>): KnownDetail {
  return new HeadWith(c, facts)
}

/** The head of a channel; whoever asks for more is told. */
class HeadOnly implements KnownDetail {
  readonly no: number
  readonly device: string
  readonly deviceNo: number
  readonly platform: string
  readonly epoch: number
  readonly name: string
  readonly lifecycle: KnownChannel['lifecycle']
  readonly blocked: boolean
  readonly ownership: KnownChannel['ownership']

  constructor(c: KnownChannel) {
    this.no = c.no
    this.device = c.device
    this.deviceNo = c.deviceNo
    this.platform = c.platform
    this.epoch = c.epoch
    this.name = c.name
    this.lifecycle = c.lifecycle
    this.blocked = c.blocked
    this.ownership = c.ownership
  }
  get facts(): Readonly<JsonObject> {
    throw unread('facts')
  }
  get variables(): never {
    throw unread('variables')
  }
  get push(): never {
    throw unread('push')
  }
  get state(): never {
    throw unread('state')
  }
}

class HeadWith extends HeadOnly {
  readonly #facts: Readonly<JsonObject>
  constructor(c: KnownChannel, facts: Readonly<JsonObject>) {
    super(c)
    this.#facts = facts
  }
  override get facts(): Readonly<JsonObject> {
    return this.#facts
  }
}

function unread(name: string): Error {
  return new Error(`${name} of a channel was asked for by a row that says that it is blind, or looks at few facts`)
}
