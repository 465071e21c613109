/** Every operation that the agent knows, by id. */
import { disenrol } from './disenrol.ts'
import { inventory } from './inventory.ts'
import { message } from './message.ts'
import type { Operation } from './operation.ts'
import { restart } from './restart.ts'
import { script } from './script.ts'

export { EndedBadly, type Operation, type Surroundings } from './operation.ts'

export const operations: ReadonlyMap<string, Operation> = new Map(
  [inventory, message, restart, script, disenrol].map((o: Operation) => [o.words.id, o]),
)
