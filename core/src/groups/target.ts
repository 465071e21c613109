/** Targets: what an administrator names to reach devices, checked and compiled to one SELECT. */
import { Problem } from '@muster/contract'
import sql, { type Sql } from 'sql-template-tag'
import { z } from 'zod'
import { type Reach, reachSql } from '../access/index.ts'
import { checkInput, isUuid, plainText, rowNo, type Sqlish } from '../db/index.ts'
import { type DeviceFilter, filterSchema, filterSql } from '../queries/index.ts'
import { checkQuery, type Query, querySql } from './query.ts'

/** Exactly one way of naming. Users and roles mean the devices their people own; a filter, what the device list shows with it; an activity, the devices where it stands in one of these states. Ids as the API shows them. */
export type Target =
  | { devices: string[] }
  | { groups: string[] }
  | { users: string[] }
  | { roles: string[] }
  | { query: Query }
  | { filter: DeviceFilter }
  | { activity: string; states: string[] }
  | { all: true }

const ids = z.array(plainText(64, 1)).min(1).max(10_000)
/** The shape of a target, for routes and their description; a query inside is checked by `checkTarget`. */
export const targetSchema = z.union(
  [
    z.strictObject({ devices: ids }),
    z.strictObject({ groups: ids }),
    z.strictObject({ users: ids }),
    z.strictObject({ roles: ids }),
    z.strictObject({ query: z.record(z.string(), z.unknown()) }),
    z.strictObject({ filter: filterSchema }),
    z.strictObject({ activity: plainText(20, 1), states: z.array(plainText(20, 1)).min(1).max(20) }),
    z.strictObject({ all: z.literal(true) }),
  ],
  { error: 'name exactly one of devices, groups, users, roles, query, filter, activity (with states), or all: true' },
)

/** Problems: invalid-request (shape), invalid-query, invalid-target with `unknown` naming at most 20 ids that do not exist or that `reach` does not hold. */
export async function checkTarget(on: Sqlish, value: unknown, reach: Reach = { all: true }): Promise<Target> {
  const target = checkInput(targetSchema, value)
  if ('all' in target || 'filter' in target) return target
  if ('query' in target) return { query: checkQuery(target.query) }
  const unknown = 'activity' in target ? await missingActivity(on, target.activity) : await missing(on, target, reach)
  if (unknown.length > 0) throw new Problem('invalid-target', { unknown: unknown.slice(0, 20) })
  return target
}

type Named = Exclude<Target, { query: Query } | { filter: DeviceFilter } | { activity: string } | { all: true }>

async function missing(on: Sqlish, target: Named, reach: Reach): Promise<string[]> {
  const named =
    'devices' in target
      ? target.devices
      : 'groups' in target
        ? target.groups
        : 'users' in target
          ? target.users
          : target.roles
  const fit = named.filter('devices' in target ? isUuid : (id) => rowNo(id) !== undefined)
  const found = await on.query<{ id: string }>(
    'devices' in target
      ? sql`select d.id::text as id from device d where d.id = any(${fit}::uuid[]) and ${reachSql(reach)}`
      : 'groups' in target
        ? sql`select no::text as id from device_group where no = any(${fit}::bigint[])`
        : 'users' in target
          ? sql`select no::text as id from app_user where no = any(${fit}::bigint[])`
          : sql`select no::text as id from role where no = any(${fit}::bigint[])`,
  )
  const known = new Set(found.map((f) => f.id))
  return named.filter((id) => !known.has(id))
}

async function missingActivity(on: Sqlish, id: string): Promise<string[]> {
  const [row] = await on.query(sql`select from activity where no = ${rowNo(id) ?? -1} and kind = 'operation'`)
  return row ? [] : [id]
}

/** Row numbers of the active devices within the target and the reach. The target has passed `checkTarget`. */
export function targetSql(target: Target, reach: Reach): Sql {
  return sql`select d.no from device d where d.lifecycle = 'active' and ${reachSql(reach)} and ${within(target)}`
}

/** Whether the device `d` belongs to the group. */
function inGroups(groups: readonly number[]): Sql {
  return sql`exists (select from group_member gm where gm.device = d.no and gm.group_no = any(${groups}::bigint[]))`
}

/** Whether the activity stands on device `d` in one of these states, over all of its channels. */
function stands(activity: number, states: readonly string[]): Sql {
  return sql`d.no in (select c.device from (select channel, state from pending where activity = ${activity} union all select channel, state from history where activity = ${activity}) o
    join channel c on c.no = o.channel where o.state = any(${states}::text[]))`
}

function within(target: Target): Sql {
  if ('all' in target) return sql`true`
  if ('query' in target) return querySql(target.query)
  if ('filter' in target) return filterSql(target.filter)
  if ('activity' in target) return stands(rowNo(target.activity) ?? -1, target.states)
  if ('devices' in target) return sql`d.id = any(${target.devices.filter(isUuid)}::uuid[])`
  const nos = ('groups' in target ? target.groups : 'users' in target ? target.users : target.roles)
    .map(rowNo)
    .filter((n) => n !== undefined)
  if ('groups' in target) return inGroups(nos)
  if ('users' in target) return sql`d.owner = any(${nos}::bigint[])`
  return sql`d.owner in (select user_no from user_role where role_no = any(${nos}::bigint[]))`
}
