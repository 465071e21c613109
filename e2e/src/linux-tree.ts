/** A real Debian for agents to manage: made by debootstrap from the mirrors that apt is set up with here, kept in a cache, copied for each journey. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** What the features are about, and what judges their files. */
const packages = [
  'ca-certificates',
  'dconf-cli',
  'kmod',
  'libpam-pwquality',
  'network-manager',
  'nftables',
  'openssh-server',
  'procps',
  'sudo',
  'unattended-upgrades',
  'wireguard-tools',
]
/** Raised when trees made before are not as they must be any more. */
const edition = 2
/** Kept in the tree for apt to install: small, and in need of nothing that is not there. */
export const offered = { one: 'hello', another: 'tree', third: 'figlet' } as const
const shelf = '/srv/packages'
/** Of a hook that makes one: the first has hundreds of packages to fetch. */
export const making = { timeout: 600_000 } as const

/** What is missing here to make a real tree; undefined: nothing. */
export function missingForRealTree(): string | undefined {
  if (process.platform !== 'linux') return 'it takes a Linux machine'
  const at = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin')
  const lacking = ['debootstrap', 'apt-get'].filter((p) => !at.some((folder) => runs(join(folder, p))))
  if (lacking.length > 0) return `install ${lacking.join(' and ')}`
  return process.getuid?.() === 0 ? undefined : 'be root, as debootstrap and chroot need'
}

function runs(file: string): boolean {
  try {
    accessSync(file, 1)
    return true
  } catch {
    return false
  }
}

/** In the tree, with its own programs; throws with what they said when they fail. */
export async function inTree(root: string, program: string, ...args: string[]): Promise<string> {
  return (await chrooted(root, program, args)).stdout
}

/** The same with a program's input. */
export async function feedInTree(root: string, input: string, program: string, ...args: string[]): Promise<string> {
  return (await chrooted(root, program, args, input)).stdout
}

async function chrooted(root: string, program: string, args: string[], input = '') {
  const running = exec('chroot', [root, program, ...args], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', HOME: '/root' },
    maxBuffer: 16 * 1024 * 1024,
  })
  // Who does not read is not to be blamed for it.
  running.child.stdin?.on('error', () => undefined)
  running.child.stdin?.end(input)
  return running.catch((error: Error & { stderr?: string; stdout?: string }) => {
    throw new Error(`${program} ${args.join(' ')} in the tree: ${error.stderr || error.stdout || error.message}`)
  })
}

/** What dpkg in the tree says is installed. */
export async function installedIn(root: string): Promise<{ name: string; version: string }[]> {
  const format = ['db:Status-Status', 'Package', 'Version'].map((field) => `$\{${field}}`).join(' ')
  const rows = await inTree(root, 'dpkg-query', '-W', '-f', `${format}\\n`)
  return rows.split('\n').flatMap((row) => {
    const [status, name = '', version = ''] = row.split(' ')
    return status === 'installed' ? [{ name, version }] : []
  })
}

/** Fills an empty folder. Throws with what to do when no tree can be made here. */
export async function makeRealTree(root: string): Promise<void> {
  const missing = missingForRealTree()
  if (missing !== undefined) throw new Error(`A real Debian tree cannot be made here: ${missing}.`)
  const cached = await cachedTree()
  await exec('cp', ['-a', '--reflink=auto', `${cached}/.`, root])
}

interface Source {
  uri: string
  release: string
  component: string
}

