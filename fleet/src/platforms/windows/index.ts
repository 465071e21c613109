/** Simulated Windows PCs: they enrol by MS-MDE2 and obey OMA DM (MS-MDM), with certificates or digests, in XML or WBXML. */
import type { FleetPlatform } from '../../platform.ts'
import { createWindowsDevice } from './device.ts'
import { knock } from './enrol.ts'
import { features, operations } from './words.ts'

export type { WindowsDevice } from './device.ts'

export const windows: FleetPlatform = {
  id: 'windows',
  words: { operations, features },
  async open(ground) {
    await knock(ground.send)
    return { device: (member, kept) => createWindowsDevice(ground, member, kept) }
  },
}
