/** Which devices a policy reaches: an assignment checked, and compiled to one condition over typed columns of device `d`. */
import { formFactors, ownerships } from '@muster/contract'
import sql, { join, type Sql } from 'sql-template-tag'
import { z } from 'zod'
import { plainText, rowNo, type Sqlish } from '../db/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Assignment } from './model.ts'

const ids = z.array(z.string().refine((id) => rowNo(id) !== undefined, 'is not an id')).max(1_000)
/** All that are set must match. An empty list is as good as absent. */
export const assignmentSchema = z.strictObject({
  roles: ids.optional().describe('Roles of the owner'),
  users: ids.optional().describe('Owners'),
  groups: ids.optional().describe('Groups of the device; a device in no group does not match'),
  ownership: z.array(z.enum(ownerships)).optional(),
  deviceTypes: z.array(plainText(64, 1)).max(100).optional(),
  formFactors: z.array(z.enum(formFactors)).optional(),
})

/** `few`: for some devices members are looked up one by one; for many, lists of members are read once into a hash. */
export function assignmentSql(a: Assignment, platform: string, registry: Registry, few: boolean): Sql {
  const terms = [sql`d.platform = ${platform}`]
  const numbers = (list: readonly string[]) => list.map(Number)
  if (a.roles?.length)
    terms.push(
      few
        ? sql`exists (select from user_role ur where ur.user_no = d.owner and ur.role_no = any(${numbers(a.roles)}::bigint[]))`
        : sql`d.owner in (select ur.user_no from user_role ur where ur.role_no = any(${numbers(a.roles)}::bigint[]))`,
    )
  if (a.users?.length) terms.push(sql`d.owner = any(${numbers(a.users)}::bigint[])`)
  if (a.groups?.length)
    terms.push(
      few
        ? sql`exists (select from group_member gm where gm.device = d.no and gm.group_no = any(${numbers(a.groups)}::bigint[]))`
        : sql`d.no in (select gm.device from group_member gm where gm.group_no = any(${numbers(a.groups)}::bigint[]))`,
    )
  if (a.ownership?.length) terms.push(sql`d.ownership = any(${a.ownership}::text[])`)
  if (a.deviceTypes?.length)
    terms.push(sql`d.form_factor = any(${formFactorsOf(a.deviceTypes, platform, registry)}::text[])`)
  if (a.formFactors?.length) terms.push(sql`d.form_factor = any(${a.formFactors}::text[])`)
  return join(terms, ' and ')
}

function formFactorsOf(types: readonly string[], platform: string, registry: Registry): string[] {
  const known = registry.platforms.get(platform)?.descriptors.deviceTypes ?? []
  return [...new Set(known.filter((t) => types.includes(t.id)).flatMap((t) => t.formFactors))]
}

/** JSON Pointers (within the assignment) of what does not exist. */
export async function unknownIn(q: Sqlish, a: Assignment, platform: string, registry: Registry): Promise<string[]> {
  const types = registry.platforms.get(platform)?.descriptors.deviceTypes ?? []
  const wrong = (a.deviceTypes ?? []).flatMap((id, i) => (types.some((t) => t.id === id) ? [] : [`/deviceTypes/${i}`]))
  const asked = (['roles', 'users', 'groups'] as const).flatMap((kind) =>
    (a[kind] ?? []).map((id, i) => ({ kind, no: Number(id), at: `/${kind}/${i}` })),
  )
  if (asked.length === 0) return wrong
  const missing = await q.query<{
    at: string
  }>(sql`select a.at from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(kind text, no bigint, at text)
    where case a.kind when 'roles' then not exists (select from role r where r.no = a.no) when 'users' then not exists (select from app_user u where u.no = a.no)
      else not exists (select from device_group g where g.no = a.no) end`)
  return [...wrong, ...missing.map((m) => m.at)]
}
