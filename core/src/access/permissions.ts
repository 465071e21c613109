/** Who may do what, and to which devices. Pure: permissions are words `noun:verb`, a reach is the set of devices they hold for. */
import { enrolPermission, Problem } from '@muster/contract'
import sql, { join, type Sql } from 'sql-template-tag'

/** Which devices: all, or the union of some groups and of what a user owns. */
export type Reach = { all: true } | { all: false; groups: number[]; owner?: number }

/** What one role gives. Patterns are exact or end in `*`: `device:read`, `device:*`, `*`. */
export interface Grant {
  permissions: readonly string[]
  reach: Reach
}

/** Who asks. */
export interface Principal {
  kind: 'user' | 'client'
  /** User number or client id. */
  id: string
  name: string
  /** As the audit names it: `user:<name>`, `client:<id>`, `system`. */
  actor: string
  /** All that is held somewhere. What is not about devices counts only when held everywhere. */
  permissions: readonly string[]
  /** Scopes of the token that narrow the permissions; absent for a session. */
  scopes?: readonly string[]
  /** The devices that every permission above holds for: narrower than what one of them reaches (see `reachFor`). */
  reach: Reach
  grants?: readonly Grant[]
  user?: number
}

/** The permissions of the core's own routes. Operations add one each: `operation:<operation id>`. */
export const corePermissions: readonly string[] = [
  'activity:read',
  'approval:read',
  'approval:write',
  'audit:read',
  'certificate:read',
  'certificate:write',
  'client:read',
  'client:write',
  'configuration:read',
  'configuration:write',
  enrolPermission,
  'device:read',
  'device:remove',
  'device:write',
  'escrow:reveal',
  'event:read',
  'group:read',
  'group:write',
  'invitation:read',
  'invitation:write',
  'licence:read',
  'licence:write',
  'message:read',
  'platform:read',
  'platform:write',
  'policy:publish',
  'policy:read',
  'policy:write',
  'query:write',
  'recovery:write',
  'role:read',
  'role:write',
  'user:read',
  'user:write',
  'webhook:read',
  'webhook:write',
]

/** What a role held for some devices only can give: acts on devices, and reading what such acts need. The rest would reach everyone. */
const perDevice = [
  'device:*',
  'activity:*',
  'operation:*',
  'escrow:*',
  'message:*',
  'event:*',
  'policy:read',
  'platform:read',
  'group:read',
]

export const everywhere: Reach = { all: true }
const nowhere: Reach = { all: false, groups: [] }

/** The server itself, acting by no one's order (first start, ticks, command line on the machine). */
export const system: Principal = {
  kind: 'client',
  id: 'system',
  name: 'system',
  actor: 'system',
  permissions: ['*'],
  reach: everywhere,
}

/** Whether `pattern` holds everything that `wanted` (a permission or a pattern) names. */
export function covers(pattern: string, wanted: string): boolean {
  return pattern.endsWith('*') ? wanted.startsWith(pattern.slice(0, -1)) : pattern === wanted
}
const held = (patterns: readonly string[], wanted: string) => patterns.some((p) => covers(p, wanted))

/** Whether the principal holds a permission for anything at all; a token's scopes narrow it. */
export function may(p: Principal, permission: string): boolean {
  return held(p.permissions, permission) && (p.scopes === undefined || held(p.scopes, permission))
}

export function demand(p: Principal, permission: string): void {
  if (!may(p, permission)) throw new Problem('forbidden', { permission })
}

/** Throws `forbidden` unless the principal holds all of these everywhere: nobody gives away more than they have. */
export function demandAll(p: Principal, permissions: readonly string[]): void {
  for (const permission of permissions)
    if (!may(p, permission) || !reachFor(p, permission).all) throw new Problem('forbidden', { permission })
}

/** The devices for which the principal holds this permission: the union over the roles that give it. */
export function reachFor(p: Principal, permission: string): Reach {
  if (!may(p, permission)) return nowhere
  if (!p.grants) return p.reach
  return union(p.grants.filter((g) => held(g.permissions, permission)).map((g) => g.reach))
}

/** The same principal as seen by one act: its reach is that of the permission the act needs. */
export function narrowed(p: Principal, permission: string): Principal {
  return p.grants ? { ...p, reach: reachFor(p, permission) } : p
}

/** Boolean SQL over a device row (`d` unless said otherwise), for WHERE. */
export function reachSql(reach: Reach, alias: 'd' | 'device' = 'd'): Sql {
  if (reach.all) return sql`true`
  const no = alias === 'd' ? sql`d.no` : sql`device.no`
  const owner = alias === 'd' ? sql`d.owner` : sql`device.owner`
  const parts: Sql[] = []
  if (reach.groups.length > 0)
    parts.push(
      sql`exists (select from group_member reach_member where reach_member.device = ${no} and reach_member.group_no = any(${reach.groups}::bigint[]))`,
    )
  if (reach.owner !== undefined) parts.push(sql`${owner} = ${reach.owner}`)
  return parts.length === 0 ? sql`false` : sql`(${join(parts, ' or ')})`
}

/** What a role row gives its user: an own-devices role reaches what the user owns, a role of a group that group. */
export function grantOf(
  role: { permissions: readonly string[]; own: boolean; group: number | null },
  user: number,
): Grant {
  if (role.own) return { permissions: limited(role.permissions), reach: { all: false, groups: [], owner: user } }
  if (role.group !== null)
    return { permissions: limited(role.permissions), reach: { all: false, groups: [role.group] } }
  return { permissions: role.permissions, reach: everywhere }
}

/** Permissions and common reach of several grants together. */
export function together(grants: readonly Grant[]): { permissions: string[]; reach: Reach } {
  return {
    permissions: [...new Set(grants.flatMap((g) => g.permissions))].sort(),
    reach: common(grants.map((g) => g.reach)),
  }
}

function limited(permissions: readonly string[]): string[] {
  return [...new Set(permissions.flatMap((p) => (held(perDevice, p) ? [p] : perDevice.filter((d) => covers(p, d)))))]
}

function union(reaches: readonly Reach[]): Reach {
  const groups = new Set<number>()
  let owner: number | undefined
  for (const r of reaches) {
    if (r.all) return everywhere
    for (const g of r.groups) groups.add(g)
    owner ??= r.owner
  }
  return { all: false, groups: [...groups], ...(owner === undefined ? {} : { owner }) }
}

function common(reaches: readonly Reach[]): Reach {
  if (reaches.length === 0) return nowhere
  return reaches.reduce((a, b) => {
    if (a.all) return b
    if (b.all) return a
    return {
      all: false,
      groups: a.groups.filter((g) => b.groups.includes(g)),
      ...(a.owner !== undefined && a.owner === b.owner ? { owner: a.owner } : {}),
    }
  })
}
