/** Inventory: what is asked of a device, one command after the other. Where one of them is refused, the others are asked all the same. */
import { deviceInventory, type JsonObject, type OperationRow, type Outcome } from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'
import { deviceQueries } from './facts.ts'
import { type Command, objectOf } from './row.ts'

/** In this order; an answer tells by its key, or by the command that this node remembers, which one it belongs to. */
const steps: readonly { command: JsonObject & { RequestType: string }; key: string }[] = [
  { command: { RequestType: 'DeviceInformation', Queries: [...deviceQueries] }, key: 'QueryResponses' },
  { command: { RequestType: 'SecurityInfo' }, key: 'SecurityInfo' },
  { command: { RequestType: 'ProfileList' }, key: 'ProfileList' },
  { command: { RequestType: 'CertificateList' }, key: 'CertificateList' },
  { command: { RequestType: 'InstalledApplicationList' }, key: 'InstalledApplicationList' },
  { command: { RequestType: 'ManagedApplicationList' }, key: 'ManagedApplicationList' },
  { command: { RequestType: 'UserList' }, key: 'Users' },
]
export const inventorySteps = steps.length
export const inventoryCommand = (step: number): JsonObject => (steps[step] ?? (steps[0] as (typeof steps)[0])).command

const row: OperationRow = {
  channel: 'device',
  to: (_params, _c, _secrets, kept) => {
    const step = objectOf(kept)?.step
    return inventoryCommand(typeof step === 'number' ? step : 0)
  },
  from: (reply, c): Outcome => {
    const outcome = replyOutcome(reply, () => ({ facts: Object.keys(c.facts).length }))
    const at = stepOf(objectOf(reply) ?? {})
    // The device itself must answer the first: who it is. Lists that it does not know or must not tell are left out.
    if (outcome.state === 'unreadable' || at < 0 || (at === 0 && outcome.state === 'failed')) return outcome
    if (at + 1 < steps.length) return { state: 'again', kept: { step: at + 1 } }
    return { state: 'completed', result: { facts: Object.keys(c.facts).length } }
  },
  examples: [
    {
      in: {},
      wire: steps[0]?.command ?? {},
      replies: [
        {
          reply: { Status: 'Acknowledged', QueryResponses: { DeviceName: 'Ada' } },
          outcome: { state: 'again', kept: { step: 1 } },
        },
        {
          reply: { Status: 'Error', RequestType: 'CertificateList', ErrorChain: [] },
          outcome: { state: 'again', kept: { step: 4 } },
        },
        {
          reply: { Status: 'Error', RequestType: 'UserList', ErrorChain: [] },
          outcome: { state: 'completed', result: { facts: 0 } },
        },
        {
          reply: { Status: 'Error', RequestType: 'DeviceInformation', ErrorChain: [] },
          outcome: { state: 'failed', reason: { code: 'device-error', text: 'The device says that it failed.' } },
        },
        { reply: { Status: 'Acknowledged', Users: [] }, outcome: { state: 'completed', result: { facts: 0 } } },
      ],
    },
    { in: {}, kept: { step: 2 }, wire: { RequestType: 'ProfileList' } },
  ],
}
export const inventory: Command = { descriptor: deviceInventory as Command['descriptor'], row }

/** Below 0: nothing tells. */
function stepOf(reply: JsonObject): number {
  const byKey = steps.findIndex((s) => Object.hasOwn(reply, s.key))
  return byKey >= 0 ? byKey : steps.findIndex((s) => s.command.RequestType === reply.RequestType)
}
