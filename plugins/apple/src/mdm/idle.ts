/** A device that says it is idle, answered at once where nothing waits for it: read in one look, proved by its signature, known from memory. */
import type { Channel, PlatformHost, Reply, Route } from '@muster/contract'
import { readFlatPlist } from '@muster/kit/plist'
import { batch, expectInS } from './checkin.ts'
import type { createProofs } from './proof.ts'
import { nothing } from './replies.ts'
import type { Channels } from './users.ts'

/** What a device's own channel says. A user's has more, and goes the long way. */
const words: ReadonlySet<string> = new Set(['Status', 'UDID', 'EnrollmentID'])
const longestName = 128

/** `rests`: nothing is under way with the channel, so its idling means nothing more. undefined is the answer when nothing was done; the route proper tells then. */
export function createIdle(o: {
  host: PlatformHost
  proofs: ReturnType<typeof createProofs>
  channels: Pick<Channels, 'isOwn'>
  rests(channel: number): boolean
}): NonNullable<Route['now']> {
  return (r): Reply | undefined => {
    const said = readFlatPlist(r.body)
    if (said?.Status !== 'Idle') return undefined
    for (const word in said) if (!words.has(word)) return undefined
    const sender = { udid: nameIn(said.UDID), enrollmentId: nameIn(said.EnrollmentID) }
    if (sender.udid === undefined && sender.enrollmentId === undefined) return undefined
    const proof = o.proofs(r)
    if ('missing' in proof) return undefined
    const expected = (c: Channel) => (o.rests(c.no) && o.channels.isOwn(c, sender) ? expectInS : undefined)
    return o.host.idle(proof, batch, expected, true) ? nothing() : undefined
  }
}

function nameIn(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= longestName && value !== '' ? value : undefined
}
