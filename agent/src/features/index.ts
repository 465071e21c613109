/** Every policy feature that the agent can keep true, by id. */
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import type { Feature } from './feature.ts'
import { automaticUpdates } from './linux-automatic-updates.ts'
import { banner } from './linux-banner.ts'
import { camera } from './linux-camera.ts'
import { certificates } from './linux-certificates.ts'
import { firewall } from './linux-firewall.ts'
import { packages } from './linux-packages.ts'
import { screenLock } from './linux-screen-lock.ts'
import { ssh } from './linux-ssh.ts'
import { sudoers } from './linux-sudoers.ts'
import { sysctl } from './linux-sysctl.ts'
import { usbStorage } from './linux-usb-storage.ts'
import { wifi } from './linux-wifi.ts'
import { wireguard } from './linux-wireguard.ts'
import type { Originals } from './originals.ts'
import { passcode } from './passcode.ts'

export { parseAptConf } from './apt-conf.ts'
export type { Feature, Machine } from './feature.ts'
export { readKeyfile } from './keyfile.ts'
export { readTable, writeTable } from './linux-firewall.ts'
export { readRules, writeRules } from './linux-sudoers.ts'
export { dropLines, hasLines, putLines } from './managed-lines.ts'
export { type Originals, openOriginals } from './originals.ts'
export { readSshdConfig, sshdConfig } from './sshd-config.ts'

export const features: ReadonlyMap<string, Feature> = new Map(
  [
    banner,
    ssh,
    passcode,
    automaticUpdates,
    firewall,
    usbStorage,
    camera,
    sudoers,
    wifi,
    wireguard,
    certificates,
    packages,
    sysctl,
    screenLock,
  ].map((f: Feature) => [f.id, f]),
)

/** Facts `managed.<id>`: what is in force now. `placed`: through us. A feature that cannot be looked at says so instead of hiding the others. */
export function evidence(
  tree: Tree,
  originals: Originals,
  observed?: Readonly<Record<string, JsonObject>>,
): JsonObject {
  const facts: JsonObject = {}
  for (const f of features.values()) {
    try {
      facts[`managed.${f.id}`] = { placed: originals.placed(f.id), ...f.check(tree, originals), ...observed?.[f.id] }
    } catch (error) {
      facts[`managed.${f.id}`] = {
        placed: originals.placed(f.id),
        unreadable: error instanceof Error ? error.message.slice(0, 300) : 'unknown',
      }
    }
  }
  return facts
}
