/** A real PostgreSQL as a child process on a unix socket, for whoever sets no DATABASE_URL. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { childEnv, findPlaces, give, type Places, runAs } from './embedded-binaries.ts'
import { clearLeftovers, isServerOf, postmasterPid, stopServer, takeOwnership } from './embedded-owner.ts'
import type { Log } from './log.ts'
import { DatabaseProblem } from './problem.ts'

export interface Embedded {
  /** For any process of this user: postgresql://muster@localhost/muster?host=<socket folder>. */
  readonly url: string
  /** Process number of the server; a crash of it brings a new one. */
  pid(): number | undefined
  stop(): Promise<void>
}
export interface EmbeddedOptions {
  dataDir: string
  log: Log
  /** Server settings beside ours, for tests: { fsync: 'off' }. */
  settings?: Record<string, string>
  /** The database is a throw-away: the watchdog removes its folder when this process dies. */
  temporary?: boolean
}

const startMs = 60_000
/** How PostgreSQL's programs say that the disk is full. */
const fullWords = /No space left on device|Check free disk space/
/** A unix socket's path holds 107 bytes; '/.s.PGSQL.5432.lock' takes 19. */
const longestSocketFolder = 107 - 19

/** Runs a program to its end; answers what it said, throws `embedded-failed` if it failed. */
function runToEnd(places: Places, program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(places.native, 'bin', program), args, {
      ...places.runAs,
      cwd: places.home,
      env: childEnv,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (d: Buffer) => {
      said = (said + d.toString()).slice(-2_000)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) return resolve()
      const full = fullWords.test(said)
      reject(new DatabaseProblem(full ? 'disk-full' : 'embedded-failed', `${program}: ${said.trim()}`))
    })
  })
}

/** Made aside and renamed, so that a first start cut short leaves nothing that looks like a database. */
async function ensureCluster(places: Places, data: string, temporary: boolean) {
  const versionFile = join(data, 'PG_VERSION')
  if (existsSync(versionFile)) {
    const major = readFileSync(versionFile, 'utf8').trim()
    if (major !== '18') throw new DatabaseProblem('data-folder-version', `${data} is of PostgreSQL ${major}`)
    return
  }
  if (existsSync(data)) throw new DatabaseProblem('data-folder-unusable', `${data} holds something that is no database`)
  const half = `${data}.new`
  rmSync(half, { recursive: true, force: true })
  await runToEnd(places, 'initdb', [
    '-D',
    half,
    '--username=muster',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(temporary ? ['--no-sync'] : []),
  ])
  renameSync(half, data)
}

/** The folder is open to its user alone, which is all the authentication a local socket needs. */
function socketFolder(places: Places): string {
  const near = join(places.home, 'socket')
  const short = join(tmpdir(), `muster-${createHash('sha256').update(places.home).digest('hex').slice(0, 12)}`)
  const folder = Buffer.byteLength(near) <= longestSocketFolder ? near : short
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // The temporary directory is everybody's: a link or a folder that somebody else put there is not taken.
  const { uid } = lstatSync(folder)
  const isOurs = lstatSync(folder).isDirectory() && [process.getuid?.(), places.runAs.uid].includes(uid)
  if (folder === short && !isOurs)
    throw new DatabaseProblem('data-folder-unusable', `${folder} belongs to somebody else`)
  give(folder, places.runAs)
  chmodSync(folder, 0o700)
  return folder
}

/**
 * Ends the server when this process ends in whatever way: its standard input closes then. Told apart by the data folder in
 * the command line, so that a reused process number is left alone.
 */
const watchdogScript = `cat >/dev/null
if tr '\\0' '\\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF "$2"; then kill -INT "$1"; fi
if [ -n "$3" ]; then
  i=0
  while [ -e "$2/postmaster.pid" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
  rm -rf "$3"
fi`

