/** Errands: a plugin's own commands on the same queue with the same promises, not an administrator's act. */
import type { Json } from '@muster/contract'
import { type Db, jsonText, together } from '../db/index.ts'
import { type KnownChannel, tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { supersedeAll } from './supersede.ts'

/** Days until an errand nobody fetched expires. */
const validDays = 30
export interface Errand {
  channel: KnownChannel
  name: string
  payload: Json
  collapse?: string
}

/** Names begin with the platform's id, so that an errand never meets an operation. Each is an activity of its own. */
const statement = `
  with given as (
    select nextval('activity_no') as no, g.* from unnest($1::text[], $2::text[], $3::jsonb[], $4::bigint[], $5::integer[], $6::text[], $7::text[])
      as g (name, platform, params, channel, epoch, ownership, collapse)),
  activities as (
    insert into activity (no, kind, operation, platform, params, actor, target, targets, deadline)
    select no, 'errand', name, platform, params, 'platform:' || platform, '{}', 1, now() + ${validDays} * interval '1 day' from given returning no)
  insert into pending (channel, activity, epoch, ownership, operation, state, safe, collapse, deadline)
  select g.channel, a.no, g.epoch, g.ownership, 'errand:' || g.name, 'pending', true, 'errand:' || g.collapse, now() + ${validDays} * interval '1 day'
  from given g join activities a using (no) order by g.channel returning channel, activity, collapse`

/** Those that come together are queued together, one of a channel at most. */
export function createErrands(db: Db, events: Events): (e: Errand) => Promise<void> {
  async function queue(all: readonly Errand[]): Promise<void> {
    await db.tx(async (tx) => {
      const rows = await tx.query<{ channel: number; activity: number; collapse: string | null }>({
        name: 'errands-queue',
        text: statement,
        values: [
          all.map((e) => e.name),
          all.map((e) => e.channel.platform),
          all.map((e) => jsonText({ payload: e.payload })),
          all.map((e) => e.channel.no),
          all.map((e) => e.channel.epoch),
          all.map((e) => e.channel.ownership),
          all.map((e) => e.collapse ?? null),
        ],
      })
      const collapsing = rows.flatMap(({ channel, activity, collapse }) =>
        collapse === null ? [] : [{ channel, activity, collapse }],
      )
      await supersedeAll(tx, collapsing)
      await tellWaiting(
        tx,
        events,
        all.map((e) => e.channel.no),
      )
    })
  }
  const one = together<Errand, true>({
    many: (all) => queue(all).then(() => all.map(() => true)),
    alone: (e) => queue([e]).then(() => true),
    keys: (e) => [String(e.channel.no)],
  })
  return async (e) => {
    await one(e)
  }
}
