/** Where `muster login` keeps its tokens: one file of the user's own (mode 600), by server. */
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

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
    return JSON.parse(readFileSync(tokenFile(env), 'utf8')) as Record<string, Stored>
  } catch (e) {
    if (e instanceof SyntaxError || (e as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw e
  }
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
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const beside = `${file}.${process.pid}`
  try {
    writeFileSync(beside, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
    chmodSync(beside, 0o600)
    renameSync(beside, file)
  } finally {
    rmSync(beside, { force: true })
  }
  return file
}
