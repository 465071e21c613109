/** Cameras: the driver of USB video devices, which built-in cameras are as well, cannot be loaded. */
import { type JsonObject, linuxCamera } from '@muster/contract'
import type { Feature } from './feature.ts'
import { cannotLoad, isLoaded, modprobeFolders, refusal } from './modprobe.ts'
import { readSettings } from './settings.ts'

const module = 'uvcvideo'

export const camera: Feature = {
  id: linuxCamera.id,
  watches: modprobeFolders,
  check: (tree): JsonObject => ({
    blocked: cannotLoad(tree, module),
    loaded: tree.live ? (isLoaded(tree, module) ? [module] : []) : null,
  }),
  async put(m, settings) {
    if (!readSettings(linuxCamera, settings).blocked) return { files: m.originals.restore(linuxCamera.id) }
    const files = m.originals.change(linuxCamera.id, [refusal('camera', [module])])
    if (!m.tree.live) return { files, skipped: ['unloading the driver'] }
    await m.run('modprobe', ['-r', module], { timeoutS: 20 })
    return { files, reloaded: true }
  },
  drop: async (m) => ({ files: m.originals.restore(linuxCamera.id) }),
}
