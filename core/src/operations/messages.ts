/** The message log: every message in and out, sealed, written with the batch it belongs to. Idle polls never come here. */
import type { Tx } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'

export interface LoggedMessage {
  channel: number
  outbound: boolean
  outcome: string
  raw: Uint8Array
}
export const messagePlace = 'message|log|sealed'
/** Kept of one message at most; the rest is cut and `size` tells the truth. */
const messageBytes = 256 * 1024

export async function writeMessages(tx: Tx, secrets: Secrets, messages: readonly LoggedMessage[]): Promise<void> {
  if (messages.length === 0) return
  await tx.query({
    name: 'write-messages',
    text: 'insert into message (channel, outbound, outcome, size, sealed) select * from unnest($1::bigint[], $2::boolean[], $3::text[], $4::integer[], $5::bytea[])',
    values: [
      messages.map((m) => m.channel),
      messages.map((m) => m.outbound),
      messages.map((m) => m.outcome),
      messages.map((m) => m.raw.length),
      messages.map((m) => secrets.seal(messagePlace, m.raw.subarray(0, messageBytes))),
    ],
  })
}
