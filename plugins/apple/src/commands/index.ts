/** The door of commands: operations as Apple's devices obey them. */
import {
  deviceDisenrol,
  deviceInventory,
  deviceLock,
  type OperationDescriptor,
  type OperationRow,
} from '@muster/contract'
import { inventoryRow } from './inventory.ts'
import { commandRow } from './row.ts'

export { createEncode } from './encode.ts'
export { readFacts } from './inventory.ts'

/** Operations that only Apple's devices know. */
export const appleOperations: readonly OperationDescriptor[] = []
export const operationRows: Readonly<Record<string, readonly OperationRow[]>> = {
  [deviceInventory.id]: [inventoryRow],
  [deviceLock.id]: [commandRow(deviceLock, { type: 'DeviceLock', result: () => ({ sessions: 1 }) })],
  [deviceDisenrol.id]: [
    commandRow(deviceDisenrol, { type: 'RemoveProfile', fields: () => ({ Identifier: 'enrolment' }) }),
  ],
}
