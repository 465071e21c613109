/** The command line beside a real server of its own: what the tests of the commands stand on. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, type TestDatabase, testDatabase } from '@muster/core/testing'
import { type RunningServer, type ServerOptions, startServer } from '@muster/server'
import { run } from '../program.ts'
import type { Terminal } from '../terminal.ts'

export interface Ran {
  code: number
  out: string
  err: string
}
export interface RunOptions {
  env?: NodeJS.ProcessEnv
  input?: string
  /** Lines may be rewritten. */
  interactive?: boolean
  onErr?: (text: string) => void
}
export interface CliInstallation {
  readonly server: RunningServer
  readonly database: TestDatabase
  /** Of the server and of what the tests write. */
  readonly folder: string
  /** What every command gets; `more` of a run goes before it. */
  readonly env: NodeJS.ProcessEnv
  muster(args: readonly string[], o?: RunOptions): Promise<Ran>
  /** Asserts exit code 0; answers what was printed. */
  ok(args: readonly string[], o?: RunOptions): Promise<string>
  okJson<T>(args: readonly string[], o?: RunOptions): Promise<T>
  close(): Promise<void>
}

/** Commands are tried one by one, not against the guard. */
const wide = { tenMinutes: 100, day: 100, sharePercent: 100, atLeast: 100 }
const bootstrapClient = 'boot:0123456789abcdef0123'
export const adminPassword = 'first administrator'

/** `alone`: no other test writes in the PostgreSQL server, so that events and the seal do not wait for them. */
export async function installCli(
  o: { alone?: boolean; webhooks?: ServerOptions['webhooks'] } = {},
): Promise<CliInstallation> {
  const database = await testDatabase({ alone: o.alone })
  const folder = await mkdtemp(join(tmpdir(), 'muster-cli-'))
  const server = await startServer({
    dataDir: join(folder, 'var'),
    databaseUrl: database.url,
    httpPort: 0,
    httpsPort: 0,
    portal: false,
    adminPassword,
    bootstrapClient,
    guard: { wipes: wide, removals: wide },
    webhooks: o.webhooks,
    log: silentLog,
  })
  const env = {
    MUSTER_URL: server.publicUrl,
    MUSTER_CLIENT: bootstrapClient,
    MUSTER_HTTP_PORT: String(server.ports.http),
    MUSTER_HTTPS_PORT: 'off',
    MUSTER_TOKEN_FILE: join(folder, 'config/tokens.json'),
    DATABASE_URL: database.url,
    MUSTER_DATA: join(folder, 'var'),
  }

  async function muster(args: readonly string[], r: RunOptions = {}): Promise<Ran> {
    const told = { out: '', err: '' }
    const terminal: Terminal = {
      out(text) {
        told.out += text
      },
      err(text) {
        told.err += text
        r.onErr?.(text)
      },
      interactive: r.interactive === true,
      env: { ...env, ...r.env },
      readInput: async () => r.input ?? '',
      code: 0,
    }
    const code = await run(args, terminal)
    return { code, ...told }
  }
  async function ok(args: readonly string[], r?: RunOptions): Promise<string> {
    const ran = await muster(args, r)
    assert.equal(ran.code, 0, `muster ${args.join(' ')}: ${ran.err}${ran.out}`)
    return ran.out
  }
  return {
    server,
    database,
    folder,
    env,
    muster,
    ok,
    okJson: async <T>(args: readonly string[], r?: RunOptions) => JSON.parse(await ok(['--json', ...args], r)) as T,
    async close() {
      await server.stop()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
