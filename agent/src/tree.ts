/**
 * The managed tree: `/` or a mounted one. Every file action goes through here and stays within it: symbolic links are followed as they would be
 * inside the tree (absolute targets start at its root, `..` stops there), and the last step never follows one.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { assertAbsolute, InTreeProblem } from './tree-problem.ts'

export type Entry =
  | { kind: 'absent' }
  | { kind: 'file'; mode: number; uid: number; gid: number; size: number }
  | { kind: 'link'; target: string }
  | { kind: 'directory' }
  | { kind: 'other' }

export interface Tree {
  readonly root: string
  /** The tree is this machine's own: services can be asked, terminals written to. */
  readonly live: boolean
  /** The place on this machine that a path of the tree means, links resolved; `last` false leaves a final link as it is. May not exist. */
  resolve(inside: string, last?: boolean): string
  /** Links followed. Undefined: absent, no regular file, unreadable or longer than `max`. */
  bytes(inside: string, max?: number): Buffer | undefined
  text(inside: string, max?: number): string | undefined
  /** Names in a directory, sorted, at most `max`; empty when it is absent. */
  list(inside: string, max?: number): string[]
  entry(inside: string): Entry
  /** Where a link points, as written. */
  linkTarget(inside: string): string | undefined
  exists(inside: string): boolean
  /** Replaces the entry of that name at once (temporary file, fsync, rename); a link there is replaced, not followed. Parents are made. */
  write(inside: string, bytes: Uint8Array, o?: { mode?: number; uid?: number; gid?: number }): void
  link(inside: string, target: string): void
  /** Absent is well. Directories are not removed. */
  remove(inside: string): void
  /** Only when it is empty. */
  removeDirectory(inside: string): void
  /** What writing `inside` left behind when it was cut off between file and name. Answers how many files went. */
  sweep(inside: string): number
}

const linksLimit = 40
const textLimit = 1024 * 1024

export function createTree(root: string): Tree {
  const base = fs.realpathSync(root)
  const live = base === '/'

  /** Walks step by step, so that no link leads out. */
  function resolve(inside: string, last = true): string {
    assertAbsolute(inside)
    const todo = inside.split('/').filter((p) => p !== '' && p !== '.')
    const done: string[] = []
    let links = 0
    while (todo.length > 0) {
      const step = todo.shift() as string
      if (step === '..') {
        done.pop()
        continue
      }
      done.push(step)
      if (todo.length === 0 && !last) break
      const target = readLink(path.join(base, ...done))
      if (target === undefined) continue
      links += 1
      if (links > linksLimit) throw new InTreeProblem(inside, 'too many symbolic links')
      done.pop()
      if (target.startsWith('/')) done.length = 0
      todo.unshift(...target.split('/').filter((p) => p !== '' && p !== '.'))
    }
    return path.join(base, ...done)
  }

  function bytes(inside: string, max = textLimit): Buffer | undefined {
    try {
      return readBounded(resolve(inside), max)
    } catch {
      return undefined
    }
  }

  function entry(inside: string): Entry {
    let s: fs.Stats
    try {
      s = fs.lstatSync(resolve(inside, false))
    } catch (error) {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'absent' }
      throw error
    }
    if (s.isFile()) return { kind: 'file', mode: s.mode & 0o7777, uid: s.uid, gid: s.gid, size: s.size }
    if (s.isSymbolicLink()) return { kind: 'link', target: fs.readlinkSync(resolve(inside, false)) }
    return { kind: s.isDirectory() ? 'directory' : 'other' }
  }

  /** A place for a new entry: its directory resolved and made. */
  function place(inside: string): string {
    const at = resolve(path.posix.dirname(inside))
    fs.mkdirSync(at, { recursive: true, mode: 0o755 })
    return path.join(at, path.posix.basename(inside))
  }

  return {
    root: base,
    live,
    resolve,
    bytes,
    entry,
    text: (inside, max) => bytes(inside, max)?.toString('utf8'),
    list(inside, max = 4096) {
      try {
        return readNames(resolve(inside), max).sort()
      } catch {
        return []
      }
    },
    linkTarget(inside) {
      const e = entry(inside)
      return e.kind === 'link' ? e.target : undefined
    },
    exists(inside) {
      try {
        fs.lstatSync(resolve(inside))
        return true
      } catch {
        return false
      }
    },
    write: (inside, content, o) => replaceFile(place(inside), content, o),
    link(inside, target) {
      const at = place(inside)
      const fresh = temporaryBeside(at)
      fs.symlinkSync(target, fresh)
      fs.renameSync(fresh, at)
      syncDirectory(path.dirname(at))
    },
    removeDirectory(inside) {
      try {
        fs.rmdirSync(resolve(inside, false))
      } catch (error) {
        if (!isCode(error, 'ENOTEMPTY', 'ENOENT', 'ENOTDIR', 'EEXIST')) throw error
      }
    },
    sweep: (inside) => sweepBeside(resolve(inside, false)),
    remove(inside) {
      const at = resolve(inside, false)
      fs.rmSync(at, { force: true })
      if (fs.existsSync(path.dirname(at))) syncDirectory(path.dirname(at))
    },
  }
}

