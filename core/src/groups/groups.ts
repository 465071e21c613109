/** Groups of devices: static ones hold whom they are given, dynamic ones whom their query finds. */
import { isDeepStrictEqual } from 'node:util'
import { Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { demandForGroup, everywhere, type Principal, type Reach, reachSql } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import {
  checkInput,
  type Db,
  isUniqueViolation,
  isUuid,
  type Log,
  type Page,
  pageOf,
  plainText,
  readNo,
  rowNo,
  type Sqlish,
  type Tx,
} from '../db/index.ts'
import type { Events, Follower } from '../events/index.ts'
import { evaluate, followDevices, lockMembers, refreshMembers, type Scope } from './members.ts'
import { checkQuery, type Query, querySql } from './query.ts'
import { changeMembers, type GroupRow, insertGroup, knownDevices, listGroups, readGroup, updateGroup } from './store.ts'

export interface Group {
  id: string
  name: string
  description: string
  /** Null: a static group. */
  query: Query | null
  /** Members that are not removed. */
  devices: number
  revision: number
  createdAt: string
}
export interface GroupInput {
  name: string
  description?: string
  query?: unknown
}

export interface MemberChange {
  /** Device ids. One named in both is taken away. */
  add?: readonly string[]
  remove?: readonly string[]
  /** Which devices the caller may move. */
  reach?: Reach
  actor: string
  /** Who asks, where it is not Muster itself: see `update`. */
  by?: Principal
}

export interface Groups {
  /** Problems: invalid-request, invalid-query, already-exists. */
  create(g: GroupInput, actor: string): Promise<Group>
  /** Problem: not-found. */
  get(id: string): Promise<Group>
  list(o: { cursor?: string; limit: number; q?: string }): Promise<Page<Group>>
  /**
   * What is absent stays; `query: null` makes it static with the members it has. Problems: not-found, revision-mismatch, those of create,
   * and forbidden: whoever lets devices into a group for which roles are held gives those roles' permissions, and must hold them.
   */
  update(id: string, revision: number, change: Partial<GroupInput>, actor: string, by?: Principal): Promise<Group>
  /** Problems: not-found, in-use (a role is held for this group). */
  remove(id: string, actor: string): Promise<void>
  /** Of a static group; answers how many memberships changed. Problems: not-found, wrong-state (dynamic), invalid-target (unknown, or out of reach), forbidden (see update). */
  change(id: string, m: MemberChange): Promise<{ added: number; removed: number }>
  /** How many devices a query would find within the reach. Problem: invalid-query. */
  preview(query: unknown, reach: Reach): Promise<number>
  /** Evaluates dynamic groups again; answers how many memberships changed. */
  refresh(scope?: Scope): Promise<number>
  /** On a worker: evaluates everything once, then follows the devices that change. */
  start(): Promise<void>
  stop(): Promise<void>
}

const shape = z.object({
  name: plainText(120, 1).refine((s) => s.trim() === s, 'begins or ends with a space'),
  description: plainText(2000),
})
const memberShape = z.object({
  add: z.array(z.string()).max(10_000).default([]),
  remove: z.array(z.string()).max(10_000).default([]),
})

export function createGroups(d: { db: Db; events: Events; audit: Audit; log: Log }): Groups {
  const { db, events, audit } = d
  let follower: Follower | undefined

  async function create(g: GroupInput, actor: string): Promise<Group> {
    const input = {
      ...checkInput(shape, { name: g.name, description: g.description ?? '' }),
      query: g.query == null ? null : checkQuery(g.query),
    }
    return changing(async (tx) => {
      const no = await insertGroup(tx, input)
      if (input.query) await evaluate(tx, events, { groups: [no] })
      await tell(tx, no, actor, 'group.create', input)
      return view((await readGroup(tx, no))!)
    })
  }

  async function update(
    id: string,
    revision: number,
    change: Partial<GroupInput>,
    actor: string,
    by?: Principal,
  ): Promise<Group> {
    const query = change.query == null ? change.query : checkQuery(change.query)
    return changing(async (tx) => {
      const old = await need(tx, id)
      const next = {
        ...checkInput(shape, { name: change.name ?? old.name, description: change.description ?? old.description }),
        query: query === undefined ? old.query : (query as Query | null),
      }
      if (by && next.query && !isDeepStrictEqual(next.query, old.query)) await demandForGroup(tx, by, old.no)
      if (!(await updateGroup(tx, old.no, revision, next)))
        throw new Problem('revision-mismatch', { revision: old.revision })
      if (next.query) await evaluate(tx, events, { groups: [old.no] })
      await tell(tx, old.no, actor, 'group.update', next)
      return view((await readGroup(tx, old.no))!)
    })
  }

  async function remove(id: string, actor: string): Promise<void> {
    await changing(async (tx) => {
      const old = await need(tx, id)
      // Removing it would silently take roles from people.
      const used = await tx.query(sql`select from user_role where group_no = ${old.no} limit 1`)
      if (used.length > 0) throw new Problem('in-use', { by: 'role assignments' })
      await tx.affected(sql`delete from device_group where no = ${old.no}`)
      await tell(tx, old.no, actor, 'group.remove', { name: old.name })
    })
  }

  async function change(id: string, m: MemberChange): Promise<{ added: number; removed: number }> {
    const { add, remove: take } = checkInput(memberShape, { add: m.add, remove: m.remove })
    return changing(async (tx) => {
      const group = await need(tx, id)
      if (group.query) throw new Problem('wrong-state', { state: 'dynamic' })
      if (m.by && add.length > 0) await demandForGroup(tx, m.by, group.no)
      const named = [...add, ...take]
      const known = await knownDevices(tx, named.filter(isUuid), m.reach ?? everywhere)
      const unknown = named.filter((n) => !known.has(n))
      if (unknown.length > 0) throw new Problem('invalid-target', { unknown: unknown.slice(0, 20) })
      const moved = await changeMembers(
        tx,
        group.no,
        add.filter((a) => !take.includes(a)),
        take,
      )
      const changed = { added: moved.added.length, removed: moved.removed.length }
      const devices = [...moved.added, ...moved.removed]
      if (devices.length === 0) return changed
      await tell(tx, group.no, m.actor, 'group.members', changed)
      await events.emitMany(
        tx,
        devices
          .slice(0, 500)
          .map((device) => ({ type: 'device.changed' as const, data: { device, what: ['groups'] } })),
      )
      return changed
    })
  }

  /** Under the lock of memberships, taken first; a name that is taken is a Problem. */
  async function changing<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await db.tx(async (tx) => {
        await lockMembers(tx)
        return work(tx)
      })
    } catch (e) {
      throw isUniqueViolation(e, 'device_group_name_key') ? new Problem('already-exists') : e
    }
  }

  async function tell(tx: Tx, no: number, actor: string, act: string, detail: object): Promise<void> {
    await audit.write(tx, { actor, act, subject: `group:${no}`, detail: JSON.parse(JSON.stringify(detail)) })
    await events.emit(tx, 'group.changed', { group: no })
  }

  return {
    create,
    get: async (id) => view(await need(db, id)),
    list: async (o) =>
      pageOf(await listGroups(db, { after: readNo(o.cursor), limit: o.limit + 1, q: o.q }), o.limit, view, (r) => [
        r.no,
      ]),
    update,
    remove,
    change,
    preview: async (query, reach) => {
      const [row] = await db.query<{ devices: number }>(
        sql`select count(*) as devices from device d where d.lifecycle <> 'removed' and ${reachSql(reach)} and ${querySql(checkQuery(query))}`,
      )
      return row!.devices
    },
    refresh: (scope = {}) => refreshMembers(db, events, scope),
    start: async () => {
      follower ??= followDevices(db, events)
      await follower.ready
      await refreshMembers(db, events, {})
    },
    stop: async () => {
      await follower?.stop()
      follower = undefined
    },
  }
}

async function need(on: Sqlish, id: string): Promise<GroupRow> {
  const no = rowNo(id)
  const row = no === undefined ? undefined : await readGroup(on, no)
  if (!row) throw new Problem('not-found')
  return row
}

function view(r: GroupRow): Group {
  return {
    id: String(r.no),
    name: r.name,
    description: r.description,
    query: r.query,
    devices: r.devices,
    revision: r.revision,
    createdAt: r.created.toISOString(),
  }
}
