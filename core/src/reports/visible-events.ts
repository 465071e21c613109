/** The event stream as one reader may see it: what is about devices only within their reach, and what nodes tell one another not at all. */
import type { EventMap } from '@muster/contract'
import sql from 'sql-template-tag'
import { type Principal, type Reach, reachFor, reachSql } from '../access/index.ts'
import type { Db } from '../db/index.ts'
import type { EventRecord } from '../events/index.ts'

/** Between nodes: they name credentials and queues, and say nothing to a person. */
const inner: ReadonlySet<keyof EventMap> = new Set([
  'channels.waiting',
  'channels.deferred',
  'tokens.revoked',
  'credentials.revoked',
])

export function createVisibleEvents(o: { db: Db }) {
  return async function visibleEvents(batch: readonly EventRecord[], reader: Principal): Promise<EventRecord[]> {
    const shown = batch.filter((e) => !inner.has(e.type))
    const reach = reachFor(reader, 'event:read')
    if (reach.all || shown.length === 0) return shown
    const within = await reached(shown.flatMap(devicesOf), reach)
    return shown.flatMap((e) => narrowed(e, within) ?? [])
  }

  async function reached(devices: readonly string[], reach: Reach): Promise<ReadonlySet<string>> {
    if (devices.length === 0) return new Set()
    const rows = await o.db.query<{ id: string }>(
      sql`select d.id::text as id from device d where d.id = any(${[...new Set(devices)]}::uuid[]) and ${reachSql(reach)}`,
    )
    return new Set(rows.map((r) => r.id))
  }
}

function devicesOf(e: EventRecord): string[] {
  if ('device' in e.data) return [e.data.device]
  return 'devices' in e.data ? e.data.devices : []
}

/** The event without what is out of reach; undefined when nothing is left. Rows of a batch name channels, which tell too much. */
function narrowed(e: EventRecord, within: ReadonlySet<string>): EventRecord | undefined {
  if ('device' in e.data) return within.has(e.data.device) ? e : undefined
  if (!('devices' in e.data)) return undefined
  const devices = e.data.devices.filter((d) => within.has(d))
  if (devices.length === 0) return undefined
  return { ...e, data: { ...e.data, devices, ...('rows' in e.data ? { rows: [] } : {}) } } as EventRecord
}
