/**
 * Who belongs to a dynamic group, kept in `group_member` beside the static members: lists, roles, policies and targets all read that one table.
 * Queries are evaluated when a group changes (same transaction) and when devices change (following the event bus, within a second).
 */
import sql, { empty, join, type Sql } from 'sql-template-tag'
import type { Db, Tx } from '../db/index.ts'
import type { Events, Follower } from '../events/index.ts'
import { type Query, querySql } from './query.ts'

export interface Scope {
  /** Only these groups; all dynamic ones when absent. */
  groups?: readonly number[]
  /** Only these devices (ids); all when absent. */
  devices?: readonly string[]
}
interface Change {
  group: number
  changed: number
  devices: string[]
}
/** Groups in one statement, devices in one statement, and how many changed devices are named before only the group is. */
const limits = { groups: 25, devices: 1000, named: 500 } as const

/** One evaluation at a time: an older one must never overwrite a newer. Taken before any row lock. */
export async function lockMembers(tx: Tx): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended('group members', 7312))`)
}

/** Brings members in line with the queries and tells of each group and device that moved; the caller holds `lockMembers`. Answers how many memberships changed. */
export async function evaluate(tx: Tx, events: Events, scope: Scope): Promise<number> {
  const only = scope.groups ? sql`and no = any(${scope.groups}::bigint[])` : empty
  const groups = await tx.query<{ no: number; query: Query }>(
    sql`select no, query from device_group where query is not null ${only} order by no`,
  )
  let total = 0
  for (let i = 0; i < groups.length; i += limits.groups) {
    const changes = await tx.query<Change>(statement(groups.slice(i, i + limits.groups), scope.devices))
    total += changes.reduce((n, c) => n + c.changed, 0)
    await tell(tx, events, changes)
  }
  return total
}

/** The same over everything in `scope`, in transactions of bounded size. */
export async function refreshMembers(db: Db, events: Events, scope: Scope): Promise<number> {
  let total = 0
  const devices = scope.devices ? [...new Set(scope.devices)] : undefined
  for (let i = 0; i < (devices?.length ?? 1); i += limits.devices) {
    total += await db.tx(async (tx) => {
      await lockMembers(tx)
      return evaluate(tx, events, { groups: scope.groups, devices: devices?.slice(i, i + limits.devices) })
    })
  }
  return total
}

function statement(groups: readonly { no: number; query: Query }[], devices: readonly string[] | undefined): Sql {
  const among = (column: Sql) => (devices ? sql`and ${column} = any(${devices}::uuid[])` : empty)
  const wanted = groups.map(
    (g) =>
      sql`select ${g.no}::bigint as group_no, d.no as device from device d where d.lifecycle <> 'removed' ${among(sql`d.id`)} and ${querySql(g.query)}`,
  )
  return sql`
    with want as (${join(wanted, ' union all ')}),
    gone as (
      delete from group_member m using device d where d.no = m.device and m.group_no = any(${groups.map((g) => g.no)}::bigint[]) ${among(sql`d.id`)}
        and not exists (select from want w where w.group_no = m.group_no and w.device = m.device) returning m.group_no, m.device
    ),
    come as (
      insert into group_member (group_no, device) select w.group_no, w.device from want w where not exists (select from group_member m where m.group_no = w.group_no and m.device = w.device)
      on conflict do nothing returning group_no, device
    )
    select c.group_no as "group", count(*) as changed, (array_agg(d.id))[1:${limits.named}] as devices
    from (select * from gone union all select * from come) c join device d on d.no = c.device group by c.group_no order by c.group_no`
}

async function tell(tx: Tx, events: Events, changes: readonly Change[]): Promise<void> {
  for (const c of changes) await events.emit(tx, 'group.changed', { group: c.group })
  const few = changes.filter((c) => c.changed <= limits.named).flatMap((c) => c.devices)
  await events.emitMany(
    tx,
    [...new Set(few)].map((device) => ({ type: 'device.changed' as const, data: { device, what: ['groups'] } })),
  )
}

const hears = ['device.reported', 'device.changed', 'device.enrolled', 'device.removed', 'device.blocked'] as const

/** Evaluates the devices that the bus tells of. Runs on a worker; several at once only repeat each other. */
export function followDevices(db: Db, events: Events): Follower {
  return events.follow({ hears }, async (batch) => {
    const devices = new Set<string>()
    for (const e of batch) {
      if (e.type === 'device.reported') for (const id of e.data.devices) devices.add(id)
      else if (e.type === 'device.changed') {
        // Its own news is no reason to look again.
        if (e.data.what.some((w) => w !== 'groups')) devices.add(e.data.device)
      } else devices.add(e.data.device)
    }
    if (devices.size > 0) await refreshMembers(db, events, { devices: [...devices] })
  })
}
