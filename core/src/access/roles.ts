/** Roles: named sets of permissions. The built-in ones are written anew at each start and never edited. */
import { enrolPermission, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, isUniqueViolation, plainText, rowNo, type Tx } from '../db/index.ts'
import type { AccessDeps, Changed } from './deps.ts'
import { demandAll, type Principal } from './permissions.ts'

export interface Role {
  id: string
  name: string
  title: string
  permissions: string[]
  builtin: boolean
  /** Holds only for the devices its user owns. */
  own: boolean
  revision: number
  users: number
}
export interface RoleInput {
  name: string
  title?: string
  permissions: string[]
  own?: boolean
}
export interface Roles {
  list(): Promise<Role[]>
  get(id: string): Promise<Role>
  create(input: RoleInput, by: Principal): Promise<Role>
  /** Compare-and-set on `revision` (412 otherwise). */
  update(id: string, revision: number, input: RoleInput, by: Principal): Promise<Role>
  remove(id: string, by: Principal): Promise<void>
}

export const permissionPattern = z
  .string()
  .max(128)
  .regex(/^(\*|[a-z][a-z-]*:(\*|[a-z0-9][a-z0-9.:_-]*\*?))$/, 'is not noun:verb, noun:* or *')
const shape = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'takes a to z, 0 to 9, dot, dash and underscore, at most 64'),
  title: plainText(200).default(''),
  permissions: z
    .array(permissionPattern)
    .max(500)
    .transform((p) => [...new Set(p)].sort()),
  own: z.boolean().default(false),
})

interface Row extends Omit<Role, 'id'> {
  no: number
}
const columns = sql`no, name, title, permissions, builtin, own, revision, (select count(distinct user_no)::int from user_role where role_no = role.no) users`
const show = ({ no, ...rest }: Row): Role => ({ id: String(no), ...rest })

export function createRoles(d: AccessDeps, changed: Changed): Roles {
  async function locked(tx: Tx, id: string, by: Principal): Promise<Row> {
    const no = rowNo(id)
    const [row] =
      no === undefined ? [] : await tx.query<Row>(sql`select ${columns} from role where no = ${no} for update`)
    if (!row) throw new Problem('not-found', { role: id })
    if (row.builtin) throw new Problem('wrong-state', { state: 'built-in' })
    demandAll(by, row.permissions)
    return row
  }
  async function told(
    tx: Tx,
    by: Principal,
    what: string,
    role: { no: number; name: string },
    detail: { [key: string]: string | string[] | boolean } = {},
  ) {
    await d.audit.write(tx, { actor: by.actor, act: `role.${what}`, subject: `role:${role.name}`, detail })
    await d.events.emit(tx, 'role.changed', { role: role.no, what })
  }

  return {
    list: async () => (await d.db.query<Row>(sql`select ${columns} from role order by builtin desc, name`)).map(show),
    get: async (id) => {
      const no = rowNo(id)
      const [row] = no === undefined ? [] : await d.db.query<Row>(sql`select ${columns} from role where no = ${no}`)
      if (!row) throw new Problem('not-found', { role: id })
      return show(row)
    },
    create: async (input, by) => {
      const r = checkInput(shape, input)
      demandAll(by, r.permissions)
      return d.db.tx(async (tx) => {
        const [row] = await tx
          .query<Row>(
            sql`insert into role (name, title, permissions, own) values (${r.name}, ${r.title}, ${r.permissions}, ${r.own}) returning ${columns}`,
          )
          .catch(taken('role', r.name))
        await told(tx, by, 'create', row!, { permissions: r.permissions, own: r.own })
        return show(row!)
      })
    },
    update: async (id, revision, input, by) => {
      const r = checkInput(shape, input)
      demandAll(by, r.permissions)
      const role = await d.db.tx(async (tx) => {
        const before = await locked(tx, id, by)
        if (before.revision !== revision) throw new Problem('revision-mismatch', { revision: before.revision })
        const [row] = await tx
          .query<Row>(
            sql`update role set name = ${r.name}, title = ${r.title}, permissions = ${r.permissions}, own = ${r.own}, revision = revision + 1 where no = ${before.no} returning ${columns}`,
          )
          .catch(taken('role', r.name))
        await told(tx, by, 'update', row!, { permissions: r.permissions, before: before.permissions, own: r.own })
        return show(row!)
      })
      changed()
      return role
    },
    remove: async (id, by) => {
      await d.db.tx(async (tx) => {
        const row = await locked(tx, id, by)
        if (row.users > 0) throw new Problem('in-use', { users: row.users })
        await tx.affected(sql`delete from role where no = ${row.no}`)
        await told(tx, by, 'remove', row)
      })
      changed()
    },
  }
}

/** Turns a unique violation into `already-exists`, and leaves other errors alone. */
export function taken(kind: string, name: string): (e: unknown) => never {
  return (e) => {
    throw isUniqueViolation(e) ? new Problem('already-exists', { [kind]: name }) : e
  }
}

export const administrator = 'administrator'

/** Writes the built-in roles; `permissions` are all that exist now, so that new ones join by themselves. */
export async function ensureBuiltinRoles(d: AccessDeps, permissions: readonly string[]): Promise<void> {
  const reads = permissions.filter((p) => p.endsWith(':read')).sort()
  const roles = [
    { name: administrator, title: 'Administrator', permissions: ['*'], own: false },
    {
      name: 'operator',
      title: 'Operator',
      permissions: [...reads, 'operation:device.inventory', 'operation:device.message'],
      own: false,
    },
    { name: 'viewer', title: 'Viewer', permissions: reads, own: false },
    { name: 'employee', title: 'Employee (own devices)', permissions: [enrolPermission, 'device:read'], own: true },
  ]
  await d.db.tx(async (tx) => {
    for (const r of roles) {
      const written = await tx.query<{ no: number }>(sql`
        insert into role (name, title, permissions, builtin, own) values (${r.name}, ${r.title}, ${r.permissions}, true, ${r.own})
        on conflict (name) do update set title = excluded.title, permissions = excluded.permissions, builtin = true, own = excluded.own, revision = role.revision + 1
          where (role.permissions, role.builtin, role.own) is distinct from (excluded.permissions, true, excluded.own) returning no`)
      for (const { no } of written) {
        await d.audit.write(tx, {
          actor: 'system',
          act: 'role.builtin',
          subject: `role:${r.name}`,
          detail: { permissions: r.permissions },
        })
        await d.events.emit(tx, 'role.changed', { role: no, what: 'builtin' })
      }
    }
  })
}
