/** The door of enrolment: profiles that bring devices in, and those that renew their identity. */
export { enrolmentSteps } from './invite.ts'
export type { EnrolmentOptions } from './profile.ts'
export { type EnrolDeps, enrolRoutes } from './routes.ts'
