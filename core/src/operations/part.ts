/** What else rides a turn beside operations: policies' settings. Given from above, so that operations need not know them. */
import type { ChannelDetail, Delivery, Json, JsonObject, Outcome, Verdict } from '@muster/contract'
import type { Tx } from '../db/index.ts'

/** Every call works on many channels at once and costs nothing for those with nothing; lists answered are channels that have something to fetch now. */
export interface TurnPart {
  /** Whether an id is this part's to settle. */
  owns(id: string): boolean
  settle(
    tx: Tx,
    said: readonly { channel: ChannelDetail; id?: string; ref?: string; outcome: Outcome | { reply: Json } }[],
  ): Promise<number[]>
  verdicts(
    tx: Tx,
    rows: readonly {
      channel: ChannelDetail
      verdicts?: Readonly<Record<string, Verdict>>
      facts?: Readonly<JsonObject>
      partial?: boolean
    }[],
  ): Promise<number[]>
  /** Devices say which deliveries they have (`has`: wire ids, of all parts): what else is under way is handed over again. Answers channels with such. */
  missing(tx: Tx, said: readonly { channel: number; has: readonly string[] }[]): Promise<number[]>
  variablesChanged(tx: Tx, channels: readonly ChannelDetail[]): Promise<number[]>
  /** Which of these `take` would look at: the others' details are not even read. */
  waiting(tx: Tx, channels: readonly number[]): Promise<readonly number[]>
  take(
    tx: Tx,
    wants: readonly { channel: ChannelDetail; take: number; deferred?: 'again' | 'skip' }[],
  ): Promise<readonly Delivery[]>
  tick(tx: Tx): Promise<number[]>
  closed(tx: Tx, channels: readonly number[]): Promise<void>
}
