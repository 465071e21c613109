/**
 * The SQL of webhooks. What the deliverer writes holds only for the turn it works in: a replay begins a new one. And a place it moves only while the
 * webhook is as it knows it: what it passed over may be just what a change asked for.
 */
import sql from 'sql-template-tag'
import type { Db, Sqlish } from '../db/index.ts'

export interface HookRow {
  no: number
  url: string
  description: string
  events: string[]
  reader: string
  secret: Buffer
  previous: Buffer | null
  state: 'active' | 'paused'
  reason: { code: string; text: string } | null
  position: string
  turn: number
  failing_since: Date | null
  last_delivered: Date | null
  revision: number
  created: Date
  created_by: string
}

/** The old secret is answered only while it still signs. */
export const hookColumns = sql`no, url, description, events, reader, secret, case when previous_until > now() then previous end as previous, state, reason, position, turn, failing_since, last_delivered, revision, created, created_by`

export function activeHooks(db: Sqlish): Promise<HookRow[]> {
  return db.query<HookRow>(sql`select ${hookColumns} from webhook where state = 'active' order by no`)
}

export interface Attempt {
  event: string
  type: string
  ms: number
  status?: number
  error?: string
}

/** One statement: the event was taken, and the place moves behind it. False when the turn is over, or the webhook was changed. */
export async function delivered(db: Db, hook: HookRow, a: Attempt): Promise<boolean> {
  const done = await db.affected({
    name: 'webhook-delivered',
    text: `with moved as (
        update webhook set position = $3, failing_since = null, last_delivered = now() where no = $1 and turn = $2 and revision = $7 and state = 'active' returning no)
      insert into webhook_delivery as d (webhook, turn, event, type, state, status, ms)
      select no, $2, $3, $4, 'delivered', $5, $6 from moved
      on conflict (webhook, turn, event) do update set state = 'delivered', attempts = d.attempts + 1, status = excluded.status, error = null, ms = excluded.ms, at = now()`,
    values: [hook.no, hook.turn, a.event, a.type, a.status ?? null, a.ms, hook.revision],
  })
  return done > 0
}

/** The event was not taken. Answers for how many seconds none has been; undefined when the turn is over. */
export async function failed(db: Db, hook: HookRow, a: Attempt): Promise<number | undefined> {
  const [row] = await db.query<{ failing: number }>({
    name: 'webhook-failed',
    text: `with marked as (
        update webhook set failing_since = coalesce(failing_since, now()) where no = $1 and turn = $2 and state = 'active' returning no, failing_since),
      noted as (
        insert into webhook_delivery as d (webhook, turn, event, type, state, status, error, ms)
        select no, $2, $3, $4, 'failing', $5, $6, $7 from marked
        on conflict (webhook, turn, event) do update set attempts = d.attempts + 1, status = excluded.status, error = excluded.error, ms = excluded.ms, at = now())
      select extract(epoch from now() - failing_since)::float8 as failing from marked`,
    values: [hook.no, hook.turn, a.event, a.type, a.status ?? null, a.error?.slice(0, 500) ?? null, a.ms],
  })
  return row?.failing
}

/** Nothing up to there was for this webhook, or it was served. */
export async function passed(db: Db, hook: HookRow, position: string): Promise<void> {
  await db.query(
    sql`update webhook set position = ${position} where no = ${hook.no} and turn = ${hook.turn} and revision = ${hook.revision}`,
  )
}
