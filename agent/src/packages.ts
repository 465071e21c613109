/** The package manager apt: what is installed, and changing it without anybody asking questions. */
import fs from 'node:fs'
import type { Ran, Run } from './commands.ts'
import { Deferred, notApplicable, Refused } from './failure.ts'
import type { Tree } from './tree.ts'

const database = '/var/lib/dpkg/status'
const databaseLimit = 64 * 1024 * 1024
const busyRetryS = 120
const hourS = 3600

export interface Package {
  readonly name: string
  readonly version: string
}
interface Known {
  readonly key: string
  /** Of several architectures, one each. */
  readonly list: readonly Package[]
  readonly versions: ReadonlyMap<string, string>
}

let known: Known | undefined

/** Installed packages of dpkg; undefined without dpkg. Read anew only when the database changed. */
export function packageList(tree: Tree): readonly Package[] | undefined {
  return read(tree)?.list
}
/** Name to version. */
export function installedPackages(tree: Tree): ReadonlyMap<string, string> | undefined {
  return read(tree)?.versions
}

function read(tree: Tree): Known | undefined {
  const key = stampOf(tree)
  if (key === undefined) return undefined
  if (known?.key !== key) {
    const list = readStatus(tree.text(database, databaseLimit) ?? '')
    known = { key, list, versions: new Map(list.map((p) => [p.name, p.version])) }
  }
  return known
}

export function isInstalled(tree: Tree, name: string): boolean {
  return installedPackages(tree)?.has(name.split(':', 1)[0] ?? '') ?? false
}

/** Paragraph by paragraph, without a copy of each: the file has some megabytes. */
function readStatus(text: string): Package[] {
  const found: Package[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n\n', at)
    const stop = end < 0 ? text.length : end
    const paragraph = text.slice(at, Math.min(stop, at + 65_536))
    const name = /^Package:[ \t]*(\S{1,200})/m.exec(paragraph)?.[1]
    const version = /^Version:[ \t]*(\S{1,200})/m.exec(paragraph)?.[1]
    if (name !== undefined && version !== undefined && /^Status: .* installed$/m.test(paragraph))
      found.push({ name: detached(name), version: detached(version) })
    at = stop + 1
    while (text[at] === '\n') at += 1
  }
  return found
}

/** A slice would hold on to the whole text. */
function detached(part: string): string {
  return Buffer.from(part).toString()
}

function stampOf(tree: Tree): string | undefined {
  try {
    const s = fs.statSync(tree.resolve(database))
    return `${tree.root} ${s.ino} ${s.size} ${s.mtimeMs}`
  } catch {
    return undefined
  }
}

/** Throws not-applicable where there is nothing that could change packages. */
export function requireApt(tree: Tree): void {
  if (!tree.live) throw notApplicable('Packages of a mounted tree cannot be changed: its programs do not run.')
  if (!tree.exists('/usr/bin/apt-get')) throw notApplicable('This device has no apt.')
}

/** Throws Deferred (package-manager-locked) when somebody else works with packages, Refused (apt-failed) when apt cannot. */
export async function apt(run: Run, args: readonly string[]): Promise<Ran> {
  const ran = await run(
    'apt-get',
    // Settings that the device's owner changed stay; the lock is waited for a moment.
    [
      '-q',
      '-y',
      '-o',
      'DPkg::Lock::Timeout=30',
      '-o',
      'Dpkg::Options::=--force-confdef',
      '-o',
      'Dpkg::Options::=--force-confold',
      ...args,
    ],
    {
      timeoutS: hourS,
      keep: 65_536,
      env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l', LC_ALL: 'C.UTF-8' },
    },
  )
  if (ran.missing) throw notApplicable('This device has no apt.')
  if (ran.exitCode === 0) return ran
  const said = `${ran.stderr}\n${ran.stdout}`
  if (/Could not get lock|Unable to (acquire|lock)|is another process using it|frontend lock/i.test(said))
    throw new Deferred('package-manager-locked', 'Somebody else works with the package manager just now.', busyRetryS)
  if (/Unable to locate package|has no installation candidate/.test(said))
    throw new Refused('unknown-package', lastLines(said))
  throw new Refused(ran.timedOut ? 'timed-out' : 'apt-failed', lastLines(said))
}

function lastLines(text: string): string {
  const errors = text.split('\n').filter((l) => /^[EW]: /.test(l))
  return (errors.length > 0 ? errors : text.trim().split('\n').slice(-5)).join('\n').slice(0, 2000) || 'apt-get failed'
}
