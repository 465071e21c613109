/** Takes back everything that Muster put on the machine, and what was on trial when the agent was interrupted. */

import { messageOf, Refused } from './failure.ts'
import { features, type Machine } from './features/index.ts'

/** One feature that resists does not keep the others; Refused (undo-incomplete) names those that did. Answers the files restored. */
export async function restoreAll(m: Machine): Promise<string[]> {
  const files: string[] = []
  const failed: string[] = []
  for (const id of m.originals.features()) {
    try {
      const feature = features.get(id)
      if (feature) files.push(...(await feature.drop(m)).files)
      else files.push(...m.originals.restore(id))
    } catch (error) {
      // A reload that fails leaves the files restored: only what is still placed was not taken back.
      if (m.originals.placed(id)) failed.push(`${id}: ${messageOf(error)}`)
    }
  }
  if (failed.length > 0)
    throw new Refused('undo-incomplete', `Not everything could be taken back. ${failed.join('; ')}`.slice(0, 2000))
  return files
}

/** Before anything else is done: whatever was on trial may be what keeps the device from its server, or people from the device. */
export async function recoverTrials(m: Machine, log: (text: string) => void): Promise<void> {
  m.originals.sweep()
  for (const id of m.originals.guarded()) {
    try {
      await features.get(id)?.recover?.(m)
      m.originals.settle(id)
      log(`${id} was interrupted while it was on trial: what was in force before is again`)
    } catch (error) {
      log(`${id} was interrupted while it was on trial, and cannot be taken back yet: ${messageOf(error)}`)
    }
  }
}
