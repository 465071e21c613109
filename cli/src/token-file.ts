/** Where `muster login` keeps its tokens: one file of the user's own (mode 600), by server. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { UsageError } from './terminal.ts'

export interface Stored {
  access: string
  refresh?: string
  /** ISO 8601. */
  expires: string
}
type Environment = NodeJS.ProcessEnv

function tokenFile(env: Environment): string {
  return env.MUSTER_TOKEN_FILE ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'muster', 'tokens.json')
}

function readAll(env: Environment): Record<string, Stored> {
  try {
    return (JSON.parse(readFileSync(tokenFile(env), 'utf8')) as Record<string, Stored> | null) ?? {}
  } catch (e) {
    if (e instanceof SyntaxError || (e as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw unusable(e)
  }
}
function unusable(e: unknown): UsageError {
  return new UsageError(`the file of tokens (MUSTER_TOKEN_FILE) cannot be used: ${e instanceof Error ? e.message : e}`)
}

export function readStored(env: Environment, url: string): Stored | undefined {
  return readAll(env)[url]
}

/** Undefined takes it away. Written beside and renamed, so that a broken write leaves the old file. */
export function writeStored(env: Environment, url: string, stored: Stored | undefined): string {
  const file = tokenFile(env)
  const all = readAll(env)
  if (stored) all[url] = stored
  else delete all[url]
  const beside = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(beside, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, file)
  } catch (e) {
    throw unusable(e)
  } finally {
    rmSync(beside, { force: true })
  }
  return file
}

/** Whoever holds the file for longer has died. */
const heldMs = 30_000

/** One command at a time: a refresh token is good for one use, and a second use ends the sign-in. */
export async function alone<T>(env: Environment, work: () => Promise<T>): Promise<T> {
  const lock = `${tokenFile(env)}.lock`
  while (!taken(lock)) await setTimeout(50)
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(e)
  }
  const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0
  // Either way: the clock may have been set back since.
  if (Math.abs(Date.now() - since) > heldMs) rmSync(lock, { force: true })
  return false
}