/** Atomic and durable: after a crash there is the old content or the new, never half. */
export function replaceFile(
  at: string,
  content: Uint8Array,
  o: { mode?: number; uid?: number; gid?: number } = {},
): void {
  const fresh = temporaryBeside(at)
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants
  try {
    const file = fs.openSync(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      fs.writeFileSync(file, content)
      if (o.uid !== undefined && o.gid !== undefined && process.getuid?.() === 0) fs.fchownSync(file, o.uid, o.gid)
      fs.fchmodSync(file, o.mode ?? 0o644)
      fs.fsyncSync(file)
    } finally {
      fs.closeSync(file)
    }
    fs.renameSync(fresh, at)
  } catch (error) {
    fs.rmSync(fresh, { force: true })
    throw error
  }
  syncDirectory(path.dirname(at))
}

/** Removes temporary files of `replaceFile` for this name; answers how many. */
export function sweepBeside(at: string): number {
  const folder = path.dirname(at)
  const head = `.${path.basename(at)}.muster-`
  const torn = fs.existsSync(folder)
    ? fs.readdirSync(folder).filter((n) => n.startsWith(head) && /^[0-9a-f]{12}$/.test(n.slice(head.length)))
    : []
  for (const name of torn) fs.rmSync(path.join(folder, name), { force: true })
  return torn.length
}

/** A rename is durable only once its directory is. */
function syncDirectory(at: string): void {
  const directory = fs.openSync(at, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY)
  try {
    fs.fsyncSync(directory)
  } finally {
    fs.closeSync(directory)
  }
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** No room, no quota left, or mounted read-only since: nothing can be written now, and later perhaps it can. */
export function diskFull(error: unknown): boolean {
  return isCode(error, 'ENOSPC', 'EDQUOT', 'EROFS')
}

/** Regular files alone (a pipe would hang), never more than `max` bytes; /proc tells no sizes, so it reads until the end. */
function readBounded(at: string, max: number): Buffer | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
  const file = fs.openSync(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const { size } = checkRegular(fs.fstatSync(file))
    if (size > max) return undefined
    const chunks: Buffer[] = []
    let length = 0
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(Math.max(size + 1 - length, 16_384), 65_536))
      const n = fs.readSync(file, chunk)
      if (n === 0) return Buffer.concat(chunks, length)
      length += n
      if (length > max) return undefined
      chunks.push(chunk.subarray(0, n))
    }
  } finally {
    fs.closeSync(file)
  }
}

function checkRegular(s: fs.Stats): fs.Stats {
  if (!s.isFile()) throw new Error('not a regular file')
  return s
}

function readNames(at: string, max: number): string[] {
  const directory = fs.opendirSync(at)
  const names: string[] = []
  try {
    for (let e = directory.readSync(); e && names.length < max; e = directory.readSync()) names.push(e.name)
  } finally {
    directory.closeSync()
  }
  return names
}

function readLink(at: string): string | undefined {
  try {
    return fs.readlinkSync(at)
  } catch (error) {
    if (isCode(error, 'EINVAL', 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}

function temporaryBeside(at: string): string {
  return path.join(path.dirname(at), `.${path.basename(at)}.muster-${randomBytes(6).toString('hex')}`)
}
