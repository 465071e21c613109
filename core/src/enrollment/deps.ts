/** What every part of enrolment works with. */
import type { Audit } from '../audit/index.ts'
import type { Db, Log } from '../db/index.ts'
import type { Events } from '../events/index.ts'
import type { EnrollmentPorts } from './ports.ts'

export interface EnrollmentDeps {
  db: Db
  events: Events
  audit: Audit
  log: Log
  ports: EnrollmentPorts
}
