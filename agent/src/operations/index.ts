/** Every operation that the agent knows, by id. */
import { disenrol } from './disenrol.ts'
import { inventory } from './inventory.ts'
import { locate } from './locate.ts'
import { lock } from './lock.ts'
import { logs } from './logs.ts'
import { message } from './message.ts'
import type { Operation } from './operation.ts'
import { install, remove, update } from './packages.ts'
import { reboot, shutdown } from './power.ts'
import { restart } from './restart.ts'
import { ring } from './ring.ts'
import { script } from './script.ts'
import { wipe, wipeCorporate } from './wipe.ts'

export { EndedBadly, type Operation, type Surroundings } from './operation.ts'

export const operations: ReadonlyMap<string, Operation> = new Map(
  [
    inventory,
    message,
    lock,
    ring,
    reboot,
    shutdown,
    locate,
    restart,
    install,
    remove,
    update,
    logs,
    script,
    wipeCorporate,
    wipe,
    disenrol,
  ].map((o: Operation) => [o.words.id, o]),
)