function watch(places: Places, pid: number, data: string, throwAway?: string): ChildProcess {
  const dog = spawn('/bin/sh', ['-c', watchdogScript, 'muster-watchdog', String(pid), data, throwAway ?? ''], {
    ...places.runAs,
    cwd: '/',
    env: childEnv,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  dog.unref()
  const pipe = dog.stdin as NodeJS.WritableStream & { unref?: () => void }
  pipe.unref?.()
  return dog
}

interface Running {
  child: ChildProcess
  pid: number
  dog: ChildProcess
  over: Promise<void>
  tail: () => string
}

function startServer(places: Places, data: string, sockets: string, o: EmbeddedOptions): Running {
  const settings = {
    timezone: 'UTC',
    // Sixteen for each process of a server (MUSTER_PROCESSES), and for commands beside it.
    max_connections: '300',
    shared_buffers: '128MB',
    log_min_messages: 'warning',
    log_line_prefix: '',
    ...o.settings,
  }
  const args = ['-D', data, '-k', sockets, '-c', 'listen_addresses=', '-c', 'unix_socket_permissions=0700']
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`)
  // A session of its own: Ctrl-C in a terminal reaches Muster, which closes the database last.
  const child = spawn(join(places.native, 'bin/postgres'), args, {
    ...places.runAs,
    cwd: places.home,
    env: childEnv,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  child.stderr?.on('data', (d: Buffer) => {
    for (const line of d
      .toString()
      .split('\n')
      .filter((l) => l.trim())) {
      lines.push(line)
      // Connections that are ended from outside, as by every orderly stop, are told by whoever had them.
      if (/^FATAL: +terminating connection due to administrator command/.test(line)) continue
      if (/^(FATAL|PANIC|WARNING)/.test(line)) o.log.warn({ postgres: line }, 'PostgreSQL says')
    }
    lines.splice(0, lines.length - 20)
  })
  child.unref()
  const err = child.stderr as (NodeJS.ReadableStream & { unref?: () => void }) | null
  err?.unref?.()
  const over = new Promise<void>((resolve) => {
    child.on('exit', () => resolve())
    child.on('error', (e) => {
      lines.push(e.message)
      resolve()
    })
  })
  const pid = child.pid ?? 0
  return {
    child,
    pid,
    dog: watch(places, pid, data, o.temporary ? o.dataDir : undefined),
    over,
    tail: () => lines.join('\n'),
  }
}

/** "Connected" is not "mine": line 1 of postmaster.pid must be our child, line 8 says whether it is ready. */
async function untilReady(running: Running, data: string) {
  let ended = false
  void running.over.then(() => {
    ended = true
  })
  const until = Date.now() + startMs
  const file = join(data, 'postmaster.pid')
  while (!ended && Date.now() < until) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    if (Number(lines[0]) === running.pid && lines[7]?.trim() === 'ready') return
    await new Promise((r) => setTimeout(r, 10))
  }
  const full = fullWords.test(running.tail())
  throw new DatabaseProblem(full ? 'disk-full' : 'embedded-failed', running.tail() || 'no answer within a minute')
}

async function ensureDatabase(sockets: string) {
  const client = new pg.Client({ host: sockets, user: 'muster', database: 'postgres' })
  await client.connect()
  try {
    const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'muster'`)
    if (rowCount === 0) await client.query('CREATE DATABASE muster')
  } finally {
    await client.end()
  }
}

async function halt(running: Running, data: string) {
  if (isServerOf(running.pid, data)) await stopServer(running.pid, data)
  running.dog.stdin?.end()
}

const addressOf = (sockets: string) => `postgresql://muster@localhost/muster?host=${encodeURIComponent(sockets)}`

/** The server that another process runs on this folder, if any; stopping it is that process's business. */
export function runningEmbedded(dataDir: string, log: Log): Embedded | undefined {
  if (!existsSync(dataDir)) return undefined
  const places = findPlaces(dataDir, log)
  const data = join(places.home, 'data')
  const pid = postmasterPid(data)
  if (pid === undefined || !isServerOf(pid, data)) return undefined
  return { url: addressOf(socketFolder(places)), pid: () => pid, stop: async () => undefined }
}

/** Owns the folder, starts the server on it, and starts it again should it crash. */
export async function startEmbedded(o: EmbeddedOptions): Promise<Embedded> {
  // Its watchdog removes it in the server's name.
  if (o.temporary) give(o.dataDir, runAs(o.dataDir))
  const places = findPlaces(o.dataDir, o.log)
  const data = join(places.home, 'data')
  const sockets = socketFolder(places)
  const release = await takeOwnership(places.home, o.log)
  let running: Running | undefined
  let stopping = false
  let guard: Promise<void> = Promise.resolve()

  async function start(): Promise<Running> {
    await clearLeftovers(data, sockets, o.log)
    const started = startServer(places, data, sockets, o)
    try {
      await untilReady(started, data)
    } catch (e) {
      await halt(started, data)
      throw e
    }
    running = started
    return started
  }

  async function keep(first: Running) {
    for (let now: Running | undefined = first; !stopping; ) {
      await now?.over
      if (stopping) return
      o.log.error({ said: now?.tail() }, 'the embedded PostgreSQL ended by itself; starting it again')
      now?.dog.stdin?.end()
      now = await start().catch((e: unknown) => {
        o.log.error({ err: e }, 'the embedded PostgreSQL does not start')
        return undefined
      })
      if (!now) await new Promise((r) => setTimeout(r, 2_000).unref())
    }
  }

  async function stop() {
    stopping = true
    // From here on its end is waited for, so it may keep this process: else an emptied event loop ends it first.
    running?.child.ref()
    if (running) await halt(running, data)
    await guard
    release()
  }

  try {
    await ensureCluster(places, data, o.temporary ?? false)
    guard = keep(await start())
    await ensureDatabase(sockets)
  } catch (e) {
    await stop()
    throw e
  }
  o.log.info({ data, pid: running?.pid }, 'the embedded PostgreSQL runs')
  return {
    url: addressOf(sockets),
    pid: () => running?.pid,
    stop,
  }
}
