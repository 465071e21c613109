/** What the node that delivered before had claimed when it died: nobody hands it over any more, so it need not wait for the end of its lease. */
import sql, { empty, type Sql } from 'sql-template-tag'
import type { Db } from '../db/index.ts'

/** The channels that we call: of one platform, of these kinds (all when absent). */
interface Reach {
  readonly platform: string
  readonly calls: readonly string[] | undefined
}
/** Of `channel c` and `device d`. */
export function reached({ platform, calls }: Reach): Sql {
  const kinds = calls ? sql`and split_part(c.name, ':', 1) = any(${[...calls]}::text[])` : empty
  return sql`d.platform = ${platform} ${kinds}`
}

/**
 * One node at a time delivers, so whoever begins finds no living claim but its own. Leases end now for what may be handed over twice and for
 * settings, and time's work judges them as it judges any. What may not be done twice may have left: it keeps its lease, and its honest end.
 */
export async function takeBack(db: Db, reach: Reach): Promise<void> {
  const of = sql`join channel c on c.no = x.channel join device d on d.no = c.device where ${reached(reach)} and x.state = 'sent' and x.lease > now()`
  await db.tx(async (tx) => {
    await tx.query(sql`
      with mine as (select x.channel, x.activity from pending x ${of} and x.safe order by 1, 2 for update of x),
      over as (update pending p set lease = now() from mine m where p.channel = m.channel and p.activity = m.activity returning p.channel, p.activity)
      insert into handed (until, channels, activities) select now(), array_agg(channel), array_agg(activity) from over having count(*) > 0`)
    // Locked as time's work locks them: the channel before its features.
    const channels = await tx.query<{ channel: number }>(sql`
      select cs.channel from channel_set cs where cs.channel in (select x.channel from feature_state x ${of}) order by 1 for update`)
    const all = channels.map((r) => r.channel)
    if (all.length === 0) return
    await tx.query(sql`update feature_state set lease = now() where channel = any(${all}::bigint[]) and state = 'sent'`)
    await tx.query(sql`update channel_set set due = now() where channel = any(${all}::bigint[])`)
  })
}
