/** Takes back everything that Muster put on the machine. */

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
