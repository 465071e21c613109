/** What every part of access works with. */
import type { Audit } from '../audit/index.ts'
import type { Db, Log } from '../db/index.ts'
import type { Events } from '../events/index.ts'
import type { Secrets } from '../secrets/index.ts'

export interface AccessDeps {
  db: Db
  events: Events
  audit: Audit
  secrets: Secrets
  log: Log
}
/** Called after a committed change, so that this node believes nothing older; other nodes hear the event. */
export type Changed = () => void
