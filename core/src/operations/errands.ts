/** Errands: a plugin's own commands on the same queue with the same promises, not an administrator's act. */
import type { Json } from '@muster/contract'
import sql from 'sql-template-tag'
import { type Db, jsonText, type Tx } from '../db/index.ts'
import { type KnownChannel, tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { supersede } from './supersede.ts'

/** Days until an errand nobody fetched expires. */
const validDays = 30

/** Names begin with the platform's id, so that an errand never meets an operation. */
export async function queueErrand(
  db: Db,
  events: Events,
  e: { channel: KnownChannel; name: string; payload: Json; collapse?: string },
): Promise<void> {
  await db.tx(async (tx: Tx) => {
    const [a] = await tx.query<{ no: number }>(sql`
      insert into activity (kind, operation, platform, params, actor, target, targets, deadline)
      values ('errand', ${e.name}, ${e.channel.platform}, ${jsonText({ payload: e.payload })}::jsonb, ${`platform:${e.channel.platform}`}, '{}', 1, now() + ${validDays} * interval '1 day') returning no`)
    const no = a?.no ?? 0
    await tx.query(sql`
      insert into pending (channel, activity, epoch, ownership, operation, state, safe, collapse, deadline)
      values (${e.channel.no}, ${no}, ${e.channel.epoch}, ${e.channel.ownership}, ${`errand:${e.name}`}, 'pending', true, ${e.collapse === undefined ? null : `errand:${e.collapse}`}, now() + ${validDays} * interval '1 day')`)
    if (e.collapse !== undefined) await supersede(tx, no)
    await tellWaiting(tx, events, [e.channel.no])
  })
}
