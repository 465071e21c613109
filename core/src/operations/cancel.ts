/** Cancelling: what waits ends at once; what was handed over is marked, never sent again, and ends by the device's word or as unknown. */
import { operationPermission, Problem } from '@muster/contract'
import sql, { raw } from 'sql-template-tag'
import { demand, type Principal, reachFor, reachSql } from '../access/index.ts'
import type { Approvals } from '../approvals/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Db } from '../db/index.ts'
import type { Events } from '../events/index.ts'
import { outcomeUnknown, perhapsDone } from './transitions.ts'
import { seenBy } from './views.ts'

export interface Cancelled {
  /** Ended before they were handed over. */
  cancelled: number
  /** Handed over already: they end by report, or as outcome unknown. */
  cancelling: number
}

export function createCancel(o: { db: Db; events: Events; audit: Audit; approvals: Pick<Approvals, 'withdrawn'> }) {
  /** Only on devices within the principal's reach. Repeats change nothing. Throws Problem `not-found` where nothing of it is within it. */
  return async function cancel(activity: number, principal: Principal): Promise<Cancelled> {
    return o.db.tx(async (tx) => {
      const [a] = await tx.query<{ operation: string }>(
        sql`select operation from activity where no = ${activity} and kind = 'operation' for update`,
      )
      if (!a) throw new Problem('not-found')
      demand(principal, operationPermission(a.operation))
      const reach = reachFor(principal, operationPermission(a.operation))
      const within = sql`p.activity = ${activity} and exists (select from channel c join device d on d.no = c.device where c.no = p.channel and ${reachSql(reach)})`
      const reason = JSON.stringify({ code: 'cancelled', text: `Cancelled by ${principal.name}.` })
      const unknown = JSON.stringify(outcomeUnknown)
      const [ended] = await tx.query<{ n: number }>(sql`
        with locked as (select p.channel from pending p where ${within} and p.state in ('held', 'pending', 'deferred') order by p.channel for update),
        gone as (delete from pending p using locked l where p.channel = l.channel and p.activity = ${activity} and p.state in ('held', 'pending', 'deferred') returning p.*),
        moved as (insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
          select channel, activity, epoch, operation, 'cancelled', case when ${raw(perhapsDone)} then ${unknown}::jsonb else ${reason}::jsonb end, attempts, created from gone returning activity),
        counted as (insert into tally (activity, state, n) select activity, 'cancelled', count(*) from moved group by activity)
        select count(*)::integer as n from moved`)
      const cancelling = await tx.affected(
        sql`update pending p set cancelling = true, updated = now() where ${within} and p.state in ('sent', 'acknowledged') and not p.cancelling`,
      )
      const cancelled = ended?.n ?? 0
      if (cancelled + cancelling > 0) {
        await o.approvals.withdrawn(tx, activity, principal.actor)
        await tx.query(sql`update activity set cancelled = coalesce(cancelled, now()) where no = ${activity}`)
        await o.audit.write(tx, {
          actor: principal.actor,
          act: 'activity.cancel',
          subject: `activity:${activity}`,
          detail: { cancelled, cancelling },
        })
        await o.events.emit(tx, 'activity.cancelled', { activity, operation: a.operation, cancelled, cancelling })
      } else {
        const seen = await tx.query(
          sql`select from activity where no = ${activity} ${seenBy({ actor: principal.actor, reach })}`,
        )
        if (seen.length === 0) throw new Problem('not-found', { activity: String(activity) })
      }
      return { cancelled, cancelling }
    }, 'operation.cancel')
  }
}
