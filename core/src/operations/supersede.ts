/** A newer operation of the same kind replaces what still waits for the same channel. */
import type { Tx } from '../db/index.ts'
import { outcomeUnknown, perhapsDone } from './transitions.ts'

const statement = `
  with older as (
    select p.channel, p.activity from pending p join pending n on n.channel = p.channel and n.collapse = p.collapse and n.activity = $1
    where p.activity < $1 and p.collapse is not null and p.state in ('held', 'pending', 'deferred') and not p.cancelling order by p.channel, p.activity for update of p
  ),
  gone as (delete from pending p using older o where p.channel = o.channel and p.activity = o.activity and p.state in ('held', 'pending', 'deferred') returning p.*),
  moved as (
    insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
    select channel, activity, epoch, operation, 'superseded', case when ${perhapsDone} then $2::jsonb else jsonb_build_object('code', 'superseded', 'text', 'A newer one of the same kind took its place.') end, attempts, created from gone
    returning activity
  )
  insert into tally (activity, state, n) select activity, 'superseded', count(*) from moved group by activity`

export async function supersede(tx: Tx, activity: number): Promise<void> {
  await tx.query({ name: 'supersede', text: statement, values: [activity, JSON.stringify(outcomeUnknown)] })
}
