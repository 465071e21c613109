/** Users: who may sign in, with which roles. Whoever is disabled or removed is signed out everywhere at once. */
import { type JsonObject, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, type Page, pageOf, plainText, readNo, rowNo, type Tx } from '../db/index.ts'
import type { AccessDeps, Changed } from './deps.ts'
import { checkPassword, hashPassword } from './password.ts'
import { demandAll, type Principal } from './permissions.ts'
import { administrator, taken } from './roles.ts'

export interface User {
  id: string
  name: string
  displayName: string
  email: string | null
  store: string
  disabled: boolean
  roles: { id: string; name: string; group?: string }[]
  revision: number
  createdAt: string
  lastSignIn: string | null
}
/** A role by its id, everywhere or for the devices of one group. */
export interface RoleAssignment {
  role: string
  group?: string
}
export interface UserInput {
  name: string
  displayName?: string
  email?: string | null
  /** Without one the user cannot sign in by password. */
  password?: string
  roles?: RoleAssignment[]
}
export interface Users {
  create(input: UserInput, by: Principal): Promise<User>
  get(id: string): Promise<User>
  byName(name: string): Promise<User | undefined>
  list(o?: { cursor?: string; limit?: number; q?: string }): Promise<Page<User>>
  /** Compare-and-set on `revision`. `disabled: true` ends sessions and tokens. */
  update(
    id: string,
    revision: number,
    input: { displayName?: string; email?: string | null; disabled?: boolean },
    by: Principal,
  ): Promise<User>
  setPassword(id: string, password: string, by: Principal): Promise<void>
  disable(id: string, disabled: boolean, by: Principal): Promise<User>
  remove(id: string, by: Principal): Promise<void>
  /** Replaces the roles of the user. */
  assign(id: string, roles: readonly RoleAssignment[], by: Principal): Promise<User>
}

const email = z.union([z.null(), z.email().max(254)])
const assignment = z.object({ role: z.string().max(20), group: z.string().max(20).optional() })
const assignments = z.array(assignment).max(200)
const createShape = z.object({
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/,
      'takes letters, digits, dot, dash, underscore, plus and at sign, at most 128',
    ),
  displayName: plainText(200).default(''),
  email: email.default(null),
  password: z.string().optional(),
  roles: assignments.default([]),
})
const updateShape = z.object({
  displayName: plainText(200).optional(),
  email: email.optional(),
  disabled: z.boolean().optional(),
})

interface Row {
  no: number
  name: string
  display_name: string
  email: string | null
  store: string
  disabled: boolean
  revision: number
  created: Date
  last_sign_in: Date | null
  roles: { id: string; name: string; group: string | null }[]
}
const columns = sql`no, name, display_name, email, store, disabled, revision, created, last_sign_in, coalesce((
  select jsonb_agg(jsonb_build_object('id', r.no::text, 'name', r.name, 'group', ur.group_no::text) order by r.name, ur.group_no) from user_role ur join role r on r.no = ur.role_no where ur.user_no = app_user.no), '[]') roles`

function show(r: Row): User {
  return {
    id: String(r.no),
    name: r.name,
    displayName: r.display_name,
    email: r.email,
    store: r.store,
    disabled: r.disabled,
    revision: r.revision,
    roles: r.roles.map(({ id, name, group }) => (group === null ? { id, name } : { id, name, group })),
    createdAt: r.created.toISOString(),
    lastSignIn: r.last_sign_in?.toISOString() ?? null,
  }
}

