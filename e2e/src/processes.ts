/** Child processes of a journey: started with their output kept, ended with the journey whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'

export interface Running {
  readonly child: ChildProcess
  /** Everything it printed so far. */
  output(): string
  /** Resolves with the exit code. */
  ended: Promise<number | null>
  /** TERM, then KILL after `graceMs`. */
  stop(graceMs?: number): Promise<number | null>
}

export function run(
  file: string,
  args: readonly string[],
  o: { env?: Record<string, string>; cwd?: string } = {},
): Running {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...o.env },
    cwd: o.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = endOf(child)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void ended.then(() => process.off('exit', kill))
  return {
    child,
    output: () => output,
    ended,
    stop: async (graceMs = 15_000) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill('SIGTERM')
      const timer = setTimeout(kill, graceMs)
      const code = await ended
      clearTimeout(timer)
      return code
    },
  }
}

/** With the last that it said; a process of its own that it left behind is not waited for. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      const late = setTimeout(() => resolve(code), 2_000)
      child.once('close', () => {
        clearTimeout(late)
        resolve(code)
      })
    }),
  )
}

/** Runs to the end; throws with the output when it fails. */
export async function runToEnd(
  file: string,
  args: readonly string[],
  o: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string> {
  const p = run(file, args, o)
  const code = await p.ended
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${p.output()}`)
  return p.output()
}

/** Asks until the answer is there, also when one of them never comes; throws with what was last seen. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  o: { withinMs?: number; everyMs?: number; last?: () => unknown } = {},
): Promise<T> {
  const { withinMs = 60_000, everyMs = 50, last } = o
  const began = performance.now()
  const over = Promise.withResolvers<undefined>()
  const timer = setTimeout(over.resolve, withinMs)
  let error: unknown
  try {
    while (performance.now() - began < withinMs) {
      try {
        const found = await Promise.race([ask(), over.promise])
        if (found !== undefined && found !== false) return found
        error = undefined
      } catch (e) {
        error = e
      }
      await pause(everyMs)
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error(`waited in vain for: ${what}${last ? `; last seen: ${await seen(last)}` : ''}`, { cause: error })
}

async function seen(last: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await last())
  } catch (e) {
    return String(e)
  }
}
