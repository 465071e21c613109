/** A newer operation of the same kind replaces what still waits for the same channel. */
import type { Tx } from '../db/index.ts'
import { outcomeUnknown, perhapsDone } from './transitions.ts'

const waits = `p.state in ('held', 'pending', 'deferred') and not p.cancelling`
/**
 * `newer`: channel, activity, collapse. Each is looked up by its own channel, and what is found goes by its place: a join of all with all, whose
 * plan is kept from when nothing waited, reads the whole queue for each row (100,000 took minutes, and take seconds).
 */
const statement = (newer: string) => `
  with older as (
    select p.place from (${newer}) n cross join lateral (
      select p.ctid as place from pending p where p.channel = n.channel and p.collapse = n.collapse and p.activity < n.activity and ${waits}
      order by p.activity for update of p) p),
  gone as (delete from pending p using older o where p.ctid = o.place and p.state in ('held', 'pending', 'deferred') returning p.*),
  moved as (
    insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
    select channel, activity, epoch, operation, 'superseded', case when ${perhapsDone} then $2::jsonb else jsonb_build_object('code', 'superseded', 'text', 'A newer one of the same kind took its place.') end, attempts, created from gone
    returning activity
  )
  insert into tally (activity, state, n) select activity, 'superseded', count(*) from moved group by activity`

/** What waits for the channels of this activity, however many they are. */
export async function supersede(tx: Tx, activity: number): Promise<void> {
  await tx.query({ name: 'supersede', text: supersedeRows, values: [activity, JSON.stringify(outcomeUnknown)] })
}
/** What is new, of different channels. */
export interface Newer {
  channel: number
  activity: number
  collapse: string
}
/** The same of several. */
export async function supersedeAll(tx: Tx, all: readonly Newer[]): Promise<void> {
  if (all.length === 0) return
  const columns = [all.map((n) => n.channel), all.map((n) => n.activity), all.map((n) => n.collapse)]
  await tx.query({ text: several, values: [columns[0], JSON.stringify(outcomeUnknown), columns[1], columns[2]] })
}

export const supersedeRows = statement(
  'select channel, activity, collapse from pending where activity = $1 and collapse is not null order by channel',
)
const several = statement(
  'select * from unnest($1::bigint[], $3::bigint[], $4::text[]) as n (channel, activity, collapse) order by channel',
)
