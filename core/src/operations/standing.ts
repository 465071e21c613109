/** Operations that stand until a second person approves them: held, and due at no time. Released they are held for the usual window, or end. */
import sql from 'sql-template-tag'
import { jsonText, type Tx } from '../db/index.ts'
import { tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'

/** Seconds a destructive operation is held, during which one click cancels it. */
export const holdS = 600
export const standing = sql`state = 'held' and due is null`

/** Right after it was queued, in the same transaction: nothing of it goes out. */
export async function stand(tx: Tx, activity: number): Promise<void> {
  await tx.query(sql`update pending set state = 'held', due = null where activity = ${activity}`)
}

export function createStanding(o: {
  events: Events
  /** Disenrolment begins with the operation that tells the device. */
  startDisenrol(tx: Tx, devices: readonly number[], actor: string): Promise<void>
}) {
  return {
    release: async (tx: Tx, activity: number): Promise<number> => {
      const [a] = await tx.query<{ operation: string; actor: string; urgent: boolean }>(
        sql`select operation, actor, urgent from activity where no = ${activity}`,
      )
      const leaving = a?.operation === 'device.disenrol'
      const rows = await tx.query<{ channel: number; device: number }>(sql`
        with open as (select channel from pending where activity = ${activity} and ${standing} order by channel for update)
        update pending p set state = ${leaving ? 'pending' : 'held'}, due = case when ${leaving} then null else now() + ${holdS} * interval '1 second' end, updated = now()
        from open q join channel c on c.no = q.channel where p.channel = q.channel and p.activity = ${activity} returning p.channel, c.device`)
      if (a && leaving && rows.length > 0) {
        const devices = rows.map((r) => r.device)
        await o.startDisenrol(tx, devices, a.actor)
        const channels = rows.map((r) => r.channel)
        await tellWaiting(tx, o.events, channels, a.urgent)
      }
      return rows.length
    },
    end: async (tx: Tx, activity: number, reason: { code: string; text: string }): Promise<number> => {
      const rows = await tx.query<{ channel: number; device: string }>(sql`
        with locked as (select channel from pending where activity = ${activity} and ${standing} order by channel for update),
        gone as (delete from pending p using locked l where p.channel = l.channel and p.activity = ${activity} returning p.*),
        moved as (insert into history (channel, activity, epoch, operation, state, reason, attempts, created)
          select channel, activity, epoch, operation, 'cancelled', ${jsonText(reason)}::jsonb, attempts, created from gone returning channel, activity),
        counted as (insert into tally (activity, state, n) select activity, 'cancelled', count(*) from moved group by activity)
        select m.channel, d.id as device from moved m join channel c on c.no = m.channel join device d on d.no = c.device`)
      if (rows.length > 0) {
        await tx.query(sql`update activity set cancelled = coalesce(cancelled, now()) where no = ${activity}`)
        await o.events.emit(tx, 'operations.changed', {
          rows: rows.map((r) => [r.channel, activity, 'cancelled']),
          devices: [...new Set(rows.map((r) => r.device))],
        })
      }
      return rows.length
    },
  }
}
