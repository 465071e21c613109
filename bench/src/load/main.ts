/** The generator's process: takes a job at a time over its message channel and answers what it saw. */
import { type EnrolJob, enrol } from './enrol.ts'
import { type EnrolAppleJob, enrolApple } from './enrol-apple.ts'
import { type HerdJob, herd } from './herd.ts'
import { type PollJob, poll } from './poll.ts'
import { tokensOf } from './requests.ts'
import { runScript, type ScriptJob } from './script.ts'
import { type TripJob, trip } from './trip.ts'
import { type TripWindowsJob, tripWindows } from './trip-windows.ts'

type Message =
  | PollJob
  | TripJob
  | HerdJob
  | EnrolJob
  | EnrolAppleJob
  | ScriptJob
  | TripWindowsJob
  | { kind: 'tokens'; seed: number; devices: number }
  | { kind: 'again' }

let tokens = Buffer.alloc(0)
let running: Awaited<ReturnType<typeof herd>> | undefined

async function work(m: Message): Promise<unknown> {
  switch (m.kind) {
    case 'tokens':
      tokens = tokensOf(m.seed, m.devices) as typeof tokens
      return tokens.length
    case 'poll':
      return poll(m, tokens)
    case 'trip':
      return trip(m, tokens)
    case 'enrol':
      return enrol(m)
    case 'enrol-apple':
      return enrolApple(m)
    case 'trip-windows':
      return tripWindows(m)
    case 'script':
      return runScript(m)
    case 'herd':
      running = await herd(m, tokens)
      return running.connected
    case 'again': {
      const seen = await running?.again()
      running?.end()
      return seen
    }
  }
}

process.on('message', (m: Message) => {
  work(m).then(
    (seen) => process.send?.({ seen }),
    (error: Error) => process.send?.({ failed: error.stack ?? error.message }),
  )
})
process.on('disconnect', () => process.exit())
