/** USB storage: its drivers cannot be loaded, and its interfaces are not let in by udev where a driver is built into the kernel. */
import { type JsonObject, linuxUsbStorage } from '@muster/contract'
import type { Tree } from '../tree.ts'
import type { Feature, Machine } from './feature.ts'
import { cannotLoad, isLoaded, modprobeFolders, refusal } from './modprobe.ts'
import { readSettings } from './settings.ts'

const modules = ['uas', 'usb-storage']
const rules = '/etc/udev/rules.d/99-muster-usb-storage.rules'
/** Class 8 is mass storage (USB-IF); an interface that is not authorised gets no driver. */
const rule =
  'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_interface", ATTR{bInterfaceClass}=="08", ATTR{authorized}="0"'

export const usbStorage: Feature = {
  id: linuxUsbStorage.id,
  watches: [...modprobeFolders, '/etc/udev/rules.d'],
  check(tree): JsonObject {
    const loaded = modules.filter((m) => isLoaded(tree, m))
    return {
      blocked: modules.every((m) => cannotLoad(tree, m)) && hasRule(tree),
      loaded: tree.live ? loaded : null,
    }
  },
  async put(m, settings) {
    if (!readSettings(linuxUsbStorage, settings).blocked) return takeBack(m)
    const files = m.originals.change(linuxUsbStorage.id, [
      refusal('usb-storage', modules),
      { path: rules, kind: 'whole', text: `# Managed by Muster: changes are overwritten.\n${rule}\n` },
    ])
    if (!m.tree.live) return { files, skipped: ['unloading the drivers, reloading udev'] }
    await m.run('udevadm', ['control', '--reload'])
    // A stick in use keeps its driver until it is pulled out: the evidence tells so.
    await m.run('modprobe', ['-r', ...modules], { timeoutS: 20 })
    return { files, reloaded: true }
  },
  drop: takeBack,
}

async function takeBack(m: Machine) {
  const files = m.originals.restore(linuxUsbStorage.id)
  if (m.tree.live && files.length > 0) await m.run('udevadm', ['control', '--reload'])
  return { files }
}

function hasRule(tree: Tree): boolean {
  return (tree.text(rules) ?? '').split('\n').includes(rule)
}