export function createUsers(d: AccessDeps, changed: Changed): Users {
  async function find(on: Tx | AccessDeps['db'], id: string): Promise<Row> {
    const no = rowNo(id)
    const [row] = no === undefined ? [] : await on.query<Row>(sql`select ${columns} from app_user where no = ${no}`)
    if (!row) throw new Problem('not-found', { user: id })
    return row
  }
  /** The row, locked; refused when the user holds what `by` does not: else a reset password would raise a role. */
  async function locked(tx: Tx, id: string, by: Principal): Promise<Row> {
    const no = rowNo(id)
    if (no !== undefined) await tx.query(sql`select from app_user where no = ${no} for update`)
    const row = await find(tx, id)
    if (by.user !== row.no) demandAll(by, await heldBy(tx, row.no))
    return row
  }
  const heldBy = async (tx: Tx, user: number) =>
    (
      await tx.query<{ p: string }>(
        sql`select distinct unnest(r.permissions) p from user_role ur join role r on r.no = ur.role_no where ur.user_no = ${user}`,
      )
    ).map((r) => r.p)

  /** Runs a change that may take the last administrator away, one at a time, and refuses it if it did. */
  async function keepingAnAdministrator(tx: Tx, change: () => Promise<void>): Promise<void> {
    const [role] = await tx.query<{ no: number }>(sql`select no from role where name = ${administrator} for update`)
    const count = async () => {
      const [row] = await tx.query<{ n: number }>(sql`
        select count(*)::int n from user_role ur join app_user u on u.no = ur.user_no
        where ur.role_no = ${role?.no ?? null} and ur.group_no is null and not u.disabled and (u.password is not null or u.store <> 'local')`)
      return row!.n
    }
    const before = await count()
    await change()
    if (before > 0 && (await count()) === 0) throw new Problem('last-administrator')
  }
  async function told(
    tx: Tx,
    by: Principal,
    what: string,
    user: { no: number; name: string },
    detail: JsonObject = {},
  ) {
    await d.audit.write(tx, { actor: by.actor, act: `user.${what}`, subject: `user:${user.name}`, detail })
    await d.events.emit(tx, 'user.changed', { user: user.no, what })
  }
  async function signedOut(tx: Tx, user: number) {
    await tx.affected(sql`delete from session where user_no = ${user}`)
    await tx.affected(
      sql`update oauth_item set revoked = coalesce(revoked, now()) where user_no = ${user} and kind = 'AccessToken'`,
    )
    await tx.affected(sql`delete from oauth_item where user_no = ${user} and kind <> 'AccessToken'`)
    await d.events.emit(tx, 'tokens.revoked', { tokens: [], user })
  }
  async function give(tx: Tx, user: number, roles: readonly RoleAssignment[], by: Principal): Promise<JsonObject> {
    const rows = roles.map((r) => ({
      role: number(r.role, 'role'),
      group: r.group === undefined ? null : number(r.group, 'group'),
    }))
    const known = await tx.query<{ no: number; name: string; permissions: string[] }>(
      sql`select no, name, permissions from role where no = any(${rows.map((r) => r.role)}::bigint[])`,
    )
    const groups = await tx.query<{ no: number }>(
      sql`select no from device_group where no = any(${rows.flatMap((r) => r.group ?? [])}::bigint[])`,
    )
    const missing = rows.find(
      (r) => !known.some((k) => k.no === r.role) || (r.group !== null && !groups.some((g) => g.no === r.group)),
    )
    if (missing)
      throw refusal(
        'roles',
        `names an unknown role or group: ${missing.role}${missing.group === null ? '' : `, ${missing.group}`}`,
      )
    demandAll(
      by,
      known.flatMap((k) => k.permissions),
    )
    await tx.affected(sql`delete from user_role where user_no = ${user}`)
    await tx.affected(
      sql`insert into user_role (user_no, role_no, group_no) select ${user}, r, g from unnest(${rows.map((r) => r.role)}::bigint[], ${rows.map((r) => r.group)}::bigint[]) x(r, g) on conflict do nothing`,
    )
    return {
      roles: rows.map((r) => `${known.find((k) => k.no === r.role)!.name}${r.group === null ? '' : `@${r.group}`}`),
    }
  }

  async function change(id: string, by: Principal, work: (tx: Tx, row: Row) => Promise<void>): Promise<User> {
    const user = await d.db.tx(async (tx) => {
      const row = await locked(tx, id, by)
      await work(tx, row)
      return show(await find(tx, id))
    })
    changed()
    return user
  }
  const setDisabled = (tx: Tx, row: Row, disabled: boolean) =>
    keepingAnAdministrator(tx, async () => {
      await tx.affected(sql`update app_user set disabled = ${disabled} where no = ${row.no}`)
      if (disabled) await signedOut(tx, row.no)
    })

  return {
    create: async (input, by) => {
      const u = checkInput(createShape, input)
      if (u.password !== undefined) checkPassword(u.password, u.name)
      const password = u.password === undefined ? null : await hashPassword(u.password)
      return d.db.tx(async (tx) => {
        const [made] = await tx
          .query<{ no: number; name: string }>(
            sql`insert into app_user (name, email, display_name, password) values (${u.name}, ${u.email}, ${u.displayName}, ${password}) returning no, name`,
          )
          .catch(taken('user', u.name))
        const detail = u.roles.length > 0 ? await give(tx, made!.no, u.roles, by) : {}
        await told(tx, by, 'create', made!, detail)
        return show(await find(tx, String(made!.no)))
      })
    },
    get: async (id) => show(await find(d.db, id)),
    byName: async (name) => {
      if (name.includes('\0') || !name.isWellFormed()) return undefined
      const [row] = await d.db.query<Row>(sql`select ${columns} from app_user where lower(name) = lower(${name})`)
      return row && show(row)
    },
    list: async ({ cursor, limit = 50, q } = {}) => {
      const after = readNo(cursor) ?? 0
      const like = q === undefined ? null : `%${q.replace(/[\\%_]/g, '\\$&')}%`
      const rows = await d.db.query<Row>(sql`
        select ${columns} from app_user where no > ${after} and (${like}::text is null or name ilike ${like} or display_name ilike ${like} or email ilike ${like}) order by no limit ${limit + 1}`)
      return pageOf(rows, limit, show, (r) => [r.no])
    },
    update: async (id, revision, input, by) => {
      const u = checkInput(updateShape, input)
      return change(id, by, async (tx, row) => {
        if (row.revision !== revision) throw new Problem('revision-mismatch', { revision: row.revision })
        await tx.affected(sql`
          update app_user set display_name = coalesce(${u.displayName ?? null}, display_name), email = case when ${u.email !== undefined} then ${u.email ?? null} else email end, revision = revision + 1 where no = ${row.no}`)
        if (u.disabled !== undefined && u.disabled !== row.disabled) await setDisabled(tx, row, u.disabled)
        await told(tx, by, 'update', row, {
          changed: Object.keys(u),
          ...(u.disabled === undefined ? {} : { disabled: u.disabled }),
        })
      })
    },
    setPassword: async (id, password, by) => {
      checkPassword(password, (await find(d.db, id)).name)
      const hash = await hashPassword(password)
      await change(id, by, async (tx, row) => {
        await tx.affected(sql`update app_user set password = ${hash}, revision = revision + 1 where no = ${row.no}`)
        await signedOut(tx, row.no)
        await told(tx, by, 'password', row)
      })
    },
    disable: (id, disabled, by) =>
      change(id, by, async (tx, row) => {
        if (row.disabled === disabled) return
        await setDisabled(tx, row, disabled)
        await tx.affected(sql`update app_user set revision = revision + 1 where no = ${row.no}`)
        await told(tx, by, disabled ? 'disable' : 'enable', row)
      }),
    remove: async (id, by) => {
      await d.db.tx(async (tx) => {
        const row = await locked(tx, id, by)
        await keepingAnAdministrator(tx, async () => {
          await signedOut(tx, row.no)
          await tx.affected(sql`delete from app_user where no = ${row.no}`)
        })
        await told(tx, by, 'remove', row)
      })
      changed()
    },
    assign: (id, roles, by) =>
      change(id, by, async (tx, row) => {
        // Their own roles too: `locked` lets a user by, but nobody adds to or takes from a set they do not hold.
        demandAll(by, await heldBy(tx, row.no))
        let detail: JsonObject = {}
        await keepingAnAdministrator(tx, async () => {
          detail = await give(tx, row.no, checkInput(assignments, roles), by)
        })
        await tx.affected(sql`update app_user set revision = revision + 1 where no = ${row.no}`)
        await told(tx, by, 'roles', row, detail)
      }),
  }
}

const refusal = (path: string, message: string) => new Problem('invalid-request', { errors: [{ path, message }] })
function number(id: string, path: string): number {
  const no = rowNo(id)
  if (no === undefined) throw refusal(path, `is no id: ${id}`)
  return no
}
