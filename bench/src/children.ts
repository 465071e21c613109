/** The processes of a run: started with a message channel, asked and answered over it, and ended with the run whatever happens. */
import { type ChildProcess, fork } from 'node:child_process'

export interface Child {
  readonly pid: number
  /** Resolves with what it says next. Throws when it ends instead. */
  hear<T>(): Promise<T>
  ask<T>(message: unknown): Promise<T>
  /** TERM; KILL after 15 s. */
  stop(): Promise<void>
  kill(): Promise<void>
}
export interface ChildOptions {
  env?: Record<string, string>
  execArgv?: readonly string[]
  /** What it prints is passed on. */
  loud?: boolean
}

const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export function startChild(file: string, o: ChildOptions = {}): Child {
  const child = fork(file, {
    env: { ...process.env, ...o.env },
    execArgv: [...(o.execArgv ?? [])],
    serialization: 'advanced',
    stdio: ['ignore', o.loud ? 'inherit' : 'ignore', 'inherit', 'ipc'],
  })
  living.add(child)
  const said: unknown[] = []
  const waiting: PromiseWithResolvers<unknown>[] = []
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.on('message', (message) => {
    const first = waiting.shift()
    if (first) first.resolve(message)
    else said.push(message)
  })
  child.once('exit', (code, signal) => {
    living.delete(child)
    for (const w of waiting.splice(0)) w.reject(new Error(`${file} ended (${signal ?? code})`))
  })
  const hear = <T>(): Promise<T> => {
    if (said.length > 0) return Promise.resolve(said.shift() as T)
    if (!living.has(child)) return Promise.reject(new Error(`${file} has ended`))
    const next = Promise.withResolvers<unknown>()
    waiting.push(next)
    return next.promise as Promise<T>
  }
  const end = async (signal: NodeJS.Signals) => {
    if (!living.has(child)) return
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(timer)
  }
  return {
    pid: child.pid ?? 0,
    hear,
    ask: <T>(message: unknown) => {
      child.send(message as object)
      return hear<T>()
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
