/** What a batch knows of its channels: their heads as they came, and the rest read once, together, and only of those that somebody asks about. */
import type { OperationRow } from '@muster/contract'
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

const unread = Object.defineProperties(
  {},
  Object.fromEntries(
    ['facts', 'variables', 'push', 'state'].map((name) => [
      name,
      {
        get(): never {
          throw new Error(`${name} of a channel was asked for by a row that says that it is blind`)
        },
      },
    ]),
  ),
)

/** A channel for blind rows. */
export function headOnly(c: KnownChannel): KnownDetail {
  return Object.assign(Object.create(unread) as KnownDetail, c)
}
