/** A device that says it is idle, answered at once where nothing waits for it: read in one look, proved by its signature, known from memory. */
import type { Channel, PlatformHost, Reply, Route } from '@muster/contract'
import { batch, expectInS } from './checkin.ts'
import type { createPlainReports, PlainReport } from './plain-report.ts'
import type { Proofs, Proved } from './proof.ts'
import { nothing } from './replies.ts'
import type { Channels } from './users.ts'

interface IdleDeps {
  host: Pick<PlatformHost, 'idle'>
  channels: Pick<Channels, 'isOwn'>
  /** Nothing is under way with the channel, so its idling means nothing more. */
  rests(channel: number): boolean
}
/** undefined is the answer when nothing was done; the short way, or the route proper, tells then. */
export type Idle = (proof: Proved, said: PlainReport) => Reply | undefined

export function createIdle(o: IdleDeps): Idle {
  return (proof, said) => {
    if (said.command !== undefined) return undefined
    const expected = (c: Channel) => (o.rests(c.no) && o.channels.isOwn(c, said) ? expectInS : undefined)
    return o.host.idle(proof, batch, expected, true) ? nothing() : undefined
  }
}

/** Of whom it is known at once: who shows a certificate, or is new here. Whoever signs and is known is proved with the others that come now (`soon`). */
export function createNow(o: {
  proofs: Pick<Proofs, 'of' | 'claims'>
  reports: ReturnType<typeof createPlainReports>
  idle: Idle
}): NonNullable<Route['now']> {
  return (r) => {
    const said = o.reports(r.body)
    if (!said || o.proofs.claims(r) || said.command !== undefined) return undefined
    const proof = o.proofs.of(r)
    return 'missing' in proof ? undefined : o.idle(proof, said)
  }
}
