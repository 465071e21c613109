/** Runs a server until it is told to end: environment in, signals heard, the first password shown once. */
import { DatabaseProblem, SecretProblem } from '@muster/core'
import { optionsOf, type ServerOptions } from './options.ts'
import { startServer } from './start.ts'

/** What a start that was told to stop may take to become one that can be stopped in order. */
const startGraceMs = 5_000

/** Resolves when the server has stopped; answers the exit code. */
export async function serve(env: NodeJS.ProcessEnv = process.env, more: Partial<ServerOptions> = {}): Promise<number> {
  const ended = Promise.withResolvers<string>()
  let asked = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      ended.resolve(signal)
      // Asked twice: whoever asks does not want to wait.
      if (++asked > 1) process.exit(130)
    })
  }
  try {
    const options = { ...optionsOf(env), ...more }
    // The others of a server end with its first.
    if ((options.processes?.no ?? 1) > 1) process.once('disconnect', () => ended.resolve('the first process ended'))
    const server = await orCut(startServer(options), ended.promise)
    if (server === undefined) {
      process.stderr.write('Muster was told to stop before it had started.\n')
      process.exit(0)
    }
    if (server.adminPassword !== undefined) welcome(server.publicUrl, server.adminPassword)
    const signal = await ended.promise
    server.log.info({ signal }, 'stopping')
    await server.stop()
    return 0
  } catch (e) {
    process.stderr.write(`Muster did not start. ${explained(e)}\n`)
    return 1
  }
}

/** Undefined when the start does not end soon after it was told to stop, as while the database is away. */
async function orCut<T>(starting: Promise<T>, told: Promise<string>): Promise<T | undefined> {
  const cut = told.then(() => new Promise<undefined>((resolve) => setTimeout(resolve, startGraceMs, undefined).unref()))
  return Promise.race([starting, cut])
}

function welcome(url: string, password: string): void {
  process.stdout.write(
    `\n  Muster: ${url}\n  Sign in as admin with the password ${password}\n  It is shown this once and stored only hashed.\n\n`,
  )
}

/** What a person can act on; the whole trace only for what nobody foresaw. */
function explained(e: unknown): string {
  if (!(e instanceof Error)) return String(e)
  const { code, port } = e as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use. Stop what uses it, or choose others with MUSTER_HTTP_PORT and MUSTER_HTTPS_PORT.`
  if (code === 'ENOTSUP')
    return 'This system does not share a port among processes. Leave MUSTER_PROCESSES unset, and start more nodes behind a balancer instead.'
  if (code === 'EACCES' && port !== undefined)
    return `Port ${port} may not be opened by this user. Choose one above 1023.`
  if (e instanceof SecretProblem || e instanceof DatabaseProblem) return `${e.message} (${e.code})`
  if (!e.stack || /^MUSTER_/.test(e.message)) return e.message
  return e.stack
}