/** By suite, processor, mirrors and contents; whole or not at all, also when two make it at once. */
async function cachedTree(): Promise<string> {
  const { suite, sources } = await configured()
  const key = createHash('sha256')
    .update(JSON.stringify([edition, packages, sources]))
    .digest('hex')
  const home = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster', 'debian-trees')
  const at = join(home, `${suite}-${process.arch}-${key.slice(0, 12)}`)
  if (existsSync(at)) return at
  await mkdir(home, { recursive: true })
  const fresh = await mkdtemp(join(home, '.new-'))
  try {
    await build(fresh, suite, sources)
    await rename(fresh, at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return at
}

/** The distribution of this machine, from where its own apt gets it. */
async function configured(): Promise<{ suite: string; sources: Source[] }> {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)'
  const { stdout } = await exec('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  const all = [...new Set(stdout.split('\n').filter((l) => l !== ''))].flatMap((l) => {
    const [uri, release, component] = l.split(' ')
    return uri && release && component ? [{ uri, release, component }] : []
  })
  const own = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const suite = (all.find((s) => s.release === own) ?? all[0])?.release
  if (suite === undefined) throw new Error('apt has no package source here: see /etc/apt/sources.list.d.')
  const family = [suite, `${suite}-updates`, `${suite}-security`]
  return { suite, sources: all.filter((s) => family.includes(s.release)) }
}

async function build(at: string, suite: string, sources: readonly Source[]): Promise<void> {
  const mirror = sources.find((s) => s.release === suite)?.uri ?? ''
  const { stdout: settings } = await exec('apt-config', ['dump'])
  const proxy = (protocol: string) => new RegExp(`^Acquire::${protocol}::Proxy "(.+)";$`, 'm').exec(settings)?.[1]
  const [http, https] = [proxy('http'), proxy('https')]
  const include = mirror.startsWith('https:') ? ['--include=ca-certificates'] : []
  await exec('debootstrap', ['--variant=minbase', ...include, suite, at, mirror], {
    env: { ...process.env, ...(http ? { http_proxy: http } : {}), ...(https ? { https_proxy: https } : {}) },
    maxBuffer: 16 * 1024 * 1024,
  }).catch((error: Error & { stdout?: string }) => {
    throw new Error(`debootstrap failed: ${(error.stdout ?? '').split('\n').slice(-5).join('\n') || error.message}`)
  })
  await chmod(at, 0o755)
  // No daemon is to start in a tree that is only looked after.
  await writeFile(join(at, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  const lines = sources.map((s) => `deb ${s.uri} ${s.release} ${s.component}\n`)
  await writeFile(join(at, 'etc/apt/sources.list'), lines.join(''))
  const acquire = settings.split('\n').filter((l) => l.startsWith('Acquire::'))
  await writeFile(join(at, 'etc/apt/apt.conf.d/00mirror'), `${acquire.join('\n')}\n`)
  await inTree(at, 'apt-get', '-qq', 'update')
  const quickly = ['-o', 'Dpkg::Options::=--force-unsafe-io', '--no-install-recommends']
  await inTree(at, 'apt-get', '-qq', '-y', ...quickly, 'install', ...packages)
  await inTree(at, 'apt-get', 'clean')
  await stock(at)
}

/** From now on apt in the tree knows only what lies on a shelf of its own: journeys need no mirror, and do not wait for one. */
async function stock(at: string): Promise<void> {
  await mkdir(join(at, shelf))
  await inTree(
    at,
    'sh',
    '-c',
    `cd ${shelf} && apt-get -qq -o APT::Sandbox::User=root download "$@"`,
    'sh',
    ...Object.values(offered),
  )
  const paragraphs: string[] = []
  for (const name of await readdir(join(at, shelf))) {
    const control = (await inTree(at, 'dpkg-deb', '-f', `${shelf}/${name}`)).trimEnd()
    const bytes = await readFile(join(at, shelf, name))
    const sum = createHash('sha256').update(bytes).digest('hex')
    paragraphs.push(`${control}\nFilename: ./${name}\nSize: ${bytes.length}\nSHA256: ${sum}\n`)
  }
  await writeFile(join(at, shelf, 'Packages'), paragraphs.join('\n'))
  await writeFile(join(at, 'etc/apt/sources.list'), `deb [trusted=yes] file:${shelf} ./\n`)
  await rm(join(at, 'var/lib/apt/lists'), { recursive: true })
  await inTree(at, 'apt-get', '-qq', 'update')
}
