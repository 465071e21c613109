/** Management sessions of Windows PCs: the first package, then an answer to whatever the server asks, until it asks nothing more. */
import { readFileSync } from 'node:fs'
import { answering, asksIn, opening } from '../windows/index.ts'
import { type Answer, openConnection } from './connection.ts'
import { createTally, type Seen } from './tally.ts'

export interface TripWindowsJob {
  kind: 'trip-windows'
  port: number
  connections: number
  /** JSON: `{ deviceId, certificate }` of each. */
  file: string
  from: number
  to: number
  session: string
}
export interface WindowsTrips extends Seen {
  /** Sessions led to their end. */
  finished: number
  /** Commands answered. */
  answered: number
}

let read: { file: string; pcs: { deviceId: string; certificate: string }[] } | undefined
/** No session of a benchmark is longer. */
const mostMessages = 20

export async function tripWindows(job: TripWindowsJob): Promise<WindowsTrips> {
  if (read?.file !== job.file) read = { file: job.file, pcs: JSON.parse(readFileSync(job.file, 'utf8')) }
  const { pcs } = read
  const tally = createTally()
  let next = job.from
  let finished = 0
  let answered = 0

  async function client(): Promise<void> {
    let heard = Promise.withResolvers<Answer>()
    const connection = await openConnection(
      job.port,
      (a) => heard.resolve(a),
      (e) => heard.reject(e),
    )
    async function ask(bytes: Buffer): Promise<string> {
      heard = Promise.withResolvers()
      const sentAt = performance.now()
      connection.ask(bytes)
      const { status, body } = await heard.promise
      tally.answered(status, performance.now() - sentAt)
      const text = body.toString('utf8')
      if (status !== 200) throw new Error(`${status} ${text.slice(0, 160)}`)
      return text
    }
    async function lead(n: number): Promise<void> {
      const pc = pcs[n]
      if (!pc) throw new Error(`no PC ${n}`)
      const who = { ...pc, session: job.session }
      let said = await ask(opening(who))
      for (let number = 2; number < mostMessages; number += 1) {
        const asked = asksIn(said)
        if (asked.length === 0) {
          finished += 1
          return
        }
        answered += asked.length
        said = await ask(answering(who, number, asked))
      }
      throw new Error('the session does not end')
    }
    while (next < job.to) await lead(next++).catch((error: Error) => tally.wrong(error.message))
    connection.end()
  }
  await Promise.all(Array.from({ length: job.connections }, client))
  return { ...tally.end(), finished, answered }
}
