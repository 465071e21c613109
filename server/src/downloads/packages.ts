/** The agent packages that were built: only files that SHA256SUMS names and that have the sum it names are known. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@muster/core'

export interface PackageFile {
  readonly name: string
  /** `archive`: self-contained, for any distribution; `deb`: for Debian and what comes from it. */
  readonly kind: 'archive' | 'deb'
  readonly version: string
  /** As `uname -m` has it: x86_64, aarch64. */
  readonly processor: string
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
}
export interface Packages {
  /** The newest there is. */
  readonly version: string
  /** Of that version, by name. */
  readonly newest: readonly PackageFile[]
  /** The script that installs an archive, its values not yet filled in. */
  readonly template: string
}
export interface PackageFolder {
  /** Undefined: none was built. Looks at the folder again when it changed, at most each 2 s. */
  now(): Promise<Packages | undefined>
  /** The contents that the sum was taken of; undefined when there is no such file now. The caller closes it. */
  open(name: string): Promise<{ file: PackageFile; handle: FileHandle } | undefined>
}

interface Known extends PackageFile {
  readonly changed: number
}
const limits = { sums: 64 * 1024, template: 64 * 1024, files: 64, bytes: 512 * 1024 * 1024 } as const
const lookMs = 2_000
const line = /^([0-9a-f]{64}) [ *]([\w.+~-]+)$/
const version = String.raw`(\d+\.\d+\.\d+(?:[-~][\w.]+)?)`
const archive = new RegExp(`^muster-agent-${version}-linux-(x64|arm64)\\.tar\\.gz$`)
const debian = new RegExp(`^muster-agent_${version}_(amd64|arm64)\\.deb$`)
const script = 'install.sh'

export function openPackages(folder: string, log: Log): PackageFolder {
  let files = new Map<string, Known>()
  let packages: Packages | undefined
  let seen = ''
  let looked = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const sums = join(folder, 'SHA256SUMS')
    const at = await statOf(sums)
    const state = at ? `${at.mtimeMs} ${at.size} ${at.ino}` : ''
    if (state === seen) return
    const named = at ? namesOf(await textOf(sums, limits.sums)) : []
    const found = await Promise.all(named.map(([sha256, name]) => verified(folder, name, sha256, files.get(name), log)))
    files = new Map(found.flatMap((f) => (f ? [[f.name, f]] : [])))
    packages = await choose([...files.values()], () => textOf(join(folder, script), limits.template))
    seen = state
    if (packages) log.info({ version: packages.version, files: packages.newest.length }, 'agent packages are offered')
  }
  async function fresh(): Promise<void> {
    if (performance.now() - looked < lookMs) return
    looking ??= look()
      .catch((error: unknown) => log.warn({ err: error, folder }, 'the agent packages cannot be read'))
      .finally(() => {
        looked = performance.now()
        looking = undefined
      })
    await looking
  }
  return {
    now: async () => {
      await fresh()
      return packages
    },
    open: async (name) => {
      await fresh()
      const file = files.get(name)
      if (!file || name === script) return undefined
      const handle = await open(join(folder, name)).catch(() => undefined)
      const now = await handle?.stat()
      if (handle && now?.isFile() && now.size === file.size && now.mtimeMs === file.changed) return { file, handle }
      // Another file took its place, and no list vouches for it yet.
      await handle?.close()
      seen = ''
      return undefined
    },
  }
}

const statOf = (at: string) => stat(at).catch(() => undefined)

async function textOf(at: string, most: number): Promise<string> {
  const handle = await open(at)
  try {
    if ((await handle.stat()).size > most) throw new RangeError(`${at} is larger than ${most} bytes`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

function namesOf(sums: string): [sha256: string, name: string][] {
  const lines = sums.split('\n').flatMap((text): [string, string][] => {
    const [, sha256, name] = line.exec(text) ?? []
    return sha256 !== undefined && name !== undefined && (name === script || described(name)) ? [[sha256, name]] : []
  })
  return lines.slice(0, limits.files)
}

function described(name: string): Pick<PackageFile, 'kind' | 'version' | 'processor'> | undefined {
  const kind = archive.test(name) ? 'archive' : 'deb'
  const [, version, word] = (kind === 'archive' ? archive : debian).exec(name) ?? []
  if (version === undefined) return undefined
  return { kind, version: version.replace('~', '-'), processor: word === 'arm64' ? 'aarch64' : 'x86_64' }
}

/** Reads a file only when it is new or another; a wrong sum is a copy under way, or damage. */
async function verified(
  folder: string,
  name: string,
  sha256: string,
  known: Known | undefined,
  log: Log,
): Promise<Known | undefined> {
  const at = join(folder, name)
  const s = await statOf(at)
  if (!s?.isFile() || s.size > limits.bytes) return undefined
  if (known && known.sha256 === sha256 && known.size === s.size && known.changed === s.mtimeMs) return known
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(at, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer)
  if (hash.digest('hex') !== sha256) {
    log.warn({ file: name }, 'this agent package does not have the sum that SHA256SUMS names; it is not offered')
    return undefined
  }
  const what = described(name) ?? { kind: 'archive', version: '', processor: '' }
  return { name, ...what, size: s.size, sha256, changed: s.mtimeMs }
}

async function choose(files: readonly PackageFile[], template: () => Promise<string>): Promise<Packages | undefined> {
  const kinds = files.filter((f) => f.name !== script)
  const newest = kinds.map((f) => f.version).sort(byVersion)[0]
  if (newest === undefined || !files.some((f) => f.name === script)) return undefined
  const chosen = kinds.filter((f) => f.version === newest).sort((a, b) => (a.name < b.name ? -1 : 1))
  return { version: newest, newest: chosen, template: await template() }
}

/** The newest first; a version with a suffix comes before the one without. */
export function byVersion(a: string, b: string): number {
  const numbers = (v: string) => (v.split('-')[0] ?? '').split('.').map(Number)
  const [x, y] = [numbers(a), numbers(b)]
  for (let i = 0; i < 3; i += 1) if (x[i] !== y[i]) return (y[i] ?? 0) - (x[i] ?? 0)
  const [s, t] = [a.includes('-'), b.includes('-')]
  return s === t ? (a < b ? 1 : a > b ? -1 : 0) : s ? 1 : -1
}
