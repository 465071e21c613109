/** What the room of platforms works with. */
import type { Json, Pusher } from '@muster/contract'
import type { Access } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Certificates } from '../certificates/index.ts'
import type { Db, Log, Tx } from '../db/index.ts'
import type { Devices } from '../devices/index.ts'
import type { Enrollment } from '../enrollment/index.ts'
import type { Events } from '../events/index.ts'
import type { Operations } from '../operations/index.ts'
import type { Policies } from '../policies/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import type { Signing } from '../signing/index.ts'

export interface PlatformsDeps {
  db: Db
  log: Log
  events: Events
  audit: Audit
  secrets: Secrets
  signing: Signing
  registry: Registry
  access: Pick<Access, 'prove' | 'users' | 'principalNamed'>
  devices: Devices
  enrollment: Enrollment
  operations: Operations
  policies: Policies
  certificates: Pick<Certificates, 'succeed' | 'revoke' | 'own' | 'authorities' | 'ending'>
  /** Seconds to the next poll, with jitter. */
  pace(platform: string): number
  organisation(): string
  server(): { url: string; trust: readonly Uint8Array[] }
  pusher?: Pusher
  /** What somebody should look at; without a device it is about the installation. */
  raise(
    tx: Tx,
    all: readonly {
      device?: { no: number; id: string }
      type: string
      severity: 'info' | 'warning' | 'critical'
      data: Json
    }[],
  ): Promise<void>
  /** True while what devices only tell of themselves is to wait: the node is pressed. */
  pressed?(): boolean
}
