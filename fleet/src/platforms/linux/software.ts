/** Packages of a simulated device: what it has, what apt would do, and the policy feature and operations about it. */
import {
  type JsonObject,
  linuxAutomaticUpdates,
  linuxPackages,
  packageInstall,
  packageRemove,
  packageUpdate,
} from '@muster/contract'
import type { Machine, SimulatedFeature, SimulatedOperation } from '../../agent-channel/index.ts'
import { archive, earlier, essential, type Kind, shipped } from './archive.ts'

/** What differs from what the device came with. */
interface Software {
  /** Name to version, installed since. */
  readonly added: { [name: string]: string }
  readonly removed: string[]
  /** Came with it and is older than the archive's. */
  readonly outdated: string[]
}
const softwareOf = (m: Machine) => m.world.software as unknown as Software
const kindOf = (m: Machine) => m.identity.traits.packages as Kind
/** `name:amd64` is the same package here. */
const plain = (name: string) => name.split(':', 1)[0] ?? ''

export function versionOf(m: Machine, name: string): string | undefined {
  const { added, removed, outdated } = softwareOf(m)
  if (added[name] !== undefined) return added[name]
  const version = removed.includes(name) ? undefined : shipped[kindOf(m)].get(name)
  return version !== undefined && outdated.includes(name) ? (earlier(version) ?? version) : version
}

/** By name. */
function installed(m: Machine): { name: string; version: string }[] {
  const { added, removed, outdated } = softwareOf(m)
  const [gone, old] = [new Set(removed), new Set(outdated)]
  const found: { name: string; version: string }[] = []
  for (const [name, version] of shipped[kindOf(m)])
    if (!gone.has(name) && added[name] === undefined)
      found.push({ name, version: old.has(name) ? (earlier(version) ?? version) : version })
  const own = Object.entries(added).map(([name, version]) => ({ name, version }))
  return own.length === 0 ? found : [...found, ...own].sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function softwareFacts(m: Machine): JsonObject {
  const packages = installed(m)
  return { 'software.packageCount': packages.length, 'software.packages': packages }
}

function install(m: Machine, names: readonly string[]): boolean {
  const { added, removed, outdated } = softwareOf(m)
  let changed = false
  for (const name of names) {
    const version = archive.get(name)
    if (version === undefined || versionOf(m, name) === version) continue
    changed = true
    for (const list of [removed, outdated]) if (list.includes(name)) list.splice(list.indexOf(name), 1)
    if (shipped[kindOf(m)].get(name) !== version) added[name] = version
  }
  return changed
}
function remove(m: Machine, names: readonly string[]): boolean {
  const { added, removed } = softwareOf(m)
  const there = names.filter((name) => versionOf(m, name) !== undefined)
  for (const name of there) {
    delete added[name]
    if (shipped[kindOf(m)].has(name) && !removed.includes(name)) removed.push(name)
  }
  return there.length > 0
}

const namesOf = (params: JsonObject) => (params.packages as string[]).map(plain)
const told = ['software', linuxPackages.id, linuxAutomaticUpdates.id]
const states = (m: Machine, names: readonly string[]) =>
  names.map((name) => ({ name, version: versionOf(m, name) ?? null }))

function unknownTo(names: readonly string[]) {
  const [unknown] = names.filter((name) => !archive.has(name))
  return unknown === undefined
    ? undefined
    : { code: 'apt-failed', text: `E: Unable to locate package ${unknown}`, result: { exitCode: 100 } }
}
function essentialIn(names: readonly string[]) {
  const found = names.filter((name) => essential.has(name))
  return found.length === 0
    ? undefined
    : {
        code: 'apt-failed',
        text: `E: Essential packages were removed and -y was used without --allow-remove-essential. (${found.join(', ')})`,
      }
}

export const packageOperations: readonly SimulatedOperation[] = [
  {
    words: packageInstall,
    refusal: (params) => unknownTo(namesOf(params)),
    act(params, m) {
      const changed = install(m, namesOf(params))
      return { result: { packages: states(m, namesOf(params)), changed }, tell: told }
    },
  },
  {
    words: packageRemove,
    refusal: (params) => essentialIn(namesOf(params)),
    act(params, m) {
      const changed = remove(m, namesOf(params))
      return { result: { packages: states(m, namesOf(params)), changed }, tell: told }
    },
  },
  {
    words: packageUpdate,
    refusal: (params) => unknownTo(namesOf(params)),
    act(params, m) {
      const { outdated } = softwareOf(m)
      const named = namesOf(params)
      const due = named.length === 0 ? [...outdated] : outdated.filter((name) => named.includes(name))
      install(m, due)
      if (due.some((name) => /^(linux-image|libc6|systemd)/.test(name))) m.world.rebootNeeded = true
      return { result: { upgraded: due.length, rebootNeeded: m.world.rebootNeeded === true }, tell: told }
    },
  },
]

export const packages: SimulatedFeature = {
  id: linuxPackages.id,
  settings: linuxPackages.settings,
  evidence: (_, m) => ({ installed: installed(m).map((p) => p.name) }),
  put(settings, m) {
    install(m, (settings.required as string[]).map(plain))
    remove(m, (settings.forbidden as string[]).map(plain))
    return ['software']
  },
  /** Somebody removes what is required, or installs what is forbidden. */
  drift(inForce, roll, m) {
    const [required, forbidden] = [inForce.required as string[], inForce.forbidden as string[]]
    const all = [...required, ...forbidden]
    const name = all[Math.floor(roll * all.length)] ?? ''
    if (required.includes(name)) remove(m, [plain(name)])
    else install(m, [plain(name)])
    return inForce
  },
}

const off: JsonObject = { enabled: false, scope: 'security', reboot: false, rebootTime: '02:00', removeUnused: false }
export const automaticUpdates: SimulatedFeature = {
  id: linuxAutomaticUpdates.id,
  settings: linuxAutomaticUpdates.settings,
  evidence: (inForce, m) => ({
    values: inForce ?? off,
    installed: versionOf(m, 'unattended-upgrades') !== undefined,
  }),
  drift: (inForce) => ({ ...inForce, enabled: inForce.enabled !== true }),
}
