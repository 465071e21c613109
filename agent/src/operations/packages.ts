/** package.install, package.remove, package.update: by apt-get, without questions; a busy package manager is waited for. */
import { packageInstall, packageRemove, packageUpdate } from '@muster/contract'
import { Refused } from '../failure.ts'
import { apt, installedPackages, isInstalled, requireApt } from '../packages.ts'
import { define, type Surroundings } from './operation.ts'

export const install = define(packageInstall, true, async ({ packages }, s) => {
  requireApt(s.tree)
  const before = versions(packages, s)
  // What the sources offer is asked anew; a source that fails must not keep the others.
  await apt(s.run, ['update']).catch(rethrowLocked)
  await apt(s.run, ['install', '--', ...packages])
  return outcome(packages, before, s, true)
})

export const remove = define(packageRemove, true, async ({ packages }, s) => {
  requireApt(s.tree)
  const before = versions(packages, s)
  const there = packages.filter((p) => isInstalled(s.tree, p))
  if (there.length > 0) await apt(s.run, ['remove', '--', ...there])
  return outcome(packages, before, s, false)
})

export const update = define(packageUpdate, true, async ({ packages }, s) => {
  requireApt(s.tree)
  await apt(s.run, ['update']).catch(rethrowLocked)
  const ran =
    packages.length === 0
      ? await apt(s.run, ['--with-new-pkgs', 'upgrade'])
      : await apt(s.run, ['install', '--only-upgrade', '--', ...packages])
  s.refresh()
  return {
    upgraded: Number(/^(\d{1,6}) upgraded,/m.exec(ran.stdout)?.[1] ?? 0),
    rebootNeeded: s.tree.exists('/run/reboot-required') || s.tree.exists('/var/run/reboot-required'),
  }
})

function versions(packages: readonly string[], s: Surroundings) {
  const all = installedPackages(s.tree)
  return packages.map((name) => ({ name, version: all?.get(name.split(':', 1)[0] ?? '') ?? null }))
}

/** What dpkg says afterwards counts, not what apt said. */
function outcome(
  packages: readonly string[],
  before: readonly { version: string | null }[],
  s: Surroundings,
  there: boolean,
) {
  const after = versions(packages, s)
  const wrong = after.filter((p) => (p.version !== null) !== there).map((p) => p.name)
  if (wrong.length > 0)
    throw new Refused(
      'apt-failed',
      `apt ended well, yet these are ${there ? 'not' : 'still'} installed: ${wrong.join(', ')}`,
    )
  s.refresh()
  return { packages: after, changed: after.some((p, i) => p.version !== before[i]?.version) }
}

function rethrowLocked(error: unknown): void {
  if (!(error instanceof Refused) || error.code !== 'apt-failed') throw error
}
