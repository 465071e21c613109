/** Operations that Muster itself sends: the farewell of a disenrolment, and warnings to the people at a device; queued within the caller's transaction. */
import { deviceDisenrol, deviceMessage, type JsonObject, type OperationDescriptor } from '@muster/contract'
import sql from 'sql-template-tag'
import { jsonText, type Tx } from '../db/index.ts'
import { readDetails, tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { pickRow, type Registry } from '../registry/index.ts'
import { enqueue } from './send.ts'
import { supersede } from './supersede.ts'

interface BySystem {
  descriptor: OperationDescriptor
  params: JsonObject
  rows: readonly { channel: number; device: number; safe: boolean }[]
  actor: string
  urgent: boolean
}

async function queue(tx: Tx, events: Events, q: BySystem): Promise<void> {
  const { descriptor: d } = q
  const [a] = await tx.query<{ no: number; deadline: Date }>(sql`
    insert into activity (operation, params, actor, target, targets, deadline)
    select ${d.id}, ${jsonText(q.params)}::jsonb, ${q.actor}, jsonb_build_object('devices', (select jsonb_agg(id order by no) from device where no = any(${q.rows.map((r) => r.device)}::bigint[]))),
      ${q.rows.length}, now() + ${d.expiresS} * interval '1 second' returning no, deadline`)
  if (!a) return
  await enqueue(tx, { no: a.no, p: { descriptor: d, deadline: a.deadline }, rows: q.rows, urgent: q.urgent })
  if (d.collapse) await supersede(tx, a.no)
  await events.emit(tx, 'activity.created', { activity: a.no, operation: d.id, targets: q.rows.length })
  await tellWaiting(
    tx,
    events,
    q.rows.map((r) => r.channel),
    q.urgent,
  )
}

export function createBySystem(o: { events: Events; registry: Registry }) {
  return {
    /** Tells a device that it is being let go. */
    sendDisenrol: (tx: Tx, d: { device: number; channel: number; actor: string }): Promise<void> =>
      queue(tx, o.events, {
        descriptor: deviceDisenrol,
        params: {},
        rows: [{ channel: d.channel, device: d.device, safe: true }],
        actor: d.actor,
        urgent: true,
      }),
    /** Shows words to whoever is at these devices; where a platform cannot, nothing is sent. */
    sendWarnings: async (
      tx: Tx,
      warnings: readonly { channel: number; device: number; text: string }[],
    ): Promise<void> => {
      const details = await readDetails(
        tx,
        warnings.map((w) => w.channel),
      )
      const able = warnings.filter((w) => {
        const c = details.get(w.channel)
        return (
          c && c.lifecycle === 'active' && 'row' in pickRow(o.registry.operationRows(c.platform, deviceMessage.id), c)
        )
      })
      for (const text of new Set(able.map((w) => w.text))) {
        const rows = able
          .filter((w) => w.text === text)
          .map((w) => ({ channel: w.channel, device: w.device, safe: false }))
        await queue(tx, o.events, {
          descriptor: deviceMessage,
          params: { title: '', text },
          rows,
          actor: 'system',
          urgent: false,
        })
      }
    },
  }
}
