/** The door of enrolment: discovery, policy and certificates (MS-MDE2), and the pages on the way. */
export { endingEvent, endingJob } from './ending.ts'
export { createEnrolment, type Enrolment } from './enrolment.ts'
export { enrolmentFacts } from './facts.ts'
export { providerId } from './provisioning.ts'
export { enrolmentOrigins, enrolmentSettings } from './settings.ts'
export { signInMigration } from './sign-ins.ts'
