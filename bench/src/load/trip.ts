/** Round trips: a device fetches the operation that waits for it, then tells that it is done; each device once, in an order that the seed decides. */
import { shuffled } from '../random.ts'
import { type Answer, openConnection } from './connection.ts'
import { ackBody, pollBody, syncPath, withId, withToken } from './requests.ts'
import { createTally, type Seen, type Tally } from './tally.ts'

export interface TripJob {
  kind: 'trip'
  port: number
  connections: number
  seed: number
  devices: number
  /** The number of the first of these devices. Default 0. */
  first?: number
  /** Where they speak. Default: where Linux's agents do. */
  path?: string
  /** Which of the shuffled devices. */
  from: number
  to: number
  /** The number of the reports. */
  sequence: number
  /** The server gives nothing (it is the echo): the acknowledgement names nobody's operation. */
  echo?: boolean
}
export interface Trips extends Seen {
  /** Acknowledgements that were answered 200. */
  trips: number
}

const tokenLength = 43

export async function trip(job: TripJob, tokens: Buffer): Promise<Trips> {
  const order = shuffled(job.devices, job.seed)
  const { first = 0, path = syncPath } = job
  const at = '2026-01-01T00:00:00Z'
  const done = Promise.withResolvers<void>()
  let next = job.from
  let running = job.connections
  let trips = 0
  let tally: Tally
  const ack = withId(path, (id) => ackBody(job.sequence, at, id))

  async function client() {
    const make = withToken(pollBody(job.sequence - 1, at), tokens, path)
    let device = 0
    let sentAt = 0
    let acknowledging = false
    const begin = () => {
      if (next >= job.to) {
        running -= 1
        if (running === 0) done.resolve()
        return
      }
      device = first + order[next++]!
      acknowledging = false
      sentAt = performance.now()
      connection.ask(make(device))
    }
    const on = ({ status, body }: Answer) => {
      tally.answered(status, performance.now() - sentAt)
      if (acknowledging) {
        if (status === 200) trips += 1
        else tally.wrong(`${status} ${body.subarray(0, 160).toString()}`)
        return begin()
      }
      const id = idIn(body, job.echo === true)
      if (status !== 200 || id === undefined) {
        tally.wrong(`${status} ${body.subarray(0, 160).toString()}`)
        return begin()
      }
      acknowledging = true
      sentAt = performance.now()
      connection.ask(ack(tokens.toString('latin1', device * tokenLength, (device + 1) * tokenLength), id))
    }
    const connection = await openConnection(job.port, on, done.reject)
    return { begin, end: connection.end }
  }
  const clients = await Promise.all(Array.from({ length: job.connections }, client))
  // Devices keep their connections: what counts begins when all are open.
  tally = createTally()
  for (const c of clients) c.begin()
  await done.promise
  for (const c of clients) c.end()
  return { ...tally.end(), trips }
}

const idMark = Buffer.from('"id":"')

/** The wire id of the first delivery. */
function idIn(body: Buffer, echo: boolean): string | undefined {
  if (echo) return 'o255s-255s'
  const from = body.indexOf(idMark)
  return from < 0 ? undefined : body.toString('latin1', from + idMark.length, body.indexOf(0x22, from + idMark.length))
}
