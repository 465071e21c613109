/** Idle polls: devices drawn at random ask whether anything waits, as fast as they are answered or at a set rate. */
import { randomOf } from '../random.ts'
import { type Answer, type Connection, openConnection } from './connection.ts'
import { pollBody, withToken } from './requests.ts'
import { createTally, type Seen } from './tally.ts'

export interface PollJob {
  kind: 'poll'
  port: number
  connections: number
  seed: number
  devices: number
  /** Ends after so many requests, or so many seconds. */
  requests?: number
  seconds?: number
  /** Requests a second, sent at their times whatever became of those before; unset: each connection asks when it is answered. */
  rate?: number
  /** Each device once in order, instead of at random. */
  inOrder?: boolean
  /** How every right answer begins. */
  expect: string
}

export async function poll(job: PollJob, tokens: Buffer): Promise<Seen> {
  const random = randomOf(job.seed)
  const expect = Buffer.from(job.expect)
  const until = performance.now() + (job.seconds ?? 600) * 1000
  const most = job.requests ?? Number.POSITIVE_INFINITY
  const done = Promise.withResolvers<void>()
  const body = pollBody(0, '2026-01-01T00:00:00Z')
  const idle: (() => void)[] = []
  const late: number[] = []
  let asked = 0
  let open = 0
  const tally = createTally()

  const over = () => asked >= most || performance.now() >= until
  const device = () => (job.inOrder ? asked % job.devices : Math.floor(random() * job.devices))

  async function client(): Promise<Connection> {
    const make = withToken(body, tokens)
    let sentAt = 0
    const send = (due: number) => {
      const bytes = make(device())
      asked += 1
      open += 1
      sentAt = due
      connection.ask(bytes)
    }
    const next = () => {
      if (job.rate === undefined) {
        if (!over()) return send(performance.now())
      } else {
        const due = late.shift()
        if (due !== undefined) return send(due)
        idle.push(() => send(performance.now()))
      }
      if (open === 0 && over()) done.resolve()
    }
    const on = ({ status, body: answer }: Answer) => {
      open -= 1
      tally.answered(status, performance.now() - sentAt)
      if (status !== 200 || answer.compare(expect, 0, expect.length, 0, expect.length) !== 0)
        tally.wrong(`${status} ${answer.subarray(0, 120).toString()}`)
      next()
    }
    const connection = await openConnection(job.port, on, done.reject)
    next()
    return connection
  }
  const clients = await Promise.all(Array.from({ length: job.connections }, client))
  const pacer =
    job.rate === undefined
      ? undefined
      : pace(
          job.rate,
          (due) => {
            if (over()) return false
            const free = idle.shift()
            if (free) free()
            else late.push(due)
            return true
          },
          () => open === 0 && done.resolve(),
        )
  await done.promise
  clearInterval(pacer)
  for (const c of clients) c.end()
  return tally.end()
}

/** Calls `due` at each request's time until it answers false, then `over` until the interval is cleared. */
function pace(rate: number, due: (at: number) => boolean, over: () => void): NodeJS.Timeout {
  const begun = performance.now()
  let sent = 0
  return setInterval(() => {
    for (const now = performance.now(); sent < ((now - begun) / 1000) * rate; sent += 1)
      if (!due(begun + (sent / rate) * 1000)) return over()
  }, 1)
}
