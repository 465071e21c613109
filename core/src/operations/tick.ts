/** Time's work on open operations, by set and on one node at a time: what is due goes out, what ran out ends. */
import type { Db, Tx } from '../db/index.ts'
import { tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import type { TurnPart } from './part.ts'
import { bounds, outcomeUnknown } from './transitions.ts'

/** What is found goes by its place: a join whose plan is kept from when nothing waited reads the whole queue for each row of a fleet that ends together. */
const release = `
  with due as (select ctid as place from pending where state in ('held', 'deferred', 'pending') and due <= now() and deadline > now() order by channel, activity limit 10000 for update skip locked)
  update pending p set state = 'pending', due = null, updated = now() from due d where p.ctid = d.place returning p.channel, p.urgent`
/** What was handed over in batches whose leases end, named once: every row of them is judged in this transaction. */
const lapse = `
  with over as (delete from handed where ctid = any(array(select ctid from handed where until <= now() order by until limit ${bounds.batches} for update skip locked)) returning channels, activities)
  select x.channel, x.activity, (select count(*) from over) as batches from over, unnest(over.channels, over.activities) as x (channel, activity) order by 1, 2`
/** Each looked up by itself, in their order. */
const named = (
  condition: string,
  first: 1 | 2,
) => `unnest($${first}::bigint[], $${first + 1}::bigint[]) as x (channel, activity) cross join lateral (
    select q.ctid as place, q.channel, q.activity, q.lease from pending q where q.channel = x.channel and q.activity = x.activity and ${condition} limit 1 for update of q) p`
/** A lease that ran out: again when that is safe, else the honest end is that nobody knows. */
const requeue = `
  with over as (
    select p.place from ${named("q.state = 'sent' and q.lease <= now() and q.safe and not q.cancelling and q.attempts < $1 and q.deadline > now()", 2)})
  update pending p set state = 'pending', lease = null, updated = now(), reason = jsonb_build_object('code', 'no-answer', 'text', 'The device did not answer; it is handed over again.')
  from over o where p.ctid = o.place returning p.channel`
/** A lease that does not end yet, because the clock was set back, is looked at again when it does. */
const later = `
  insert into handed (until, channels, activities)
    select max(p.lease), array_agg(p.channel), array_agg(p.activity) from ${named("q.state = 'sent' and q.lease > now()", 1)} having count(*) > 0`
const end = `
  with lapsed as (
    select p.place from ${named("q.state = 'sent' and q.lease <= now() and (not q.safe or q.cancelling or q.attempts >= $1)", 2)}),
  late as (select ctid as place from pending where deadline <= now() order by channel, activity limit 10000 for update skip locked),
  over as (select * from lapsed union select * from late),
  gone as (delete from pending p using over o where p.ctid = o.place returning p.*),
  moved as (
    insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
    select channel, activity, epoch, operation,
      case when cancelling then 'cancelled' when deadline <= now() and state <> 'acknowledged' then 'expired' else 'failed' end,
      case when state in ('held', 'pending', 'deferred') and attempts = 0 and agains = 0 then jsonb_build_object('code', 'expired', 'text', 'The deadline passed before the device fetched it.')
        when state = 'deferred' then jsonb_build_object('code', 'expired', 'text', 'The device put it off until the deadline passed.')
        when state = 'acknowledged' and not cancelling then jsonb_build_object('code', 'no-result', 'text', 'The device took it and never told the result.')
        else $4::jsonb end,
      attempts, created from gone returning channel, activity, state)
  select m.channel, m.activity, m.state, d.id as device from moved m join channel c on c.no = m.channel join device d on d.no = c.device`

/** Of one tick; the next one goes on. */
const mostRounds = 100
/** Channels and activities, side by side. */
type Keys = [number[], number[]]

export function createTick(o: { db: Db; events: Events; part: TurnPart }) {
  /** Says how many rows moved. Batches end as fast as they came: a crowd of small ones must not wait for their turn by the second. */
  return async function tick(): Promise<number> {
    let moved = 0
    for (let n = 0; n < mostRounds; n++) {
      const round = await once()
      moved += round.moved
      if (round.batches < bounds.batches) break
    }
    return moved
  }
  function once(): Promise<{ moved: number; batches: number }> {
    return o.db.tx(async (tx) => {
      const released = await tx.query<{ channel: number; urgent: boolean }>({ name: 'tick-release', text: release })
      const lapsed = await tx.query<{ channel: number; activity: number; batches: number }>({
        name: 'tick-lapse',
        text: lapse,
      })
      const keys: Keys = [lapsed.map((r) => r.channel), lapsed.map((r) => r.activity)]
      const again =
        lapsed.length === 0
          ? []
          : await tx.query<{ channel: number }>({
              name: 'tick-requeue',
              text: requeue,
              values: [bounds.attempts, ...keys],
            })
      if (lapsed.length > 0) await tx.query({ name: 'tick-later', text: later, values: keys })
      const ended = await endAll(tx, keys)
      const waiting = await o.part.tick(tx)
      const wake = [...new Set([...released, ...again].map((r) => r.channel).concat(waiting))]
      await tellWaiting(
        tx,
        o.events,
        wake,
        released.some((r) => r.urgent),
      )
      return { moved: wake.length + ended, batches: lapsed[0]?.batches ?? 0 }
    }, 'operation.tick')
  }
  async function endAll(tx: Tx, lapsed: Keys): Promise<number> {
    const rows = await tx.query<{ channel: number; activity: number; state: string; device: string }>({
      name: 'tick-end',
      text: end,
      values: [bounds.attempts, ...lapsed, JSON.stringify(outcomeUnknown)],
    })
    if (rows.length === 0) return 0
    await tx.query({
      name: 'tick-tally',
      text: 'insert into tally (activity, state, n) select a, s, count(*) from unnest($1::bigint[], $2::text[]) as x (a, s) group by 1, 2',
      values: [rows.map((r) => r.activity), rows.map((r) => r.state)],
    })
    await o.events.emit(tx, 'operations.changed', {
      rows: rows.map((r) => [r.channel, r.activity, r.state]),
      devices: [...new Set(rows.map((r) => r.device))],
    })
    return rows.length
  }
}

const closeRows = `
  with locked as (select channel, activity from pending where channel = any($1::bigint[]) order by channel, activity for update),
  gone as (delete from pending p using locked l where p.channel = l.channel and p.activity = l.activity returning p.*),
  moved as (insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
    select channel, activity, epoch, operation, 'cancelled', jsonb_build_object('code', 'epoch-closed', 'text', 'The enrolment it was meant for has ended.'), attempts, created from gone returning activity)
  insert into tally (activity, state, n) select activity, 'cancelled', count(*) from moved group by activity`

/** The epoch of these channels is closed: what was queued for it dies with it. */
export async function closeEpoch(tx: Tx, channels: readonly number[]): Promise<void> {
  if (channels.length > 0) await tx.query({ name: 'close-epoch', text: closeRows, values: [channels] })
}
