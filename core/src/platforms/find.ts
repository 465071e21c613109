/** Finding a channel by what an outside service calls it, or by one of its facts. */
import type { Channel } from '@muster/contract'
import sql from 'sql-template-tag'
import { type Db, jsonText } from '../db/index.ts'
import { readChannels } from '../devices/index.ts'

/** `ref`: the other side's name for something handed over and still open. `fact`: the device's main channel, when exactly one open device has it. */
export async function findChannel(
  db: Db,
  platform: string,
  by: { ref: string } | { fact: string; value: string },
): Promise<Channel | undefined> {
  if ('ref' in by) {
    const found = await readChannels(
      db,
      sql`d.platform = ${platform} and c.no in (select channel from pending where ref = ${by.ref} union select channel from feature_state where ref = ${by.ref})`,
    )
    return found.length === 1 ? found[0] : undefined
  }
  const found = await readChannels(
    db,
    sql`d.platform = ${platform} and e.state <> 'removed' and c.closed is null and d.outline @> ${jsonText({ [by.fact]: by.value })}::jsonb and c.name in ('device', 'agent') order by c.no limit 3`,
  )
  const devices = new Set(found.map((c) => c.device))
  return devices.size === 1 ? found[0] : undefined
}

/** Enrolled devices that report this fact. */
export async function countDevices(db: Db, platform: string, by: { fact: string; value: string }): Promise<number> {
  const [row] = await db.query<{ n: number }>(sql`
    select count(*) as n from device d where d.platform = ${platform} and d.lifecycle = 'active' and d.outline @> ${jsonText({ [by.fact]: by.value })}::jsonb`)
  return row?.n ?? 0
}
