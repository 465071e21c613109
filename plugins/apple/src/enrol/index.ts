/** The door of enrolment: profiles that bring devices in. */
export { type EnrolmentProfile, enrolmentIdentifier, enrolmentProfile } from './profile.ts'
