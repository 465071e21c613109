/**
 * The short way of what devices do all day: one that is idle is handed a command, one that did it says so and is handed the next. Whatever may mean more
 * is left to the long way before anything was done.
 */
import type { Channel, Delivery, OperationRow, PlatformHost, Reply, Route, ShortTurn } from '@muster/contract'
import { batch, expectInS } from './checkin.ts'
import type { createConnect } from './connect.ts'
import type { createPlainReports, PlainReport } from './plain-report.ts'
import type { createProofs } from './proof.ts'
import { nothing, plist } from './replies.ts'
import type { Channels } from './users.ts'

type Done = Parameters<NonNullable<Route['soon']>>[1]
/** Nothing that was put off is waiting: it is offered to who comes, and the short way is not for that. */
const idle: ShortTurn<OperationRow> = Object.freeze({ take: batch, expectInS, again: true })

export function createSoon(o: {
  host: Pick<PlatformHost, 'short'>
  proofs: ReturnType<typeof createProofs>
  reports: ReturnType<typeof createPlainReports>
  channels: Pick<Channels, 'isOwn'>
  connect: Pick<ReturnType<typeof createConnect>, 'rests' | 'awaits' | 'brief' | 'next'>
  /** An error in the protocol's words, or thrown. */
  inWords(error: unknown): Reply
}): NonNullable<Route['soon']> {
  const { connect } = o

  function turnOf(c: Channel, said: PlainReport, raw: Uint8Array): ShortTurn<OperationRow> | undefined {
    if (!o.channels.isOwn(c, said)) return undefined
    const { command } = said
    if (command === undefined) return connect.rests(c.no) ? idle : undefined
    const word = connect.awaits(c.no, command)
    return word && { take: batch, expectInS, again: true, raw, id: command, word }
  }

  /** Answers what goes out, where it is known at once. */
  function answer(deliveries: readonly Delivery[], done: Done): string | undefined {
    const [given] = deliveries
    const text = given && connect.brief(given)
    if (text !== undefined) done({ status: 200, headers: plist, body: text })
    else if (!given) done(nothing())
    else connect.next(given.channel, deliveries).then(done, (error) => failed(error, done))
    return text
  }
  function failed(error: unknown, done: Done): void {
    try {
      done(o.inWords(error))
    } catch (e) {
      done(undefined, e)
    }
  }
  return (r, done) => {
    const said = o.reports(r.body)
    if (!said) return false
    const proof = o.proofs(r)
    if ('missing' in proof) return false
    return o.host.short(
      proof,
      (c) => turnOf(c, said, r.body),
      (deliveries, error) => {
        if (!deliveries) return void done(undefined, error)
        try {
          return answer(deliveries, done)
        } catch (e) {
          return void failed(e, done)
        }
      },
    )
  }
}
