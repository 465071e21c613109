/** What moving a device gives to people: into a group that roles are held for, or to an owner. Nobody gains by it what they do not hold. */
import { enrolPermission, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Sqlish } from '../db/index.ts'
import { demandAll, grantOf, type Principal, reachFor, reachSql } from './permissions.ts'

/** Throws `forbidden` unless `by` holds everywhere what the roles held for this group give. */
export async function demandForGroup(on: Sqlish, by: Principal, group: number): Promise<void> {
  const roles = await on.query<{ permissions: string[] }>(
    sql`select distinct r.permissions from user_role ur join role r on r.no = ur.role_no where ur.group_no = ${group} and not r.own`,
  )
  demandAll(
    by,
    roles.flatMap((r) => grantOf({ ...r, own: false, group }, 0).permissions),
  )
}

/**
 * Throws `forbidden` when `by` would make themselves (a client: its owner) the owner of a device and their own-devices roles would
 * then let them do to it what they may not do now. Whoever gives it to somebody else gains nothing.
 */
export async function demandForOwner(on: Sqlish, by: Principal, device: string, owner: number): Promise<void> {
  const roles = await on.query<{ permissions: string[] }>(sql`
    select distinct r.permissions from user_role ur join role r on r.no = ur.role_no
    where r.own and ur.user_no = ${owner} and ur.user_no = coalesce(${by.user ?? null}::bigint, (select owner from oauth_client where id = ${by.id}))`)
  const gained = roles.flatMap((r) => grantOf({ ...r, own: true, group: null }, owner).permissions)
  const others = { ...by, grants: by.grants?.filter((g) => g.reach.all || g.reach.owner === undefined) }
  for (const permission of gained.filter((p) => p !== enrolPermission)) {
    const held = await on.query(
      sql`select from device d where d.id = ${device}::uuid and ${reachSql(reachFor(others, permission))}`,
    )
    if (held.length === 0) throw new Problem('forbidden', { permission })
  }
}
