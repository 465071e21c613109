/** Required and forbidden packages: dpkg tells what is there, apt changes it; what Muster installed or removed is remembered and taken back. */
import { type JsonObject, linuxPackages } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { apt, installedPackages, isInstalled, requireApt } from '../packages.ts'
import type { Done, Feature, Machine } from './feature.ts'
import { readSettings } from './settings.ts'

const database = '/var/lib/dpkg/status'
const id = linuxPackages.id
/** More would be the whole inventory again. */
const namesLimit = 5000

export const packages: Feature = {
  id,
  watches: [database],
  check(tree): JsonObject {
    const all = installedPackages(tree)
    return all
      ? { installed: [...all.keys()].sort().slice(0, namesLimit) }
      : { applicable: false, why: 'This device does not keep its packages with dpkg.' }
  },
  async put(m, settings) {
    const s = readSettings(linuxPackages, settings)
    if (!installedPackages(m.tree)) throw notApplicable('This device does not keep its packages with dpkg.')
    const missing = s.required.filter((p) => !isInstalled(m.tree, p))
    const unwanted = s.forbidden.filter((p) => isInstalled(m.tree, p))
    const given = givenBack(m, s)
    if (missing.length + unwanted.length + given.remove.length + given.install.length === 0) return { files: [] }
    requireApt(m.tree)
    await undo(m, given)
    if (missing.length > 0) await change(m, 'install', missing)
    if (unwanted.length > 0) await change(m, 'remove', unwanted)
    return { files: [], reloaded: true }
  },
  async drop(m): Promise<Done> {
    const kept = memoOf(m)
    const given = {
      remove: kept.installed.filter((p) => isInstalled(m.tree, p)),
      install: kept.removed.filter((p) => !isInstalled(m.tree, p)),
    }
    if (given.remove.length + given.install.length > 0) {
      requireApt(m.tree)
      await undo(m, given)
    }
    m.originals.restore(id)
    return { files: [] }
  },
}

interface Memo {
  installed: string[]
  removed: string[]
}

function memoOf(m: Machine): Memo {
  const memo = m.originals.memo(id)
  const names = (v: unknown) => (Array.isArray(v) ? v.filter((n): n is string => typeof n === 'string') : [])
  return { installed: names(memo?.installed), removed: names(memo?.removed) }
}

/** What earlier settings brought about and these no longer demand. */
function givenBack(m: Machine, s: { required: string[]; forbidden: string[] }) {
  const kept = memoOf(m)
  return {
    remove: kept.installed.filter((p) => !s.required.includes(p) && isInstalled(m.tree, p)),
    install: kept.removed.filter((p) => !s.forbidden.includes(p) && !isInstalled(m.tree, p)),
  }
}

/** Remembered before it is done: an interruption must not forget it. */
async function change(m: Machine, verb: 'install' | 'remove', names: readonly string[]): Promise<void> {
  const kept = memoOf(m)
  const before = verb === 'install' ? kept.installed : kept.removed
  const after = [...new Set([...before, ...names])]
  m.originals.remember(id, verb === 'install' ? { ...kept, installed: after } : { ...kept, removed: after })
  await apt(m.run, [verb, '--', ...names])
  const wrong = names.filter((p) => isInstalled(m.tree, p) !== (verb === 'install'))
  if (wrong.length > 0)
    throw new Refused('apt-failed', `apt ended well, yet these are not as they should be: ${wrong.join(', ')}`)
}

async function undo(m: Machine, given: { remove: readonly string[]; install: readonly string[] }): Promise<void> {
  if (given.remove.length > 0) await apt(m.run, ['remove', '--', ...given.remove])
  if (given.install.length > 0) await apt(m.run, ['install', '--', ...given.install])
  const kept = memoOf(m)
  const left = {
    installed: kept.installed.filter((p) => !given.remove.includes(p)),
    removed: kept.removed.filter((p) => !given.install.includes(p)),
  }
  m.originals.remember(id, left)
}
