/** The door of enrolment. */
export type { Begin } from './begin.ts'
export type { DeviceClient } from './credentials.ts'
export { type Credential, clientHash } from './credentials.ts'
export type { EnrollmentDeps } from './deps.ts'
export { createEnrollment, type Enrollment } from './enrollment.ts'
export type { Identifier } from './identity.ts'
export type {
  Invitation,
  InvitationRequest,
  InvitationState,
} from './invitations.ts'
export type { Licence, Licences } from './licences.ts'
export type { OwnershipChange } from './ownership.ts'
export type { EnrollmentPorts } from './ports.ts'
export type { EnrolmentState } from './states.ts'
