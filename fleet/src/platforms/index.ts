/** The platforms that can be simulated. A new one is a folder beside this file and one line here. */
import type { FleetPlatform } from '../platform.ts'
import { android } from './android/index.ts'
import { apple } from './apple/index.ts'
import { linux } from './linux/index.ts'
import { windows } from './windows/index.ts'

export { simulator as linuxSimulator } from './linux/index.ts'

const all: readonly FleetPlatform[] = [linux, apple, android, windows]
export const platforms: ReadonlyMap<string, FleetPlatform> = new Map(all.map((p) => [p.id, p]))
