/** Inventory: what is asked of a device, one command after the other. Where one of them is refused, the others are asked all the same. */
import {
  type ChannelDetail,
  deviceInventory,
  type Json,
  type JsonObject,
  type OperationRow,
  type Outcome,
} from '@muster/contract'
import { type Availability, available } from '../profiles/index.ts'
import { replyOutcome } from '../wire/index.ts'
import { deviceQueries } from './facts.ts'
import { type Command, objectOf } from './row.ts'
import { readSystems } from './systems.ts'

type Facts = Pick<ChannelDetail, 'facts'>
interface Step {
  type: string
  /** By which the answer is known. */
  key: string
  on: Availability
  and?(c: Facts): boolean
  fields?(c: Facts): JsonObject
}
const step = (type: string, key: string, on: string, more: Partial<Step> = {}): Step => ({
  type,
  key,
  on: readSystems(on),
  ...more,
})

/** In this order; an answer tells by its key, or by the command that this node remembers, which one it belongs to. The first is for everybody. */
const steps: readonly Step[] = [
  step('DeviceInformation', 'QueryResponses', 'i4.0 m10.7 t9.0 v1.1 w10.0', {
    fields: (c) => ({ Queries: [...deviceQueries(c)] }),
  }),
  step('SecurityInfo', 'SecurityInfo', 'i4.0 m10.7 t9.0 v1.1 w10.0'),
  step('ProfileList', 'ProfileList', 'i4.0 m10.7 t9.0 v1.1 w10.0'),
  step('CertificateList', 'CertificateList', 'i4.0 m10.7 t9.0 v1.1 w10.0'),
  step('InstalledApplicationList', 'InstalledApplicationList', 'i5.0 m10.7x t10.2 v1.1 w10.0'),
  step('ManagedApplicationList', 'ManagedApplicationList', 'i5.0 m11.0 t10.2 v1.1 w10.0'),
  // Of iPads those alone that said that they are shared.
  step('UserList', 'Users', 'i9.3x m10.13x', {
    and: (c) => c.facts['os.name'] === 'macOS' || c.facts['apple.sharedIpad'] === true,
  }),
]
const answers = (s: Step, c: Facts) => available(s.on, c) === true && s.and?.(c) !== false

/** The first from this one on that this device answers; undefined: there is none left. */
export function inventoryStep(from: number, c: Facts): number | undefined {
  const at = steps.findIndex((s, i) => i >= from && (i === 0 || answers(s, c)))
  return at < 0 ? undefined : at
}
export function inventoryCommand(at: number, c: Facts): JsonObject {
  const { type, fields } = steps[at] ?? (steps[0] as Step)
  return { RequestType: type, ...fields?.(c) }
}

const row: OperationRow = {
  channel: 'device',
  rounds: true,
  to: (_params, c, _secrets, kept) => inventoryCommand(stepIn(kept), c),
  from: (reply, c, kept): Outcome => {
    const outcome = replyOutcome(reply, () => ({}))
    if (outcome.state === 'unreadable') return outcome
    const asked = stepIn(kept)
    const at = stepOf(objectOf(reply) ?? {}) ?? asked
    // An answer that comes late, or twice, sets nothing back: what is asked now is asked again.
    if (at < asked) return { state: 'again', kept: { step: asked } }
    // The device itself must answer the first: who it is. Lists that it does not know or must not tell are left out.
    if (at === 0 && outcome.state === 'failed') return outcome
    const next = inventoryStep(at + 1, c)
    if (next !== undefined) return { state: 'again', kept: { step: next } }
    return { state: 'completed', result: { facts: Object.keys(c.facts).length } }
  },
  examples: [
    {
      in: {},
      wire: inventoryCommand(0, { facts: {} }),
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

const stepIn = (kept: Json | undefined): number => {
  const at = objectOf(kept)?.step
  return typeof at === 'number' && steps[at] ? at : 0
}
/** Undefined: nothing tells. */
function stepOf(reply: JsonObject): number | undefined {
  const byKey = steps.findIndex((s) => Object.hasOwn(reply, s.key))
  const at = byKey >= 0 ? byKey : steps.findIndex((s) => s.type === reply.RequestType)
  return at < 0 ? undefined : at
}
