/** Who somebody is without a session or token: for work that goes on in their name when they are not there. */
import sql from 'sql-template-tag'
import { type Cache, createCache } from './cache.ts'
import type { AccessDeps } from './deps.ts'
import { everywhere, type Principal } from './permissions.ts'
import { principalOfUser, type RoleRow, rolesOf } from './sessions.ts'

export interface Readers {
  /** The lasting name of a principal, for `principalNamed`: 'user:<no>' or 'client:<id>'. */
  nameOf(p: Principal): string
  /** What they may do now; undefined when they are gone or disabled. Cached for at most 5 s. */
  principalNamed(name: string): Promise<Principal | undefined>
  forget(): void
}

export function createReaders(d: AccessDeps): Readers {
  const cache: Cache<Principal> = createCache()

  async function user(no: string): Promise<Principal | undefined> {
    const [row] = await d.db.query<{ no: number; name: string; roles: RoleRow[] }>(
      sql`select u.no, u.name, ${rolesOf} roles from app_user u where u.no = ${no}::bigint and not u.disabled`,
    )
    return row && principalOfUser(row)
  }
  async function client(id: string): Promise<Principal | undefined> {
    const [row] = await d.db.query<{ id: string; name: string; scopes: string[] }>(
      sql`select id, name, scopes from oauth_client where id = ${id} and revoked is null and channel is null`,
    )
    if (!row) return undefined
    const { name, scopes } = row
    return { kind: 'client', id, name, actor: `client:${id}`, permissions: scopes, reach: everywhere }
  }
  return {
    nameOf: (p) => `${p.kind}:${p.id}`,
    principalNamed: (name) => {
      const colon = name.indexOf(':')
      const id = name.slice(colon + 1)
      return cache.get(name, () => (name.startsWith('user:') ? user(id) : client(id)))
    },
    forget: () => cache.clear(),
  }
}
