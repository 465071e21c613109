/** device.inventory: everything the device knows of itself, anew. */
import { deviceInventory } from '@muster/contract'
import { define } from './operation.ts'

export const inventory = define(deviceInventory, false, async (_, s) => ({ facts: Object.keys(s.refresh()).length }))
