/** One server process of the installation: started again and again, told apart whether we ended it or it fell by itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Toll } from './toll.ts'

export interface NodeOptions {
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  /** File that the process notes its failpoints in. */
  readonly journal: string
  readonly toll: Toll
  /** Modules loaded before the server (a planted bug). */
  readonly preload?: readonly string[]
}
/** How a life ended. `us`: by a kill of ours, from outside or at a failpoint. `threw`: some failpoint failed what it stood in. */
export interface End {
  readonly us: boolean
  readonly atFailpoint: boolean
  readonly threw: boolean
  /** It had answered before. */
  readonly wasReady: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last that it said. */
  readonly said: string
}
export interface Node {
  readonly port: number
  ready(): boolean
  /** Starts it; resolves when it answers, or when it ended before. `failpoints` as MUSTER_FAILPOINTS takes them. */
  start(o: { failpoints: string; clockStepsMs?: readonly number[] }): Promise<void>
  /** Of the life under way; resolves at once when there is none. */
  ended(): Promise<End>
  kill(): Promise<End>
  /** Stopped for so long, then going on. */
  freeze(ms: number): Promise<void>
  stepClock(): void
  /** Asked to stop in order. */
  stop(): Promise<End>
}

const serverMain = fileURLToPath(import.meta.resolve('@muster/server/main'))
const clockPreload = import.meta.resolve('./clock.preload.ts')
const lookMs = 25
const never: End = { us: true, atFailpoint: false, threw: false, wasReady: false, code: 0, signal: null, said: '' }
const tailLength = 4_000

export function createNode(o: NodeOptions): Node {
  let child: ChildProcess | undefined
  let ended: Promise<End> = Promise.resolve(never)
  let isReady = false
  let ours = false

  function watch(c: ChildProcess): Promise<End> {
    let said = ''
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-tailLength)
    }
    c.stdout?.on('data', hear)
    c.stderr?.on('data', hear)
    const killChild = () => c.kill('SIGKILL')
    process.once('exit', killChild)
    return new Promise((resolve) => {
      c.once('close', (code, signal) => {
        process.off('exit', killChild)
        const { killedAt, threw } = readJournal()
        const atFailpoint = killedAt !== undefined && signal === 'SIGKILL' && !ours
        const wasReady = isReady
        isReady = false
        resolve({
          us: ours || atFailpoint,
          atFailpoint,
          threw,
          wasReady,
          code,
          signal,
          said,
        })
      })
    })
  }
  /** Tells the toll what was reached; answers the point that it was killed at. */
  function readJournal(): { killedAt?: string; threw: boolean } {
    let last: string | undefined
    let threw = false
    if (!existsSync(o.journal)) return { threw }
    for (const line of readFileSync(o.journal, 'utf8').split('\n')) {
      const [word, name] = line.split(' ', 2)
      if (name === undefined) continue
      if (word === 'reached') o.toll.reached(name)
      else {
        o.toll.acted(name)
        if (word === 'throw' || word === 'delay') o.toll.count(`${word}-at-failpoint`)
        if (word === 'throw') threw = true
        if (word === 'kill') last = name
      }
    }
    rmSync(o.journal)
    return { threw, ...(last === undefined ? {} : { killedAt: last }) }
  }
  async function untilReady(c: ChildProcess): Promise<void> {
    while (child === c && c.exitCode === null && c.signalCode === null) {
      try {
        const answer = await fetch(`http://127.0.0.1:${o.port}/readyz`, { signal: AbortSignal.timeout(2_000) })
        await answer.arrayBuffer()
        if (answer.ok) {
          isReady = true
          return
        }
      } catch {
        // Not yet.
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs))
    }
  }
  const signal = (name: NodeJS.Signals) => child?.kill(name)

  return {
    port: o.port,
    ready: () => isReady,
    start: async ({ failpoints, clockStepsMs = [] }) => {
      await ended
      ours = false
      isReady = false
      const preload = [clockPreload, ...(o.preload ?? [])].flatMap((module) => ['--import', module])
      child = spawn(process.execPath, [...preload, serverMain], {
        env: {
          ...process.env,
          ...o.env,
          MUSTER_HTTP_PORT: String(o.port),
          MUSTER_FAILPOINTS: failpoints,
          MUSTER_FAILPOINTS_JOURNAL: o.journal,
          MUSTER_CHAOS_CLOCK_STEPS: clockStepsMs.join(','),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      ended = watch(child)
      await Promise.race([untilReady(child), ended])
    },
    ended: () => ended,
    kill: () => {
      ours = true
      signal('SIGKILL')
      return ended
    },
    freeze: async (ms) => {
      signal('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, ms))
      signal('SIGCONT')
    },
    stepClock: () => signal('SIGUSR2'),
    stop: async () => {
      ours = true
      signal('SIGTERM')
      const late = setTimeout(() => signal('SIGKILL'), 15_000)
      const end = await ended
      clearTimeout(late)
      return end
    },
  }
}
