/** device.inventory: everything the device knows of itself, anew. */
import { deviceInventory } from '@muster/contract'
import type { Operation } from './operation.ts'

export const inventory: Operation = {
  words: deviceInventory,
  changes: false,
  run: async (_, s) => ({ facts: Object.keys(s.refresh()).length }),
}
