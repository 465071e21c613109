/** A newer operation of the same kind replaces what still waits for the same channel. */
import type { Tx } from '../db/index.ts'
import { outcomeUnknown, perhapsDone } from './transitions.ts'

const statement = (older: string) => `
  with older as (${older}),
  gone as (delete from pending p using older o where p.channel = o.channel and p.activity = o.activity and p.state in ('held', 'pending', 'deferred') returning p.*),
  moved as (
    insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
    select channel, activity, epoch, operation, 'superseded', case when ${perhapsDone} then $2::jsonb else jsonb_build_object('code', 'superseded', 'text', 'A newer one of the same kind took its place.') end, attempts, created from gone
    returning activity
  )
  insert into tally (activity, state, n) select activity, 'superseded', count(*) from moved group by activity`

export async function supersede(tx: Tx, activity: number): Promise<void> {
  await tx.query({ name: 'supersede', text: one, values: [activity, JSON.stringify(outcomeUnknown)] })
}
/** What is new, of different channels. */
export interface Newer {
  channel: number
  activity: number
  collapse: string
}
/** The same of several, each looked up by its own channel; planned each time, as a kept plan believes that nothing waits. */
export async function supersedeAll(tx: Tx, all: readonly Newer[]): Promise<void> {
  if (all.length === 0) return
  const columns = [all.map((n) => n.channel), all.map((n) => n.activity), all.map((n) => n.collapse)]
  await tx.query({ text: several, values: [columns[0], JSON.stringify(outcomeUnknown), columns[1], columns[2]] })
}

const waits = `p.state in ('held', 'pending', 'deferred') and not p.cancelling`
const one = statement(`
    select p.channel, p.activity from pending p join pending n on n.channel = p.channel and n.collapse = p.collapse and n.activity = $1
    where p.activity < $1 and p.collapse is not null and ${waits} order by p.channel, p.activity for update of p`)
const several = statement(`
    select p.channel, p.activity from (
      select * from unnest($1::bigint[], $3::bigint[], $4::text[]) as n (channel, activity, collapse) order by channel) as n
    cross join lateral (
      select p.channel, p.activity from pending p where p.channel = n.channel and p.collapse = n.collapse and p.activity < n.activity and ${waits}
      order by p.activity for update of p) as p`)
