/** The door of access. */
export { type Access, createAccess } from './access.ts'
export { type ApiClient, type ClientInput, type ClientRecord, type Clients, clientGrants } from './clients.ts'
export type { AccessDeps } from './deps.ts'
export { demandForGroup } from './gains.ts'
export type { OAuthKeys } from './keys.ts'
export type { OAuthStore } from './oauth-store.ts'
export { verifyPassword } from './password.ts'
export {
  corePermissions,
  covers,
  demand,
  demandAll,
  everywhere,
  type Grant,
  may,
  narrowed,
  type Principal,
  type Reach,
  reachFor,
  reachSql,
  system,
} from './permissions.ts'
export type { Role, RoleInput, Roles } from './roles.ts'
export { permissionPattern } from './roles.ts'
export type { SignedIn } from './sessions.ts'
export type { DeviceToken } from './tokens.ts'
export type { RoleAssignment, User, UserInput, Users } from './users.ts'
