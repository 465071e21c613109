/** Saved queries: filters of the device list kept by name, one's own or shared with everybody. */
import { Problem } from '@muster/contract'
import sql, { empty, type Sql } from 'sql-template-tag'
import { z } from 'zod'
import { demandAll, type Principal } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import {
  checkInput,
  type Db,
  isUniqueViolation,
  jsonText,
  type Page,
  pageOf,
  plainText,
  readNo,
  rowNo,
  type Sqlish,
  type Tx,
} from '../db/index.ts'
import type { Events } from '../events/index.ts'
import { type DeviceFilter, filterSchema } from './filter.ts'

/** A shared one needs the permission `query:write` to be made, changed or removed; one's own needs none. */
export const savedQuerySchema = z.strictObject({
  name: plainText(120, 1).refine((s) => s.trim() === s && s !== '', 'is empty, or begins or ends with a space'),
  shared: z.boolean().default(false),
  filter: filterSchema,
})
export type SavedQueryInput = z.input<typeof savedQuerySchema>
export interface SavedQuery {
  id: string
  name: string
  /** Everybody's; else only its maker's. */
  shared: boolean
  filter: DeviceFilter
  revision: number
  createdAt: string
  createdBy: string
}

interface Row {
  no: number
  name: string
  filter: DeviceFilter
  shared: boolean
  revision: number
  created: Date
  created_by: string
}
/** One's own, of each person or client. */
const most = 200
const columns = sql`q.no, q.name, q.filter, q.user_no is null and q.client is null as shared, q.revision, q.created, q.created_by`

export function createQueries(o: { db: Db; audit: Audit; events: Events }) {
  const { db } = o

  /** In the order of their making: shared ones and the reader's own. `name`: only those of this name, whatever the case. */
  async function list(
    reader: Principal,
    p: { cursor?: string; limit: number; name?: string },
  ): Promise<Page<SavedQuery>> {
    const after = readNo(p.cursor)
    const rows = await db.query<Row>(sql`
      select ${columns} from saved_query q where ${visible(reader)} ${after === undefined ? empty : sql`and q.no > ${after}`}
        ${p.name === undefined ? empty : sql`and lower(q.name) = lower(${p.name})`} order by q.no limit ${p.limit + 1}`)
    return pageOf(rows, p.limit, view, (r) => [r.no])
  }

  async function create(by: Principal, value: unknown): Promise<SavedQuery> {
    const input = checkInput(savedQuerySchema, value)
    if (input.shared) demandAll(by, ['query:write'])
    const of = ownerOf(by)
    return named(() =>
      db.tx(async (tx) => {
        await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`saved queries of ${by.actor}`}, 7312))`)
        const [count] = await tx.query<{ n: number }>(
          sql`select count(*) as n from saved_query q where ${input.shared ? shared : own(by)}`,
        )
        if ((count?.n ?? 0) >= most) throw new Problem('too-many', { limit: most })
        const [made] = await tx.query<{ no: number }>(sql`
          insert into saved_query (name, filter, user_no, client, created_by)
          values (${input.name}, ${jsonText(input.filter)}::jsonb, ${input.shared ? null : of.user}, ${input.shared ? null : of.client}, ${by.actor}) returning no`)
        await tell(tx, made?.no ?? 0, by, 'query.create', input)
        return view(await need(tx, by, String(made?.no)))
      }),
    )
  }

  /** Sharing one's own, and taking back what is shared as one's own, are changes too. Problems: not-found, revision-mismatch, already-exists, forbidden. */
  async function change(by: Principal, id: string, revision: number, value: unknown): Promise<SavedQuery> {
    const input = checkInput(savedQuerySchema, value)
    const of = ownerOf(by)
    return named(() =>
      db.tx(async (tx) => {
        const old = await need(tx, by, id)
        if (old.shared || input.shared) demandAll(by, ['query:write'])
        const done = await tx.affected(sql`
          update saved_query set name = ${input.name}, filter = ${jsonText(input.filter)}::jsonb, user_no = ${input.shared ? null : of.user}, client = ${input.shared ? null : of.client}, revision = revision + 1
          where no = ${old.no} and revision = ${revision}`)
        if (done !== 1) throw new Problem('revision-mismatch', { revision: old.revision })
        await tell(tx, old.no, by, 'query.update', input)
        return view(await need(tx, by, id))
      }),
    )
  }

  async function remove(by: Principal, id: string): Promise<void> {
    await db.tx(async (tx) => {
      const old = await need(tx, by, id)
      if (old.shared) demandAll(by, ['query:write'])
      if ((await tx.affected(sql`delete from saved_query where no = ${old.no}`)) !== 1) throw new Problem('not-found')
      await tell(tx, old.no, by, 'query.remove', { name: old.name, shared: old.shared, filter: old.filter })
    })
  }

  /** Somebody else's own is not there. */
  async function need(on: Sqlish, reader: Principal, id: string): Promise<Row> {
    const no = rowNo(id)
    const [row] =
      no === undefined
        ? []
        : await on.query<Row>(sql`select ${columns} from saved_query q where q.no = ${no} and ${visible(reader)}`)
    if (!row) throw new Problem('not-found')
    return row
  }

  async function tell(tx: Tx, no: number, by: Principal, act: string, detail: z.output<typeof savedQuerySchema>) {
    await o.audit.write(tx, {
      actor: by.actor,
      act,
      subject: `query:${no}`,
      detail: JSON.parse(jsonText(detail)),
    })
    await o.events.emit(tx, 'query.changed', { query: no })
  }

  return {
    list,
    create,
    change,
    remove,
    get: async (reader: Principal, id: string) => view(await need(db, reader, id)),
  }
}

const shared = sql`(q.user_no is null and q.client is null)`
function ownerOf(p: Principal): { user: number | null; client: string | null } {
  return p.user === undefined ? { user: null, client: p.id } : { user: p.user, client: null }
}
function own(p: Principal): Sql {
  return p.user === undefined ? sql`q.client = ${p.id}` : sql`q.user_no = ${p.user}`
}
function visible(p: Principal): Sql {
  return sql`(${shared} or ${own(p)})`
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (e) {
    if (isUniqueViolation(e, 'saved_query_name')) throw new Problem('already-exists')
    throw e
  }
}

function view(r: Row): SavedQuery {
  return {
    id: String(r.no),
    name: r.name,
    shared: r.shared,
    filter: r.filter,
    revision: r.revision,
    createdAt: r.created.toISOString(),
    createdBy: r.created_by,
  }
}
