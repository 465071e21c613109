/** The door of the API: calls, cached reads, the live stream and the words they answer with. */
export { ApiProblem } from '@muster/client'
export { type AlertFilters, alerts } from './alerts.ts'
export { approvals } from './approvals.ts'
export { keepCsrf, newKey, onSessionExpired, onSessionReplaced } from './http.ts'
export { createLive, type Live, type LiveState } from './live.ts'
export type * from './model.ts'
export { clients, roles, users } from './people.ts'
export { groups, policies } from './policies.ts'
export {
  type ActivityFilters,
  about,
  activities,
  catalog,
  checkInMs,
  devices,
  invitations,
  session,
  summary,
} from './queries.ts'
export { queries } from './saved.ts'
export { type AuditFilters, audit, certificates, configuration, licences, platformSetup } from './server.ts'
export { eventTypes, type LiveEvent } from './stale.ts'
export { recovery, webhooks } from './webhooks.ts'
