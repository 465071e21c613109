// Adds to package-lock.json the optional packages of foreign platforms that a registry did not serve, so that `npm ci` accepts the lock anywhere.
import { readFileSync, writeFileSync } from 'node:fs'
import { argv, exit } from 'node:process'

interface Locked {
  version?: string
  dev?: boolean
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const lockFile = new URL('../../package-lock.json', import.meta.url)
const systems = /android|darwin|freebsd|netbsd|openbsd|openharmony|linux|win32|sunos|aix|wasi/
/** The first that is found in the name is meant: `arm64` before `arm`. */
const processors = [
  ['arm64', 'arm64'],
  ['aarch64', 'arm64'],
  ['x64', 'x64'],
  ['x86_64', 'x64'],
  ['ia32', 'ia32'],
  ['arm', 'arm'],
  ['mips64el', 'mips64el'],
  ['ppc64', 'ppc64'],
  ['riscv64', 'riscv64'],
  ['s390x', 's390x'],
  ['loong64', 'loong64'],
  ['wasm32', 'wasm32'],
] as const

/** What a platform package's name says of the machines it is for; undefined when it names none. */
export function platformOf(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> | undefined {
  const os = name.match(systems)?.[0]
  const cpu = processors.find(([word]) => new RegExp(`[-_]${word}`).test(name))?.[1]
  if (!cpu || (!os && cpu !== 'wasm32')) return undefined
  const libc = os === 'linux' ? { libc: [name.includes('musl') ? 'musl' : 'glibc'] } : {}
  return { ...(os && os !== 'wasi' ? { os: [os] } : {}), cpu: [cpu], ...libc }
}

/** The entries that the lock names as optional dependencies and lacks. */
export function missing(packages: Readonly<Record<string, Locked>>): Record<string, Locked> {
  const found: Record<string, Locked> = {}
  for (const [holder, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (packages[`${holder}/node_modules/${name}`] || packages[`node_modules/${name}`]) continue
      const platform = platformOf(name)
      if (platform) found[`node_modules/${name}`] = { version, ...(dev ? { dev } : {}), optional: true, ...platform }
    }
  }
  return found
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync(lockFile, 'utf8'))
  const added = missing(lock.packages)
  const names = Object.keys(added)
  if (argv.includes('--check') && names.length) {
    console.error(`package-lock.json lacks ${names.join(', ')}: run \`npm run lock\`.`)
    exit(1)
  }
  const all = Object.entries<Locked>({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = Object.fromEntries(all)
  if (names.length) writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`${names.length} added`)
}
