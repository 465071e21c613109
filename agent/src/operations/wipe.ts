/**
 * device.wipe.corporate takes back all that is Muster's and ends the enrolment. device.wipe erases the machine by programs of its own administrator
 * in /etc/muster-agent/wipe.d: nothing that erases every machine is safe to bring along. Both only with a signature of the server.
 */
import fs from 'node:fs'
import { deviceWipe, deviceWipeCorporate } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { restoreAll } from '../restore.ts'
import type { Tree } from '../tree.ts'
import { define } from './operation.ts'

const hooks = '/etc/muster-agent/wipe.d'
const hookTimeoutS = 3600
const removedShown = 1000

export const wipeCorporate = define(deviceWipeCorporate, true, async (_, s) => {
  const removed = await restoreAll({ tree: s.tree, originals: s.originals, run: s.run })
  s.leave({ farewell: 'corporate wipe' })
  return { removed: removed.slice(0, removedShown) }
})

export const wipe = define(deviceWipe, true, async (_, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree is not erased: the machine it belongs to is not this one.')
  if (s.folder.read()?.ownership === 'byod')
    throw new Refused('wipe-byod', 'This device was enrolled as personally owned. It is never wiped whole.')
  const programs = wipePrograms(s.tree)
  if (programs.length === 0)
    throw notApplicable(`Nothing in ${hooks} says how this device is erased. Put a program there that does it.`)
  s.leave({
    farewell: 'wipe',
    async last() {
      for (const program of programs) await s.run(program, ['wipe'], { timeoutS: hookTimeoutS })
    },
  })
  return { begins: true }
})

/** In order of their names; only what root alone could have put there. Throws Refused when something else lies there. */
export function wipePrograms(tree: Tree): string[] {
  const names = tree.list(hooks, 64).filter((n) => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(n))
  const found = [hooks, ...names.map((n) => `${hooks}/${n}`)]
  for (const at of names.length > 0 ? found : []) {
    const s = fs.lstatSync(tree.resolve(at, false))
    if (s.uid !== 0 || (s.mode & 0o022) !== 0 || s.isSymbolicLink())
      throw new Refused('wipe-hook-unsafe', `${at} could be changed by others than root, so it is not run.`)
  }
  return found.slice(1).filter((at) => {
    const entry = tree.entry(at)
    return entry.kind === 'file' && (entry.mode & 0o100) !== 0
  })
}
