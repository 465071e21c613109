/** Conversations whose every request was made beforehand: one after the other on each connection, as fast as they are answered. */
import { readFileSync } from 'node:fs'
import { randomOf } from '../random.ts'
import { type Answer, openConnection } from './connection.ts'
import { createTally, type Seen, type Tally } from './tally.ts'

export interface ScriptJob {
  kind: 'script'
  port: number
  connections: number
  /** Written by `scripts`. */
  file: string
  /** These conversations, each once and in order. */
  from: number
  to: number
  /** Instead: drawn from them at random, for so many seconds. */
  seconds?: number
  seed?: number
  /** How the answer to each request of a conversation begins or what it holds; empty: it must be. All 200. */
  expect: readonly string[]
}
export interface Scripted extends Seen {
  /** Conversations that were answered right to their end. */
  finished: number
}

/** As `scripts` writes them. */
export function readScript(file: string): Buffer[][] {
  const all = readFileSync(file)
  const found: Buffer[][] = []
  for (let at = 0; at < all.length; ) {
    const n = all.readUInt32BE(at)
    at += 4
    const requests: Buffer[] = []
    for (let i = 0; i < n; i += 1) {
      const length = all.readUInt32BE(at)
      requests.push(all.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    found.push(requests)
  }
  return found
}

let read: { file: string; conversations: Buffer[][] } | undefined

export async function runScript(job: ScriptJob): Promise<Scripted> {
  if (read?.file !== job.file) read = { file: job.file, conversations: readScript(job.file) }
  const { conversations } = read
  const random = randomOf(job.seed ?? 1)
  let until = Number.POSITIVE_INFINITY
  const done = Promise.withResolvers<void>()
  let next = job.from
  let running = job.connections
  let finished = 0
  let tally: Tally

  const draw = (): Buffer[] | undefined => {
    if (performance.now() >= until) return undefined
    if (job.seconds !== undefined) return conversations[job.from + Math.floor(random() * (job.to - job.from))]
    return next < job.to ? conversations[next++] : undefined
  }
  async function client() {
    let requests: Buffer[] = []
    let step = 0
    let sentAt = 0
    const ask = () => {
      sentAt = performance.now()
      connection.ask(requests[step] as Buffer)
    }
    const begin = () => {
      const drawn = draw()
      if (!drawn) {
        running -= 1
        if (running === 0) done.resolve()
        return
      }
      requests = drawn
      step = 0
      ask()
    }
    const on = ({ status, body }: Answer) => {
      tally.answered(status, performance.now() - sentAt)
      const expect = job.expect[step] ?? ''
      if (status !== 200 || (expect === '' ? body.length > 0 : !body.includes(expect))) {
        tally.wrong(`${status} ${body.subarray(0, 160).toString()}`)
        return begin()
      }
      step += 1
      if (step < requests.length) return ask()
      finished += 1
      begin()
    }
    const connection = await openConnection(job.port, on, done.reject)
    return { begin, end: connection.end }
  }
  const clients = await Promise.all(Array.from({ length: job.connections }, client))
  // Devices keep their connections: what counts begins when all are open.
  tally = createTally()
  until = performance.now() + (job.seconds ?? 600) * 1000
  for (const c of clients) c.begin()
  await done.promise
  for (const c of clients) c.end()
  return { ...tally.end(), finished }
}
