/** The door of commands: operations as Apple's devices obey them. */
import { commonOperations, type OperationDescriptor, type OperationRow } from '@muster/contract'
import { appCommands } from './apps.ts'
import { eraseCommands } from './erase.ts'
import { inventory } from './inventory.ts'
import { lostModeCommands } from './lost-mode.ts'
import { macCommands } from './mac.ts'
import { powerCommands } from './power.ts'
import { raw } from './raw.ts'
import type { Command } from './row.ts'
import { settingsCommands } from './settings.ts'
import { updateCommands } from './updates.ts'
import { userCommands } from './users.ts'

export { createEncode } from './encode.ts'
export { inventoryFacts, readFacts } from './facts.ts'
export { createPlainCommands } from './plain.ts'
export { replyReader } from './row.ts'
export { inventoryJob } from './schedule.ts'

/** `enrolment`: identifier of the enrolment profile, whose removal ends management. */
function commands(enrolment: string): readonly Command[] {
  return [
    inventory,
    ...powerCommands(enrolment),
    ...eraseCommands,
    ...lostModeCommands,
    ...settingsCommands,
    ...appCommands,
    ...updateCommands,
    ...userCommands,
    ...macCommands,
    ...raw,
  ]
}

const common = new Set(commonOperations.map((d) => d.id))
/** Operations that only Apple's devices know. */
export const appleOperations: readonly OperationDescriptor[] = commands('')
  .map((c) => c.descriptor)
  .filter((d) => !common.has(d.id))

const repeatables = new Set(
  [...commonOperations, ...commands('').map((c) => c.descriptor)].filter((d) => d.repeatable).map((d) => d.id),
)
/** Doing it twice does no harm. */
export const isRepeatable = (operation: string): boolean => repeatables.has(operation)

export function operationRows(enrolment: string): Readonly<Record<string, readonly OperationRow[]>> {
  return Object.fromEntries(commands(enrolment).map((c) => [c.descriptor.id, c.rows ?? [c.row]]))
}
