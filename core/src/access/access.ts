/** Access as a whole: who there is, what they may do, and by what word (session, token) they are known. */
import { type Clients, createClients } from './clients.ts'
import type { AccessDeps } from './deps.ts'
import { demandForOwner } from './gains.ts'
import { type OAuthKeys, openOAuthKeys } from './keys.ts'
import { createOAuthStore, type OAuthStore } from './oauth-store.ts'
import type { Principal } from './permissions.ts'
import { createReaders, type Readers } from './readers.ts'
import { createRoles, ensureBuiltinRoles, type Roles } from './roles.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createTokens, type Tokens } from './tokens.ts'
import { createUsers, type Users } from './users.ts'

export interface Access extends Omit<Sessions, 'forget'>, Omit<Tokens, 'forget'>, Omit<Readers, 'forget'> {
  users: Users
  roles: Roles
  clients: Clients
  oauth: OAuthStore
  oauthKeys(): Promise<OAuthKeys>
  /** Built-in roles, from all permissions there are now. */
  ensureBuiltinRoles(permissions: readonly string[]): Promise<void>
  /** Problem `forbidden`, when `by` would gain permissions over the device by becoming its owner. */
  demandForOwner(by: Principal, device: string, owner: number): Promise<void>
  /** Drops all that is cached: asked anew from now on. */
  forget(): void
  /** Hears other nodes' changes; without it caches still end after 5 s. */
  start(): void
  stop(): void
}

const heard = [
  'user.changed',
  'role.changed',
  'client.changed',
  'tokens.revoked',
  'credentials.revoked',
  'group.changed',
] as const

export function createAccess(d: AccessDeps): Access {
  let known: readonly string[] = []
  const { forget: forgetSessions, ...sessions } = createSessions(d)
  const { forget: forgetTokens, ...tokens } = createTokens(d, () => known)
  const { forget: forgetReaders, ...readers } = createReaders(d)
  const forget = () => {
    forgetReaders()
    forgetSessions()
    forgetTokens()
  }
  let follower: { stop(): Promise<void> | void } | undefined
  return {
    ...sessions,
    ...tokens,
    ...readers,
    users: createUsers(d, forget),
    roles: createRoles(d, forget),
    clients: createClients(d, forget),
    oauth: createOAuthStore(d, forget),
    demandForOwner: (by, device, owner) => demandForOwner(d.db, by, device, owner),
    oauthKeys: () => openOAuthKeys(d),
    ensureBuiltinRoles: async (permissions) => {
      await ensureBuiltinRoles(d, permissions)
      known = permissions
      forget()
    },
    forget,
    start: () => {
      follower ??= d.events.follow({ hears: heard }, forget)
    },
    stop: () => {
      void follower?.stop()
      follower = undefined
    },
  }
}
