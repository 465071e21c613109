/** What a simulated PC keeps over a restart: JSON and nothing else. */
import type { Standing } from '../../platform.ts'
import type { Provisioned } from './provisioning.ts'
import type { Nodes } from './tree/index.ts'

/** Who sits at it: it decides what `./User` means. */
export type Logon = 'user' | 'others' | 'none'
/** Something it has to tell of its own accord: a generic alert (OMA DM 1.2, 8.7). */
export interface Notice {
  readonly source?: string
  readonly type: string
  readonly format: string
  readonly mark?: string
  readonly data: string
  /** When it is due (ms). */
  readonly due: number
}

export interface Disk {
  readonly no: number
  standing: Standing
  /** PEM. */
  key?: string
  certificate?: string
  account?: Provisioned['account']
  schedule?: Provisioned['schedule']
  /** That its last digest was made with. */
  spentNonce?: string
  renewDays?: number
  sessions: number
  /** Polls since there was something to do. */
  polls: number
  nodes: Nodes
  logon: Logon
  /** The Store app through which pushes come, where it is installed: its package family, and the channel that it would open. */
  app?: { family: string; channel: string }
  notices: Notice[]
  /** Unenrolment is still to be said. */
  goodbye: boolean
  /** The server has ended the management: nothing is left of it. */
  ended: boolean
  wiped?: string
  locks: number
  reboots: number
  changes: number
  ordinals: number
  /** Deliveries that took effect, the last ones: it does not obey by them, the record tells of them. */
  done: string[]
}
