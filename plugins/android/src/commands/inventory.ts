/** Inventory: Google is asked for what it knows of the device. No command goes to the device: it reports by itself. */
import type { Json, OperationRow } from '@muster/contract'
import { objectOf } from '../documents/index.ts'

const wire = { read: 'device' } as const
export const isReading = (command: Json) => objectOf(command)?.read === wire.read

export const googleInventory: OperationRow = {
  channel: 'device',
  to: () => ({ ...wire }),
  from: (reply) => {
    const facts = objectOf(reply)?.facts
    return typeof facts === 'number' && Number.isInteger(facts)
      ? { state: 'completed', result: { facts } }
      : { state: 'unreadable', reason: { code: 'unreadable', text: 'It says nothing of facts.' } }
  },
  examples: [
    {
      in: {},
      wire: { ...wire },
      replies: [{ reply: { facts: 42 }, outcome: { state: 'completed', result: { facts: 42 } } }],
    },
  ],
}
