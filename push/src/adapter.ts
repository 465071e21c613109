/** What stands between the pusher and one push service: one file an adapter. */
import type { Credential, Wake } from '@muster/contract'

/** What became of one wake. */
export type Sent =
  | { state: 'sent' }
  /** The address is none any more: it is told back and cleared. */
  | { state: 'dead'; reason: string }
  /** This one will never be taken; others may. */
  | { state: 'refused'; reason: string }
  /** To be tried again; `all`: nothing that goes the same way has a chance before. */
  | { state: 'later'; reason: string; afterMs?: number; all?: true }

export interface Adapter {
  readonly via: Wake['via']
  /** The name of the credential it goes by (APNs: the topic). Undefined: this is no address of the service. */
  name(wake: Wake): string | undefined
  /** Settles always; never rejects for what the service or the way to it does. */
  send(wake: Wake, credential: Credential): Promise<Sent>
  /** Connections that stand now. */
  connections(): number
  close(): Promise<void>
}

/** Takes notes for the person who looks after the server. */
export interface PushLog {
  info(o: object, m: string): void
  warn(o: object, m: string): void
}
