/** What a plugin tells the administrator about the installation: once in a month, however often it says it. */
import type { Json } from '@muster/contract'
import sql from 'sql-template-tag'
import { jsonText } from '../db/index.ts'
import type { PlatformsDeps } from './deps.ts'

export async function alertOnce(
  o: Pick<PlatformsDeps, 'db' | 'raise'>,
  a: { type: string; severity: 'info' | 'warning' | 'critical'; data: Json },
): Promise<void> {
  await o.db.tx(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${a.type}, 0))`)
    const said = await tx.query(sql`
      select from device_event where device is null and type = ${a.type} and data = ${jsonText(a.data)}::jsonb and at > now() - interval '30 days' limit 1`)
    if (said.length === 0) await o.raise(tx, [a])
  })
}
