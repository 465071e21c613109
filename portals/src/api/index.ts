/** The door of the API: calls, cached reads, the live stream and the words they answer with. */
export { ApiProblem, type FieldError, newKey, onSessionExpired, keepCsrf } from './http.ts'
export { createLive, type Live, type LiveEvent, type LiveState } from './live.ts'
export type * from './model.ts'
export { about, activities, catalog, devices, groups, invitations, policies, session, summary, users } from './queries.ts'
