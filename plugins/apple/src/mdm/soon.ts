/**
 * The short way of what devices do all day: one that is idle is handed a command, one that did it says so and is handed the next. Whatever may mean more
 * is left to the long way before anything was done.
 */
import type { Bytes, Channel, Delivery, OperationRow, PlatformHost, Reply, Route, ShortTurn } from '@muster/contract'
import { batch, expectInS } from './checkin.ts'
import type { createConnect } from './connect.ts'
import type { Idle } from './idle.ts'
import type { createPlainReports, PlainReport } from './plain-report.ts'
import type { Proofs, Proved } from './proof.ts'
import { nothing, plist } from './replies.ts'
import type { Channels } from './users.ts'

type Done = Parameters<NonNullable<Route['soon']>>[1]
/** Nothing that was put off is waiting: it is offered to who comes, and the short way is not for that. */
const idle: ShortTurn<OperationRow> = Object.freeze({ take: batch, expectInS, again: true })

export function createSoon(o: {
  host: Pick<PlatformHost, 'short'>
  proofs: Pick<Proofs, 'of' | 'later' | 'keep'>
  reports: ReturnType<typeof createPlainReports>
  channels: Pick<Channels, 'isOwn'>
  /** For whom nothing waits. */
  idle: Idle
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
  function take(proof: Proved, said: PlainReport, { body, done }: { body: Bytes; done: Done }): boolean {
    return o.host.short(
      proof,
      (c) => turnOf(c, said, body),
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
  /** Whatever the proof came to: what is not dealt with here goes the long way. */
  function proved(proof: Proved | undefined, said: PlainReport, asked: { body: Bytes; done: Done }): void {
    try {
      const known = proof && o.idle(proof, said)
      if (known) return asked.done(known)
      if (proof && take(proof, said, asked)) return
    } catch (e) {
      return asked.done(undefined, e)
    }
    if (proof) o.proofs.keep(asked.body, proof)
    asked.done(undefined)
  }
  return (r, done) => {
    const { body } = r
    const said = o.reports(body)
    if (!said) return false
    const taken = o.proofs.later(r, (proof) => proved(proof, said, { body, done }))
    if (taken !== undefined) return taken
    const proof = o.proofs.of(r)
    return 'missing' in proof ? false : take(proof, said, { body, done })
  }
}
