/** The door of enrolment: profiles that bring devices in, and those that renew their identity. */
export { enrolmentSteps } from './invite.ts'
export { createOta } from './ota.ts'
export { type EnrolmentOptions, enrolmentIdentifier } from './profile.ts'
export { createRenewal, endingEvent, type Renewal, renewalErrand, renewalMigration } from './renewal.ts'
export { type EnrolDeps, enrolRoutes } from './routes.ts'
