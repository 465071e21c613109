/** The SQL of groups. */
import sql, { empty, type Sql } from 'sql-template-tag'
import { type Reach, reachSql } from '../access/index.ts'
import { jsonText, type Sqlish, type Tx } from '../db/index.ts'
import type { Query } from './query.ts'

export interface GroupRow {
  no: number
  name: string
  description: string
  query: Query | null
  revision: number
  created: Date
  devices: number
}

/** Members that are there: all by their index, less the few that are gone. */
const selection = sql`
  select g.no, g.name, g.description, g.query, g.revision, g.created,
    (select count(*) from group_member m where m.group_no = g.no) - coalesce(gone.n, 0) as devices
  from device_group g left join (
    select m.group_no, count(*) as n from device d join group_member m on m.device = d.no where d.lifecycle = 'removed' group by 1) gone on gone.group_no = g.no`

export async function readGroup(on: Sqlish, no: number): Promise<GroupRow | undefined> {
  return (await on.query<GroupRow>(sql`${selection} where g.no = ${no}`))[0]
}

export async function listGroups(on: Sqlish, o: { after?: number; limit: number; q?: string }): Promise<GroupRow[]> {
  const after = o.after === undefined ? empty : sql`and g.no > ${o.after}`
  const named = o.q === undefined ? empty : sql`and strpos(lower(g.name), lower(${o.q})) > 0`
  return on.query<GroupRow>(sql`${selection} where true ${after} ${named} order by g.no limit ${o.limit}`)
}

export async function insertGroup(
  tx: Tx,
  g: { name: string; description: string; query: Query | null },
): Promise<number> {
  const [row] = await tx.query<{ no: number }>(
    sql`insert into device_group (name, description, query) values (${g.name}, ${g.description}, ${queryParam(g.query)}) returning no`,
  )
  return row!.no
}

/** Compare-and-set on the revision; false when it is another. */
export async function updateGroup(
  tx: Tx,
  no: number,
  revision: number,
  g: { name: string; description: string; query: Query | null },
): Promise<boolean> {
  const done = await tx.affected(sql`
    update device_group set name = ${g.name}, description = ${g.description}, query = ${queryParam(g.query)}, revision = revision + 1 where no = ${no} and revision = ${revision}`)
  return done === 1
}

function queryParam(query: Query | null): Sql {
  return query === null ? sql`null` : sql`${jsonText(query)}::jsonb`
}

/** Adds and takes away; answers the devices (ids) that really moved. */
export async function changeMembers(
  tx: Tx,
  no: number,
  add: readonly string[],
  remove: readonly string[],
): Promise<{ added: string[]; removed: string[] }> {
  const removed = await tx.query<{ id: string }>(sql`
    delete from group_member m using device d where m.group_no = ${no} and d.no = m.device and d.id = any(${remove}::uuid[]) returning d.id`)
  const added = await tx.query<{ id: string }>(sql`
    with come as (
      insert into group_member (group_no, device) select ${no}, no from device where id = any(${add}::uuid[]) on conflict do nothing returning device
    ) select d.id from come c join device d on d.no = c.device`)
  return { added: added.map((r) => r.id), removed: removed.map((r) => r.id) }
}

export async function knownDevices(on: Sqlish, ids: readonly string[], reach: Reach): Promise<Set<string>> {
  const rows = await on.query<{ id: string }>(
    sql`select d.id::text as id from device d where d.id = any(${ids}::uuid[]) and ${reachSql(reach)}`,
  )
  return new Set(rows.map((r) => r.id))
}
