/**
 * A herd: devices hold connections, as many as a process may; when the server goes away all come back, each at its own moment, and try until
 * they are answered.
 */
import { randomOf } from '../random.ts'
import { type Connection, openConnection } from './connection.ts'
import { pollBody, withToken } from './requests.ts'
import { createTally, type Seen } from './tally.ts'

export interface HerdJob {
  kind: 'herd'
  port: number
  devices: number
  seed: number
  /** Seconds over which they come. */
  spreadS: number
  /** Devices that keep their connection; the others end it once they are answered. */
  held: number
}
export interface Herd extends Seen {
  /** Devices that were answered 200. */
  devices: number
  /** Connections that were refused or cut before an answer; the device tried again. */
  refused: number
}
const firstPauseMs = 500
/** A coming that takes longer has failed: then what was seen so far is told. */
const patienceMs = 150_000

/** Resolves with the first coming; `again` waits until all were cut and came once more; `end` closes them. */
export async function herd(job: HerdJob, tokens: Buffer) {
  const random = randomOf(job.seed)
  const connections = new Map<number, Connection>()
  let round = begin()

  function begin() {
    return {
      tally: createTally(),
      left: new Set(Array.from({ length: job.devices }, (_, i) => i)),
      refused: 0,
      done: Promise.withResolvers<void>(),
    }
  }
  function cut(device: number): void {
    if (!connections.delete(device)) return
    if (round.left.size === 0) {
      round = begin()
      // Those without a connection come at the times they would poll.
      for (let other = job.held; other < job.devices; other += 1) comeSoon(other)
    }
    comeSoon(device)
  }
  function comeSoon(device: number): void {
    setTimeout(() => come(device, 0), random() * job.spreadS * 1000)
  }
  function come(device: number, tries: number): void {
    const mine = round
    const began = performance.now()
    let answered = false
    const retry = () => {
      mine.refused += 1
      setTimeout(() => come(device, tries + 1), firstPauseMs * (0.5 + random()) * Math.min(8, 2 ** tries))
    }
    openConnection(
      job.port,
      ({ status, body }) => {
        answered = true
        mine.tally.answered(status, performance.now() - began)
        if (status !== 200) {
          mine.tally.wrong(`${status} ${body.subarray(0, 120).toString()}`)
          connections.get(device)?.end()
          connections.delete(device)
          return retry()
        }
        if (device >= job.held) {
          connections.get(device)?.end()
          connections.delete(device)
        }
        mine.left.delete(device)
        if (mine.left.size === 0) mine.done.resolve()
      },
      () => {
        if (answered) cut(device)
        else {
          connections.delete(device)
          retry()
        }
      },
    ).then(
      (connection) => {
        connections.set(device, connection)
        connection.ask(Buffer.from(withToken(pollBody(0, '2026-01-01T00:00:00Z'), tokens)(device)))
      },
      () => undefined, // told to `failed` above
    )
  }
  async function seen(): Promise<Herd> {
    const mine = round
    const timer = setTimeout(() => {
      const { statuses } = mine.tally.end()
      const refused = `${mine.refused} connections were refused or cut`
      mine.done.reject(
        new Error(
          `${mine.left.size} of ${job.devices} devices were not answered; answers ${JSON.stringify(statuses)}; ${refused}`,
        ),
      )
    }, patienceMs)
    await mine.done.promise
    clearTimeout(timer)
    return { ...mine.tally.end(), devices: job.devices - mine.left.size, refused: mine.refused }
  }
  for (let device = 0; device < job.devices; device += 1) comeSoon(device)
  return {
    connected: await seen(),
    again: async () => {
      while (round.left.size === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      return seen()
    },
    end: () => {
      for (const c of connections.values()) c.end()
    },
  }
}
