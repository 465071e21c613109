/** Letting a device go: the disenrolment's own operation, queued within the transaction that marks the enrolment. */
import { deviceDisenrol, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import { tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { enqueue } from './send.ts'
import { supersede } from './supersede.ts'

export async function disenrolRow(tx: Tx, o: { events: Events }, d: { device: number; channel: number; actor: string }): Promise<void> {
  const [a] = await tx.query<{ no: number; deadline: Date }>(sql`
    insert into activity (operation, params, actor, target, targets, deadline)
    select ${deviceDisenrol.id}, '{}', ${d.actor}, jsonb_build_object('devices', jsonb_build_array(id)), 1, now() + ${deviceDisenrol.expiresS} * interval '1 second' from device where no = ${d.device}
    returning no, deadline`)
  if (!a) throw new Problem('not-found')
  await enqueue(tx, { no: a.no, p: { descriptor: deviceDisenrol, deadline: a.deadline }, rows: [{ channel: d.channel, device: d.device, safe: true }], urgent: true })
  await supersede(tx, a.no)
  await o.events.emit(tx, 'activity.created', { activity: a.no, operation: deviceDisenrol.id, targets: 1 })
  await tellWaiting(tx, o.events, [d.channel], true)
}
