/** The door of operations: what PCs do when they are told, and what they tell of themselves. */
import { commonOperations, type OperationDescriptor, type OperationRow } from '@muster/contract'
import { appOperations } from './apps.ts'
import { autopilotOperations } from './autopilot.ts'
import { inventory } from './inventory.ts'
import { powerOperations } from './power.ts'
import { rawOperation } from './raw.ts'
import type { Operation } from './row.ts'
import { securityOperations } from './security.ts'
import { wipeOperations } from './wipe.ts'

export { msiAlert } from './apps.ts'
export { createEncode, plainWork } from './encode.ts'
export { escrow, escrowOf } from './escrow.ts'
export { inventoryFacts, readNodes } from './facts.ts'
export { readerOf } from './row.ts'
export { inventoryJob } from './schedule.ts'

const all: readonly Operation[] = [
  inventory,
  ...powerOperations,
  ...wipeOperations,
  ...securityOperations,
  ...appOperations,
  ...autopilotOperations,
  rawOperation,
]
const common = new Set(commonOperations.map((d) => d.id))

/** Words of this platform alone. */
export const windowsOperations: readonly OperationDescriptor[] = all
  .map((o) => o.descriptor)
  .filter((d) => !common.has(d.id))
export const operationRows: Readonly<Record<string, readonly OperationRow[]>> = Object.fromEntries(
  all.map((o) => [o.descriptor.id, [o.row]]),
)
const repeatable = new Set(all.filter((o) => o.descriptor.repeatable).map((o) => o.descriptor.id))
export const isRepeatable = (operation: string): boolean => repeatable.has(operation)
