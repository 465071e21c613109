/** Who owns the data folder: exactly one live process; what a dead one left behind is judged, stopped and cleared away. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Log } from './log.ts'
import { DatabaseProblem } from './problem.ts'

interface Owner {
  pid: number
  /** Machine and network namespace: the kernel's lock speaks for owners of the same place only. */
  place: string
  since: string
}

const beatMs = 5_000
const silentMs = 3 * beatMs

function here(): string {
  return `${hostname()} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/net')}`
}

function readOwner(file: string): Owner | undefined {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner
  } catch {
    // Half written by a process that died meanwhile: nobody's.
    return undefined
  }
}

/**
 * The kernel's lock: a listening socket in the abstract namespace, named after the folder. It goes away with its process
 * however that ends, so neither a stale file nor a reused process number can lie about it.
 */
function kernelLock(home: string): Promise<Server | undefined> {
  const { dev, ino } = statSync(home)
  const name = `\0muster-${createHash('sha256')
    .update(`${realpathSync(home)} ${dev} ${ino}`)
    .digest('hex')
    .slice(0, 32)}`
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.unref()
    server.once('error', (e: NodeJS.ErrnoException) => (e.code === 'EADDRINUSE' ? resolve(undefined) : reject(e)))
    server.listen({ path: name }, () => resolve(server))
  })
}

/** An owner elsewhere (another container on the same volume) shows life by touching its file. */
async function silent(file: string, log: Log): Promise<boolean> {
  const first = statSync(file).mtimeMs
  if (Date.now() - first > 10 * silentMs) return true
  log.warn({ file }, 'the data folder was used from another machine or container; watching whether it still is')
  const until = Date.now() + silentMs
  while (Date.now() < until) {
    await new Promise((r) => setTimeout(r, 500))
    if (!existsSync(file)) return true
    if (statSync(file).mtimeMs !== first) return false
  }
  return true
}

/** Takes the folder or throws `data-folder-in-use`; answers the release. */
export async function takeOwnership(home: string, log: Log): Promise<() => void> {
  const file = join(home, 'owner')
  const lock = await kernelLock(home)
  const before = readOwner(file)
  const who = before ? `process ${before.pid} since ${before.since}` : 'another process'
  if (!lock) throw new DatabaseProblem('data-folder-in-use', `${home}, ${who}`)
  if (before && before.place !== here() && !(await silent(file, log))) {
    lock.close()
    throw new DatabaseProblem('data-folder-in-use', `${home}, ${who} on ${before.place.split(' ')[0]}`)
  }
  if (before)
    log.warn({ pid: before.pid, since: before.since }, 'the previous owner of the data folder ended without closing it')
  const owner: Owner = { pid: process.pid, place: here(), since: new Date().toISOString() }
  rmSync(file, { force: true })
  writeFileSync(file, JSON.stringify(owner), { mode: 0o644 })
  const beat = setInterval(() => {
    const now = new Date()
    try {
      utimesSync(file, now, now)
    } catch (e) {
      log.warn({ err: e, file }, 'the owner file of the data folder is gone')
    }
  }, beatMs)
  beat.unref()
  return () => {
    clearInterval(beat)
    rmSync(file, { force: true })
    lock.close()
  }
}

/** Is that process a PostgreSQL on this very data folder? A zombie has no command line; a reused number has another's. */
export function isServerOf(pid: number, data: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return /(^|\/)postgres$/.test(words[0] ?? '') && words.includes(data)
  } catch {
    // No such process.
    return false
  }
}

export function postmasterPid(data: string): number | undefined {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

async function gone(pid: number, data: string, ms: number): Promise<boolean> {
  const until = Date.now() + ms
  while (isServerOf(pid, data)) {
    if (Date.now() > until) return false
    await new Promise((r) => setTimeout(r, 25))
  }
  return true
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name)
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ESRCH') throw e
  }
}

/** Stops a server on this folder: fast first (INT), at once after half a minute (QUIT, recovers at the next start). */
export async function stopServer(pid: number, data: string): Promise<void> {
  if (isServerOf(pid, data)) signal(pid, 'SIGINT')
  if (await gone(pid, data, 30_000)) return
  signal(pid, 'SIGQUIT')
  if (await gone(pid, data, 10_000)) return
  throw new DatabaseProblem('data-folder-in-use', `PostgreSQL ${pid} of a dead Muster does not stop`)
}

/** Clears what a crash left: an orphaned server, then its lock files, which PostgreSQL itself would believe. */
export async function clearLeftovers(data: string, sockets: string, log: Log): Promise<void> {
  const pid = postmasterPid(data)
  if (pid !== undefined && isServerOf(pid, data)) {
    log.warn({ pid }, 'stopping the PostgreSQL that a dead Muster left running')
    await stopServer(pid, data)
  }
  rmSync(join(data, 'postmaster.pid'), { force: true })
  for (const name of existsSync(sockets) ? readdirSync(sockets) : []) {
    if (name.startsWith('.s.PGSQL.')) rmSync(join(sockets, name), { force: true })
  }
}
