/** Management sessions of Windows PCs: the first package, then an answer to whatever the server asks, until it asks nothing more. */
import { readFileSync } from 'node:fs'
import { answering, asksIn, opening } from '../windows/index.ts'
import { type Answer, openConnection } from './connection.ts'
import { createTally, type Seen, type Tally } from './tally.ts'

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
  // Made before it counts, as far as that is possible: what the generator does is none of what is measured.
  const openings = pcs.slice(job.from, job.to).map((pc) => opening({ ...pc, session: job.session }))
  let tally: Tally
  let next = job.from
  let finished = 0
  let answered = 0

  async function client() {
    const over = Promise.withResolvers<void>()
    const connection = await openConnection(job.port, on, over.reject)
    let n = 0
    let number = 1
    let sentAt = 0

    function ask(bytes: Buffer | string): void {
      sentAt = performance.now()
      connection.ask(bytes)
    }
    function begin(): void {
      if (next >= job.to) return over.resolve()
      n = next++
      number = 1
      ask(openings[n - job.from] as Buffer)
    }
    function on({ status, body }: Answer): void {
      tally.answered(status, performance.now() - sentAt)
      const said = body.toString('latin1')
      if (status !== 200) return wrong(`${status} ${said.slice(0, 160)}`)
      const asked = asksIn(said)
      if (asked.length === 0) {
        finished += 1
        return begin()
      }
      answered += asked.length
      number += 1
      if (number >= mostMessages) return wrong('the session does not end')
      const pc = pcs[n] as (typeof pcs)[number]
      ask(answering({ ...pc, session: job.session }, number, asked))
    }
    function wrong(what: string): void {
      tally.wrong(what)
      begin()
    }
    return { begin, over: over.promise, end: connection.end }
  }
  const clients = await Promise.all(Array.from({ length: job.connections }, client))
  // PCs keep their connections: what counts begins when all are open.
  tally = createTally()
  for (const c of clients) c.begin()
  await Promise.all(clients.map((c) => c.over))
  for (const c of clients) c.end()
  return { ...tally.end(), finished, answered }
}
