/** A device that says it is idle, answered at once where nothing waits for it: read in one look, proved by its signature, known from memory. */
import type { Channel, PlatformHost, Reply, Route } from '@muster/contract'
import { batch, expectInS } from './checkin.ts'
import type { createPlainReports } from './plain-report.ts'
import type { createProofs } from './proof.ts'
import { nothing } from './replies.ts'
import type { Channels } from './users.ts'

/** `rests`: nothing is under way with the channel, so its idling means nothing more. undefined is the answer when nothing was done; the route proper tells then. */
export function createIdle(o: {
  host: PlatformHost
  proofs: ReturnType<typeof createProofs>
  reports: ReturnType<typeof createPlainReports>
  channels: Pick<Channels, 'isOwn'>
  rests(channel: number): boolean
}): NonNullable<Route['now']> {
  return (r): Reply | undefined => {
    const said = o.reports(r.body)
    if (!said || said.command !== undefined) return undefined
    const proof = o.proofs(r)
    if ('missing' in proof) return undefined
    const expected = (c: Channel) => (o.rests(c.no) && o.channels.isOwn(c, said) ? expectInS : undefined)
    return o.host.idle(proof, batch, expected, true) ? nothing() : undefined
  }
}
