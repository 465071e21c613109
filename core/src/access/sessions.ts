/** Sessions of the console: signing in by password, and who a session is. Only the hash of a session's word is kept. */
import { createHash, randomBytes } from 'node:crypto'
import { Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { createAttempts } from './attempts.ts'
import { type Cache, createCache } from './cache.ts'
import type { AccessDeps } from './deps.ts'
import { hashPassword, verifyPassword } from './password.ts'
import { type Grant, grantOf, type Principal, together } from './permissions.ts'

export interface SignedIn {
  user: { id: string; name: string; displayName: string }
  session: string
  expires: Date
}
export interface Sessions {
  /** Problems: `wrong-credentials` (also for a disabled or unknown user, in the same time), `throttled`. */
  signIn(name: string, password: string, remote: string, agent?: string): Promise<SignedIn>
  /** The same proof without a session: the id of the user, `why` for the audit. Problems as of signIn. */
  prove(name: string, password: string, remote: string, why: string): Promise<string>
  /** Cached for at most 5 s; changes made on this node, and those heard from others, are seen at once. */
  principalOfSession(session: string): Promise<Principal | undefined>
  signOut(session: string): Promise<void>
  forget(): void
}

interface UserRow {
  no: number
  name: string
  display_name: string
  password: string | null
  disabled: boolean
}

const lifetimeH = 12
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

export interface RoleRow {
  permissions: string[]
  own: boolean
  group: number | null
}
/** The roles of user `u`, as JSON. */
export const rolesOf = sql`coalesce((select jsonb_agg(jsonb_build_object('permissions', r.permissions, 'own', r.own, 'group', ur.group_no)) from user_role ur join role r on r.no = ur.role_no where ur.user_no = u.no), '[]')`

export function principalOfUser(u: { no: number; name: string; roles: RoleRow[] }): Principal & { grants: Grant[] } {
  const grants = u.roles.map((r) => grantOf(r, u.no))
  return {
    kind: 'user',
    id: String(u.no),
    name: u.name,
    actor: `user:${u.name}`,
    user: u.no,
    grants,
    ...together(grants),
  }
}

export function createSessions(d: AccessDeps): Sessions {
  const attempts = createAttempts()
  const cache: Cache<Principal> = createCache()
  /** Unknown names cost what known ones do. */
  let decoy: Promise<string> | undefined

  /** By name; an address stands for its user, where it is one user's alone. */
  async function named(name: string): Promise<UserRow | undefined> {
    const columns = sql`select no, name, display_name, password, disabled from app_user where store = 'local'`
    const [user] = await d.db.query<UserRow>(sql`${columns} and lower(name) = lower(${name})`)
    if (!name.includes('@')) return user
    const [one, ...others] = await d.db.query<UserRow>(sql`${columns} and lower(email) = lower(${name}) limit 2`)
    return user ?? (others.length === 0 ? one : undefined)
  }

  /** Counted, and refused in the same words and time whatever is wrong. */
  async function check(name: string, password: string, remote: string): Promise<UserRow> {
    const usable = name.length <= 128 && password.length <= 1024 && name.isWellFormed() && !name.includes('\0')
    attempts.begin(usable ? name : '', remote)
    const user = usable ? await named(name) : undefined
    decoy ??= hashPassword(randomBytes(16).toString('hex'))
    const right = await verifyPassword(password.slice(0, 1024), user?.password ?? (await decoy))
    if (!user || !right || user.disabled || user.password === null) {
      await d.db.tx((tx) =>
        d.audit.write(tx, {
          actor: 'system',
          act: 'session.refused',
          subject: user ? `user:${user.name}` : undefined,
          remote,
        }),
      )
      throw new Problem('wrong-credentials')
    }
    attempts.succeeded(name, remote)
    return user
  }

  async function prove(name: string, password: string, remote: string, why: string): Promise<string> {
    const user = await check(name, password, remote)
    await d.db.tx((tx) =>
      d.audit.write(tx, {
        actor: `user:${user.name}`,
        act: 'session.prove',
        subject: `user:${user.name}`,
        remote,
        detail: { why },
      }),
    )
    return String(user.no)
  }

  async function open(user: UserRow, remote: string, agent: string): Promise<SignedIn> {
    const session = randomBytes(32).toString('base64url')
    const expires = await d.db.tx(async (tx) => {
      // The user is looked at again under a lock: a disabling that committed meanwhile wins.
      const [row] = await tx.query<{ expires: Date }>(sql`
        insert into session (hash, user_no, expires, remote, agent)
        select ${sha256(session)}, no, now() + make_interval(hours => ${lifetimeH}), ${remote}, ${agent.replaceAll('\0', '').slice(0, 300)} from app_user where no = ${user.no} and not disabled for share
        returning expires`)
      if (!row) throw new Problem('wrong-credentials')
      await tx.affected(sql`update app_user set last_sign_in = now() where no = ${user.no}`)
      await d.audit.write(tx, { actor: `user:${user.name}`, act: 'session.open', subject: `user:${user.name}`, remote })
      return row.expires
    })
    return { user: { id: String(user.no), name: user.name, displayName: user.display_name }, session, expires }
  }

  async function look(hash: Buffer): Promise<Principal | undefined> {
    const [row] = await d.db.query<{ no: number; name: string; roles: RoleRow[]; idle: boolean }>(sql`
      select u.no, u.name, ${rolesOf} roles, s.last_used < now() - interval '1 minute' idle
      from session s join app_user u on u.no = s.user_no where s.hash = ${hash} and s.expires > now() and not u.disabled`)
    if (row?.idle) await d.db.affected(sql`update session set last_used = now() where hash = ${hash}`)
    return row && principalOfUser(row)
  }

  return {
    signIn: async (name, password, remote, agent = '') => open(await check(name, password, remote), remote, agent),
    prove,
    principalOfSession: async (session) => {
      if (!/^[A-Za-z0-9_-]{43}$/.test(session)) return undefined
      const hash = sha256(session)
      return cache.get(hash.toString('base64'), () => look(hash))
    },
    signOut: async (session) => {
      await d.db.tx(async (tx) => {
        const [gone] = await tx.query<{ user_no: number; name: string }>(
          sql`delete from session s using app_user u where u.no = s.user_no and s.hash = ${sha256(session)} returning s.user_no, u.name`,
        )
        if (!gone) return
        await d.audit.write(tx, { actor: `user:${gone.name}`, act: 'session.close', subject: `user:${gone.name}` })
        await d.events.emit(tx, 'user.changed', { user: gone.user_no, what: 'session' })
      })
      cache.clear()
    },
    forget: () => cache.clear(),
  }
}
