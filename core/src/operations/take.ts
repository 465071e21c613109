/** What can go out now: open rows of a channel become deliveries, marked as sent in the same batch. */
import type { ChannelDetail, Delivery, Json, JsonObject, Reason } from '@muster/contract'
import { jsonText, type Tx } from '../db/index.ts'
import { pickRow, type Registry } from '../registry/index.ts'
import type { ActivityCache, ActivityWords } from './activities.ts'
import { operationWireId } from './ids.ts'
import type { SettledRow } from './settle.ts'

export interface Want {
  readonly channel: ChannelDetail
  readonly take: number
  /** Offer what the device put off before its time. */
  readonly again: boolean
}
export interface Taken {
  readonly deliveries: Delivery[]
  readonly settled: SettledRow[]
  readonly sent: { channel: number; activity: number }[]
}
/** Seconds after which an unanswered delivery is judged (redelivered when that is safe, else outcome unknown). */
export const leaseS = 300

interface SentRow {
  channel: number
  activity: number
  operation: string
  attempts: number
  deadline: Date
  kept: Json
}
export interface DeliveryExtras {
  /** Escrowed values a row needs, read and audited. */
  secrets(tx: Tx, needs: readonly { channel: number; names: readonly string[] }[]): Promise<Map<number, Record<string, string>>>
  /** The signature over a command that its descriptor wants signed. */
  envelope(c: ChannelDetail, id: string, words: ActivityWords, deadline: Date): Promise<string | undefined>
}

const claim = `
  with want as (select * from unnest($1::bigint[], $2::integer[], $3::boolean[]) as w (channel, n, again)),
  picked as (
    select p.channel, p.activity from want w cross join lateral (
      select q.channel, q.activity from pending q
      where q.channel = w.channel and (q.state = 'pending' or (w.again and q.state = 'deferred')) and q.deadline > now()
      order by q.urgent desc, (q.kept is not null) desc, q.activity limit w.n for update skip locked) p
  )
  update pending p set state = 'sent', attempts = p.attempts + 1, lease = now() + $4 * interval '1 second', due = null, updated = now()
  from picked k where p.channel = k.channel and p.activity = k.activity
  returning p.channel, p.activity, p.operation, p.attempts, p.deadline, p.kept, p.urgent`
const refuse = `
  with x as (select * from unnest($1::bigint[], $2::bigint[], $3::jsonb[]) as x (channel, activity, reason)),
  gone as (delete from pending p using x where p.channel = x.channel and p.activity = x.activity returning p.*)
  insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
  select g.channel, g.activity, g.epoch, g.operation, 'failed', x.reason, g.attempts - 1, g.created from gone g join x using (channel, activity)`

export function createTake(o: { registry: Registry; activities: ActivityCache; extras: DeliveryExtras }) {
  return async function take(tx: Tx, wants: readonly Want[]): Promise<Taken> {
    const asked = wants.filter((w) => w.take > 0)
    if (asked.length === 0) return { deliveries: [], settled: [], sent: [] }
    const rows = await tx.query<SentRow & { urgent: boolean }>({ name: 'take', text: claim, values: [asked.map((w) => w.channel.no), asked.map((w) => w.take), asked.map((w) => w.again), leaseS] })
    if (rows.length === 0) return { deliveries: [], settled: [], sent: [] }
    // UPDATE returns rows in no order: give them back in the queue's.
    rows.sort((a, b) => Number(b.urgent) - Number(a.urgent) || Number(b.kept !== null) - Number(a.kept !== null) || a.activity - b.activity)
    const details = new Map(asked.map((w) => [w.channel.no, w.channel]))
    const words = await o.activities.read(tx, rows.map((r) => r.activity))
    const planned = rows.map((r) => plan(r, details.get(r.channel) as ChannelDetail, words.get(r.activity)))
    const needs = planned.flatMap((p) => (p.needs.length > 0 ? [{ channel: p.row.channel, names: p.needs }] : []))
    const escrow = needs.length > 0 ? await o.extras.secrets(tx, needs) : new Map<number, Record<string, string>>()
    const impossible = planned.filter((p) => p.reason)
    if (impossible.length > 0) {
      await tx.query({ name: 'take-refuse', text: refuse, values: [impossible.map((p) => p.row.channel), impossible.map((p) => p.row.activity), impossible.map((p) => jsonText(p.reason))] })
    }
    const going = planned.filter((p) => p.make)
    return {
      deliveries: await Promise.all(going.map((p) => (p.make as NonNullable<Plan['make']>)(escrow.get(p.row.channel) ?? {}))),
      settled: impossible.map((p) => ({ channel: p.row.channel, activity: p.row.activity, operation: p.row.operation, state: 'failed' })),
      sent: going.map((p) => ({ channel: p.row.channel, activity: p.row.activity })),
    }
  }

  interface Plan {
    row: SentRow
    needs: readonly string[]
    reason?: Reason
    make?: (secrets: Record<string, string>) => Promise<Delivery>
  }
  function plan(r: SentRow, channel: ChannelDetail, words: ActivityWords | undefined): Plan {
    if (!words) return { row: r, needs: [], reason: { code: 'activity-missing', text: 'The activity behind this operation is gone.' } }
    const id = operationWireId(r.channel, r.activity)
    const head = { id, channel, attempt: r.attempts, deadline: r.deadline.toISOString() }
    if (words.kind === 'errand') {
      return { row: r, needs: [], make: async (secrets) => ({ ...head, secrets, kind: 'errand', name: words.operation, payload: (words.params as JsonObject).payload ?? null }) }
    }
    const picked = pickRow(o.registry.operationRows(channel.platform, words.operation), channel)
    if ('reason' in picked) return { row: r, needs: [], reason: picked.reason }
    const { row } = picked
    return {
      row: r,
      needs: row.needs ?? [],
      make: async (secrets) => ({
        ...head,
        secrets,
        kind: 'operation',
        operation: words.operation,
        row,
        params: words.params,
        kept: r.kept ?? undefined,
        envelope: await o.extras.envelope(channel, id, words, r.deadline),
      }),
    }
  }
}
