/** Programs of the machine, run without a shell: fixed search path, bounded time and output. */
import { spawn } from 'node:child_process'

export interface Ran {
  /** null: ended by a signal or never begun. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly truncated: boolean
  readonly timedOut: boolean
  readonly missing: boolean
  readonly durationMs: number
}
export interface RunOptions {
  timeoutS?: number
  input?: string
  /** Bytes kept of each output. */
  keep?: number
  env?: Record<string, string>
}
export type Run = (program: string, args: readonly string[], o?: RunOptions) => Promise<Ran>

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Never throws: what could not be begun says so in `missing`. A program over its time is ended together with its children. */
export const run: Run = (program, args, o = {}) =>
  new Promise((resolve) => {
    const begun = performance.now()
    const child = spawn(program, args, {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: searchPath, LANG: 'C.UTF-8', HOME: '/root', ...o.env },
    })
    const out = keeper(o.keep ?? 16_384)
    const err = keeper(o.keep ?? 16_384)
    let timedOut = false
    const end = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {
        // The group is gone already: there is nothing left to end.
      }
    }
    const timer = setTimeout(
      () => {
        timedOut = true
        end('SIGKILL')
      },
      (o.timeoutS ?? 30) * 1000,
    )
    let finished = false
    const finish = (exitCode: number | null, missing: boolean) => {
      if (finished) return
      finished = true
      clearTimeout(timer)
      resolve({
        exitCode,
        stdout: out.text(),
        stderr: err.text(),
        truncated: out.cut() || err.cut(),
        timedOut,
        missing,
        durationMs: Math.round(performance.now() - begun),
      })
    }
    child.stdout.on('data', out.add)
    child.stderr.on('data', err.add)
    child.stdin.on('error', () => undefined)
    child.on('error', () => finish(null, true))
    child.on('exit', (code) => {
      // Children left behind in the group may hold the pipes open; they get a moment, then what was heard counts.
      setTimeout(() => {
        end('SIGKILL')
        finish(code, false)
      }, 500)
      child.once('close', () => finish(code, false))
    })
    child.stdin.end(o.input ?? '')
  })

function keeper(limit: number) {
  const chunks: Buffer[] = []
  let length = 0
  let cut = false
  return {
    add(chunk: Buffer) {
      const room = limit - length
      if (chunk.length > room) cut = true
      if (room <= 0) return
      chunks.push(chunk.subarray(0, room))
      length += Math.min(chunk.length, room)
    },
    text: () => Buffer.concat(chunks).toString('utf8').replaceAll('\0', '\u{fffd}'),
    cut: () => cut,
  }
}
