/** The door of the API: calls, cached reads, the live stream and the words they answer with. */
export { ApiProblem } from '@muster/client'
export { keepCsrf, newKey, onSessionExpired } from './http.ts'
export { createLive, type Live, type LiveState } from './live.ts'
export type * from './model.ts'
export {
  about,
  activities,
  catalog,
  checkInMs,
  devices,
  groups,
  invitations,
  policies,
  session,
  summary,
  users,
} from './queries.ts'
export type { LiveEvent } from './stale.ts'
