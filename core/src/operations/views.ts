/** Operations as administrators see them: a device's timeline, activities with their counts, and each device of an activity. */
import { type Json, type JsonObject, Problem, type Reason, textIn } from '@muster/contract'
import sql, { empty, raw } from 'sql-template-tag'
import { type Reach, reachSql } from '../access/index.ts'
import type { ApprovalState } from '../approvals/index.ts'
import { type Db, type Page, pageOf, readCursor, readNo } from '../db/index.ts'
import type { Registry } from '../registry/index.ts'
import { operationWireId } from './ids.ts'
import { standing } from './standing.ts'
import { readTally } from './tally.ts'

export interface OperationView {
  id: string
  activity: string
  operation: string
  title: string
  device: string
  deviceName: string
  channel: string
  state: string
  /** It stands until a second administrator approves it. */
  approval: 'waiting' | null
  cancelling: boolean
  reason: Reason | null
  attempts: number
  actor: string
  createdAt: string
  updatedAt: string
  deadline: string
  params: JsonObject
  result: Json
}
export interface ActivityView {
  id: string
  operation: string
  title: string
  params: JsonObject
  actor: string
  target: Json
  urgent: boolean
  createdAt: string
  deadline: string
  cancelledAt: string | null
  targets: number
  /** How many are in each state now. */
  counts: Record<string, number>
  refused: { device: string; code: string; text: string }[]
  /** What became of asking a second administrator; null: nobody had to be asked. */
  approval: ApprovalState | null
}

interface Row {
  channel: number
  activity: number
  operation: string
  state: string
  stands: boolean
  cancelling: boolean
  reason: Reason | null
  attempts: number
  actor: string
  created: Date
  updated: Date
  deadline: Date
  params: JsonObject
  hidden: boolean
  result: Json
  device: string
  device_name: string
  channel_name: string
}
interface ActivityRow {
  no: number
  operation: string
  params: JsonObject
  hidden: boolean
  actor: string
  target: Json
  urgent: boolean
  created: Date
  deadline: Date
  cancelled: Date | null
  targets: number
  refused: ActivityView['refused']
  approval: ApprovalState | null
}

const openAndSettled = sql`(
  select channel, activity, operation, state, ${standing} as stands, cancelling, reason, attempts, created, updated, null::jsonb as result from pending
  union all select channel, activity, operation, state, false, false, reason, attempts, created, at, result from history)`
const columns = sql`o.channel, o.activity, o.operation, o.state, o.stands, o.cancelling, o.reason, o.attempts, o.created, o.updated, o.result,
  a.actor, a.deadline, a.params, a.secret_params is not null as hidden, d.id as device, d.name as device_name, c.name as channel_name`
/** Who looks: somebody whose reach ends sees of the activities those of their own, and those that touch a device within it. */
interface Onlooker {
  actor: string
  reach: Reach
}
const touches = (reach: Reach, rows: 'pending' | 'history') =>
  sql`exists (select from ${raw(rows)} o join channel c on c.no = o.channel join device d on d.no = c.device where o.activity = activity.no and ${reachSql(reach)})`
export const seenBy = (by: Onlooker | undefined) =>
  by === undefined || by.reach.all
    ? empty
    : sql`and (actor = ${by.actor} or ${touches(by.reach, 'pending')} or ${touches(by.reach, 'history')})`
const joined = sql`join activity a on a.no = o.activity join channel c on c.no = o.channel join device d on d.no = c.device`

