/** The list of alerts over all devices within reach, newest first, and saying that one was looked at. */
import { type Json, Problem } from '@muster/contract'
import sql, { join, type Sql } from 'sql-template-tag'
import { type Principal, type Reach, reachFor, reachSql } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import { type Db, exactTime, isUuid, type Page, pageOf, readCursor, rowNo } from '../db/index.ts'
import type { Events } from '../events/index.ts'

export const alertSeverities = ['warning', 'critical'] as const

export interface AlertView {
  id: string
  at: string
  /** Null: it is about the installation itself. */
  device: { id: string; name: string } | null
  type: string
  severity: (typeof alertSeverities)[number]
  data: Json
  acknowledgedAt: string | null
  acknowledgedBy: string | null
}
export interface AlertFilter {
  severity?: (typeof alertSeverities)[number]
  type?: string
  device?: string
  /** True: not acknowledged yet; false: acknowledged. */
  open?: boolean
}

interface Row {
  no: number
  at: Date
  /** Microseconds survive only as text. */
  place: string
  type: string
  severity: AlertView['severity']
  data: Json
  acknowledged: Date | null
  acknowledged_by: string | null
  device: string | null
  device_name: string | null
}

/** What is about the installation is for those who reach everything. */
const within = (reach: Reach) => (reach.all ? sql`true` : sql`(x.device is not null and ${reachSql(reach)})`)
const columns = sql`x.no, x.at, ${exactTime(sql`x.at`)} as place, x.type, x.severity, x.data, x.acknowledged, x.acknowledged_by, d.id as device, d.name as device_name`
const from = sql`device_event x left join device d on d.no = x.device`

export function createAlerts(o: { db: Db; events: Events; audit: Audit }) {
  const { db } = o

  async function list(f: AlertFilter & { reach: Reach; cursor?: string; limit: number }): Promise<Page<AlertView>> {
    const rows = await db.query<Row>(sql`
      select ${columns} from ${from} where ${join([sql`x.severity <> 'info'`, within(f.reach), ...conditions(f)], ' and ')}
      order by x.at desc, x.no desc limit ${f.limit + 1}`)
    return pageOf(rows, f.limit, view, (r) => [r.place, r.no])
  }

  /** The first acknowledgement stands; a second one changes nothing. Problem not-found, also when it is out of reach. */
  async function acknowledge(id: string, by: Principal): Promise<AlertView> {
    const no = rowNo(id)
    const reach = reachFor(by, 'device:write')
    return db.tx(async (tx) => {
      const found = () =>
        tx.query<Row>(
          sql`select ${columns} from ${from} where x.no = ${no ?? -1} and x.severity <> 'info' and ${within(reach)}`,
        )
      const [before] = await found()
      if (!before) throw new Problem('not-found', { alert: id })
      const taken = await tx.affected(
        sql`update device_event set acknowledged = now(), acknowledged_by = ${by.actor} where no = ${no} and at = ${before.place}::timestamptz and acknowledged is null`,
      )
      if (taken > 0) {
        await o.audit.write(tx, {
          actor: by.actor,
          act: 'alert.acknowledge',
          subject: `alert:${id}`,
          detail: { type: before.type },
        })
        await o.events.emit(tx, 'alert.acknowledged', {
          alert: id,
          by: by.actor,
          devices: before.device === null ? [] : [before.device],
        })
      }
      const [after] = await found()
      return view(after ?? before)
    })
  }
  return { list, acknowledge }
}

function conditions(f: AlertFilter & { cursor?: string }): Sql[] {
  const all: Sql[] = []
  if (f.severity !== undefined) all.push(sql`x.severity = ${f.severity}`)
  if (f.type !== undefined) all.push(sql`x.type = ${f.type}`)
  if (f.device !== undefined)
    all.push(isUuid(f.device) ? sql`x.device = (select w.no from device w where w.id = ${f.device}::uuid)` : sql`false`)
  if (f.open !== undefined) all.push(f.open ? sql`x.acknowledged is null` : sql`x.acknowledged is not null`)
  if (f.cursor !== undefined) {
    const [at, no] = readCursor(f.cursor, ['time', 'no'])
    if (at === null || no === null) throw new Problem('invalid-cursor')
    all.push(sql`(x.at, x.no) < (${at}::timestamptz, ${no}::bigint)`)
  }
  return all
}

function view(r: Row): AlertView {
  return {
    id: String(r.no),
    at: r.at.toISOString(),
    device: r.device === null ? null : { id: r.device, name: r.device_name ?? '' },
    type: r.type,
    severity: r.severity,
    data: r.data,
    acknowledgedAt: r.acknowledged?.toISOString() ?? null,
    acknowledgedBy: r.acknowledged_by,
  }
}
