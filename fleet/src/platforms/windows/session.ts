/** One OMA DM session as a native client leads it (OMA-TS-DM_Protocol 1.2, MS-MDM): who it is, what it has to tell, then what the server wants until it wants no more. */
import { createExchange, type SessionAsked, type SessionDeps } from './exchange.ts'
import { createGather, piecesOf } from './large.ts'
import { deliveryOf } from './obey.ts'
import { alert, devInfo, loginStatus, noticeOf, statusOf, statusOfHeader } from './say.ts'
import { NotUnderstood } from './xml.ts'

export interface SessionEnd {
  /** Deliveries obeyed. */
  readonly obeyed: number
  readonly down?: true
}

/** A server that never has enough is broken. */
const mostMessages = 400

export async function session(o: SessionDeps, asked: SessionAsked): Promise<SessionEnd> {
  const s = createExchange(o, asked)
  const opening = [alert('1201'), loginStatus(o.disk()), ...asked.notices.map(noticeOf), devInfo(o.model)]
  let answer = await s.authenticated(opening)
  if (asked.deaf) return { obeyed: 0 }
  const gather = createGather()
  let obeyed = 0
  for (let i = 0; ; i += 1) {
    if (i > mostMessages) throw new NotUnderstood('The session does not end.')
    if (answer.words.some((w) => w.verb === 'Alert' && w.code === '1223')) return { obeyed }
    if (answer.words.length === 0 && answer.final) return { obeyed }
    if (s.mustChallenge(answer)) {
      answer = await s.challenge(answer)
      continue
    }
    const from = answer.message
    const { ready, taken } = gather(answer.words)
    const done = o.obey(ready, s.asked())
    if (done.down) return { obeyed, down: true }
    obeyed += done.concluded.length
    const parts = piecesOf(done.replies, o.model.manner.chunk)
    const replies = [
      ...answer.words.flatMap((w) => (w.verb === 'Alert' ? [{ cmd: 'Alert', cmdRef: w.id, code: 200 }] : [])),
      ...taken,
      ...done.replies,
    ]
    tell(o, done.concluded, 'reported')
    answer = await s.say(
      [
        statusOfHeader(s.proven() ? '212' : '200', from),
        ...replies.map((r) => statusOf(r, from)),
        ...(answer.final ? [] : [alert('1222')]),
      ],
      parts,
      from,
    )
    // The same delivery in the answer: the server asks on, and has not ended what was said of it.
    const goesOn = new Set(answer.words.map((w) => deliveryOf(w.id)))
    const ended = done.concluded.filter((c) => !goesOn.has(c.id))
    tell(o, ended, 'acknowledged-by-server')
  }
}

function tell(
  o: SessionDeps,
  all: ReturnType<SessionDeps['obey']>['concluded'],
  event: 'reported' | 'acknowledged-by-server',
): void {
  for (const { id, outcome, code } of all) o.record.write(o.name(), event, { id, outcome, ...(code && { code }) })
}
