/** The door of enrolment: profiles that bring devices in, and those that renew their identity. */
export { type Account, accountFact, createAccount, enrolmentFact } from './account.ts'
export { accountSetup, createAccountChoice } from './account-setup.ts'
export { accountMigration } from './account-store.ts'
export { enrolmentSteps } from './invite.ts'
export { createOta } from './ota.ts'
export { type EnrolmentOptions, enrolmentIdentifier } from './profile.ts'
export { createRenewal, endingEvent, type Renewal, renewalErrand, renewalMigration } from './renewal.ts'
export { type EnrolDeps, enrolRoutes } from './routes.ts'
