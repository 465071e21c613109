/** The filter of the device list: its shape, and the one condition that lists, counts and targets make of it. */
import { formFactors, ownerships } from '@muster/contract'
import sql, { join, type Sql } from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, plainText, rowNo } from '../db/index.ts'
import { livenessSql, livenessWords } from '../devices/index.ts'
import { complianceStates } from './rollup.ts'

export const lifecycles = ['created', 'active', 'disenrolling', 'removed'] as const

/** All that are set must match. Ids as the API shows them. */
export const filterSchema = z.strictObject({
  q: plainText(200).optional(),
  platform: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is not a platform id')
    .optional(),
  ownership: z.enum(ownerships).optional(),
  formFactor: z.enum(formFactors).optional(),
  lifecycle: z.enum(lifecycles).optional(),
  liveness: z.enum(livenessWords).optional(),
  compliance: z.enum(complianceStates).optional(),
  group: z.string().max(20).optional(),
  owner: z.string().max(64).optional(),
})
export type DeviceFilter = z.infer<typeof filterSchema>

export function checkFilter(value: unknown): DeviceFilter {
  return checkInput(filterSchema, value)
}

/** When devices were last heard from and what they promised then; to be grouped by device. */
export const seenSql = sql`select c.device, max(s.at) as at, max(s.expect_s) as expect_s from channel c join seen s on s.channel = c.no where c.closed is null`

/** A boolean over device `d`; never null. Without a lifecycle, removed devices do not match. */
export function filterSql(f: DeviceFilter): Sql {
  const all: Sql[] = []
  const is = (value: string | undefined, column: Sql) => value !== undefined && all.push(sql`${column} = ${value}`)
  is(f.platform, sql`d.platform`)
  is(f.ownership, sql`d.ownership`)
  is(f.formFactor, sql`d.form_factor`)
  is(f.lifecycle, sql`d.lifecycle`)
  if (f.lifecycle === undefined) all.push(sql`d.lifecycle <> 'removed'`)
  if (f.compliance !== undefined) all.push(complianceIs(f.compliance))
  if (f.owner !== undefined) all.push(sql`coalesce(d.owner = ${rowNo(f.owner) ?? -1}, false)`)
  if (f.group !== undefined)
    all.push(sql`exists (select from group_member m where m.device = d.no and m.group_no = ${rowNo(f.group) ?? -1})`)
  if (f.q) all.push(found(f.q))
  const others = sql`(${join(all, ' and ')})`
  // Asked last, and only of devices that all else fits: of all conditions it costs most.
  return f.liveness === undefined ? others : sql`(case when ${others} then ${livenessIs(f.liveness)} else false end)`
}

/** Asked device by device: a page of the usual word is full after some rows, and a rare word costs two index reads a device. */
function livenessIs(word: NonNullable<DeviceFilter['liveness']>): Sql {
  return sql`(select ${livenessSql} from (select max(s.at) as at, max(s.expect_s) as expect_s from channel c join seen s on s.channel = c.no where c.device = d.no and c.closed is null) seen_last) = ${word}`
}

/** As `complianceSql`, word by word, each over the few rows that say it. */
function complianceIs(word: NonNullable<DeviceFilter['compliance']>): Sql {
  const violated = sql`d.no in (select k.device from compliance k where k.state = 'violated')`
  const unknown = sql`(d.no in (select k.device from compliance k where k.state = 'unknown')
    or d.no in (select kc.device from channel_set ks join channel kc on kc.no = ks.channel and kc.closed is null where ks.desired is distinct from ks.applied))`
  const demanded = sql`exists (select from compliance k where k.device = d.no)`
  switch (word) {
    case 'violated':
      return violated
    case 'unknown':
      return sql`(not ${violated} and ${unknown})`
    case 'compliant':
      return sql`(not ${violated} and not ${unknown} and ${demanded})`
    case 'none':
      return sql`(not ${unknown} and not ${demanded})`
  }
}

/** Part of what the device is called or is: one column holds its words, owners and identifiers are looked up once. */
function found(q: string): Sql {
  const like = `%${q
    .toWellFormed()
    .replaceAll('\0', '')
    .toLowerCase()
    .replace(/[\\%_]/g, (c) => `\\${c}`)}%`
  return sql`(d.search like ${like} or coalesce(d.owner in (select u.no from app_user u where lower(u.name) like ${like}), false)
    or d.no in (select i.device from identifier i where lower(i.value) like ${like}))`
}