export function createViews(o: { db: Db; registry: Registry }) {
  const { db, registry } = o
  const title = (operation: string) => textIn(registry.operations.get(operation)?.title ?? operation)
  /** Secret params are not there to be shown; their names stand with a mask. */
  const masked = (operation: string, params: JsonObject, hidden: boolean): JsonObject =>
    hidden
      ? {
          ...params,
          ...Object.fromEntries((registry.operations.get(operation)?.secret ?? []).map((k) => [k, '********'])),
        }
      : params

  const view = (r: Row): OperationView => ({
    id: operationWireId(r.channel, r.activity),
    activity: String(r.activity),
    operation: r.operation,
    title: title(r.operation),
    device: r.device,
    deviceName: r.device_name,
    channel: r.channel_name,
    state: r.state,
    approval: r.stands ? 'waiting' : null,
    cancelling: r.cancelling,
    reason: r.reason,
    attempts: r.attempts,
    actor: r.actor,
    createdAt: r.created.toISOString(),
    updatedAt: r.updated.toISOString(),
    deadline: r.deadline.toISOString(),
    params: masked(r.operation, r.params, r.hidden),
    result: r.result,
  })
  const activityView = (r: ActivityRow, counts: Record<string, number>): ActivityView => ({
    id: String(r.no),
    operation: r.operation,
    title: title(r.operation),
    params: masked(r.operation, r.params, r.hidden),
    actor: r.actor,
    target: r.target,
    urgent: r.urgent,
    createdAt: r.created.toISOString(),
    deadline: r.deadline.toISOString(),
    cancelledAt: r.cancelled?.toISOString() ?? null,
    targets: r.targets,
    counts,
    refused: r.refused,
    approval: r.approval,
  })
  const activityColumns = sql`no, operation, params, secret_params is not null as hidden, actor, target, urgent, created, deadline, cancelled, targets, refused,
    (select p.state from approval p where p.activity = activity.no) as approval`

  return {
    /** Newest first, open and settled together, over all epochs of the device. */
    ofDevice: async (deviceNo: number, p: { cursor?: string; limit: number }): Promise<Page<OperationView>> => {
      const before = readNo(p.cursor)
      const rows = await db.query<Row>(sql`
        select ${columns} from ${openAndSettled} o ${joined}
        where o.channel in (select no from channel where device = ${deviceNo}) and a.kind = 'operation' ${before === undefined ? empty : sql`and o.activity < ${before}`}
        order by o.activity desc limit ${p.limit + 1}`)
      return pageOf(rows, p.limit, view, (r) => [r.activity])
    },
    /** Each device of an activity, by channel. */
    ofActivity: async (
      activity: number,
      reach: Reach,
      p: { cursor?: string; limit: number; state?: string },
    ): Promise<Page<OperationView>> => {
      const [after] = p.cursor === undefined ? [0] : readCursor(p.cursor, ['no'])
      const rows = await db.query<Row>(sql`
        select ${columns} from ${openAndSettled} o ${joined}
        where o.activity = ${activity} and o.channel > ${after} and ${reachSql(reach, 'd')} ${p.state === undefined ? empty : sql`and o.state = ${p.state}`}
        order by o.channel limit ${p.limit + 1}`)
      return pageOf(rows, p.limit, view, (r) => [r.channel])
    },
    activity: async (no: number, by?: Onlooker): Promise<ActivityView> => {
      const [row] = await db.query<ActivityRow>(
        sql`select ${activityColumns} from activity where no = ${no} and kind = 'operation' ${seenBy(by)}`,
      )
      if (!row) throw new Problem('not-found', { activity: String(no) })
      return activityView(row, (await readTally(db, [no])).get(no) ?? {})
    },
    activities: async (p: {
      cursor?: string
      limit: number
      operation?: string
      actor?: string
      by?: Onlooker
    }): Promise<Page<ActivityView>> => {
      const before = readNo(p.cursor)
      const rows = await db.query<ActivityRow>(sql`
        select ${activityColumns} from activity where kind = 'operation' ${before === undefined ? empty : sql`and no < ${before}`}
          ${p.operation === undefined ? empty : sql`and operation = ${p.operation}`} ${p.actor === undefined ? empty : sql`and actor = ${p.actor}`} ${seenBy(p.by)}
        order by no desc limit ${p.limit + 1}`)
      const counts = await readTally(
        db,
        rows.map((r) => r.no),
      )
      return pageOf(
        rows,
        p.limit,
        (r) => activityView(r, counts.get(r.no) ?? {}),
        (r) => [r.no],
      )
    },
  }
}
