/**
 * A server of several processes, so that all processors of a machine are used: the first is a whole server, the others take connections at the same ports
 * (SO_REUSEPORT: the kernel spreads them) and are nodes on the same database. One that falls is started again; when the first ends, all end.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createServer } from 'node:net'
import type { Log } from '@muster/core'
import { mergeMetrics } from './merge.ts'
import { createTalk, type Numbers } from './messages.ts'

export interface ProcessesOptions {
  /** How many, this one among them. */
  readonly count: number
  /** Which of them this is; the first is 1. */
  readonly no: number
}
export interface Processes {
  /** Whether others listen at the same ports. */
  readonly shared: boolean
  /** Is told this one's /metrics; what it answers gives those of all, by whichever process is asked. */
  metrics(own: () => Promise<string>): () => Promise<string>
  /** Starts the others: once this one serves. */
  begin(): void
  /** Ends the others. */
  stop(): Promise<void>
}

/** Milliseconds. */
const restart = { first: 1_000, most: 30_000, proven: 60_000 }
/** They let what runs end, as this one does; then they are cut. */
const stopMs = 15_000

export function createProcesses(
  o: ProcessesOptions | undefined,
  d: { log: Log; environment(no: number): NodeJS.ProcessEnv },
): Processes {
  let own = async () => ''
  const mine = async (): Promise<readonly Numbers[]> => [{ process: o?.no ?? 1, text: await own() }]
  const knowing = (all: () => Promise<readonly Numbers[]>) => (text: () => Promise<string>) => {
    own = text
    return async () => mergeMetrics(await all())
  }
  if (!o || o.count === 1)
    return { shared: false, metrics: (text) => text, begin: nothing, stop: async () => nothing() }
  if (o.no > 1) {
    const first = createTalk(
      {
        send: (m) => void (process.connected && process.send?.(m, undefined, undefined, nothing)),
        on: (hear) => process.on('message', hear),
      },
      { own: () => mine(), all: () => mine() },
    )
    return {
      shared: true,
      metrics: knowing(() => first.ask('all-metrics')),
      begin: nothing,
      stop: async () => nothing(),
    }
  }
  const others = createOthers(o.count, { ...d, own: mine })
  return { shared: true, metrics: knowing(others.metrics), begin: others.begin, stop: others.stop }
}

function createOthers(
  count: number,
  d: { log: Log; environment(no: number): NodeJS.ProcessEnv; own(): Promise<readonly Numbers[]> },
) {
  interface Other {
    child: ChildProcess
    ask: ReturnType<typeof createTalk>['ask']
    ended: Promise<void>
  }
  const living = new Map<number, Other>()
  const timers = new Set<NodeJS.Timeout>()
  let stopping = false

  async function metrics(): Promise<readonly Numbers[]> {
    const said = await Promise.all([d.own(), ...[...living.values()].map((other) => other.ask('metrics'))])
    return said.flat().sort((a, b) => a.process - b.process)
  }
  function start(no: number, pauseMs: number): void {
    const began = Date.now()
    const child = fork(process.argv[1] ?? '', process.argv.slice(2), { env: d.environment(no), stdio: 'inherit' })
    const gone = Promise.withResolvers<void>()
    const wire = {
      send: (m: object) => void (child.connected && child.send(m, nothing)),
      on: (hear: (m: unknown) => void) => child.on('message', hear),
    }
    living.set(no, { child, ask: createTalk(wire, { own: d.own, all: metrics }).ask, ended: gone.promise })
    // One that could not even be started tells only of the error.
    child.once('error', (err) => ended({ err }))
    child.once('exit', (code, signal) => ended({ code, signal }))
    function ended(how: object): void {
      if (living.get(no)?.child !== child) return
      living.delete(no)
      gone.resolve()
      if (stopping) return
      const wait = Date.now() - began > restart.proven ? restart.first : pauseMs
      d.log.error({ other: no, ...how, againInMs: wait }, 'a process of this server ended; it is started again')
      const timer = setTimeout(() => {
        timers.delete(timer)
        start(no, Math.min(2 * wait, restart.most))
      }, wait)
      timers.add(timer)
    }
  }
  async function stop(): Promise<void> {
    stopping = true
    for (const timer of timers) clearTimeout(timer)
    const all = [...living.values()]
    for (const { child } of all) child.kill('SIGTERM')
    const cut = setTimeout(() => {
      for (const { child } of all) child.kill('SIGKILL')
    }, stopMs)
    await Promise.all(all.map((other) => other.ended))
    clearTimeout(cut)
  }
  return {
    metrics,
    begin: () => {
      for (let no = 2; no <= count && !stopping; no += 1) start(no, restart.first)
    },
    stop,
  }
}
const nothing = () => undefined

/** Others of a server whose first fell let the port go in a moment. */
const leave = { tries: 10, everyMs: 300 }

/** Throws `EADDRINUSE` when somebody listens there: a port that is opened to be shared would not tell. */
export async function mustBeFree(port: number, host: string | undefined): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryPort(port, host)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === leave.tries) throw error
      await new Promise((resolve) => setTimeout(resolve, leave.everyMs))
    }
  }
}
async function tryPort(port: number, host: string | undefined): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen({ port, host }, resolve))
  await new Promise((resolve) => probe.close(resolve))
}
