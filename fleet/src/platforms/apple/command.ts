/** How a command is simulated: what refuses it, what it does to the device, and what the device answers. */
import type { JsonObject } from '@muster/contract'
import type { Fault } from '../../deeds.ts'
import type { Disk, Party } from './disk.ts'
import type { Family, Model } from './model.ts'

export interface Machine {
  readonly model: Model
  readonly disk: Disk
  readonly now: number
  readonly party: Party
}
export interface SimulatedCommand {
  /** Changes nothing. */
  readonly query?: true
  /** Doing it twice is doing it once. */
  readonly repeatable?: true
  /** Where it exists; absent: everywhere. */
  readonly on?: readonly Family[]
  readonly supervised?: true
  /** The right of the enrolment that it needs (bits of AccessRights). */
  readonly right?: number
  refusal?(request: JsonObject, m: Machine): Fault | undefined
  /** Answers what stands beside Status. */
  act(request: JsonObject, m: Machine): JsonObject
}

/** Apple's AccessRights (MDM payload). */
export const rights = {
  profiles: 2,
  lock: 4,
  erase: 8,
  information: 16,
  network: 32,
  security: 1024,
  settings: 2048,
  apps: 4096,
} as const

/** What no server may ask of a device that its person enrolled as an own one (Apple, user enrolment). */
const notPersonal = new Set([
  'ActivationLockBypassCode',
  'ClearActivationLockBypassCode',
  'ClearPasscode',
  'ClearRestrictionsPassword',
  'DeviceConfigured',
  'DeviceLocation',
  'DisableLostMode',
  'EnableLostMode',
  'EraseDevice',
  'PlayLostModeSound',
  'RequestUnlockToken',
  'RestartDevice',
  'Restrictions',
  'ScheduleOSUpdate',
  'AvailableOSUpdates',
  'OSUpdateStatus',
  'ShutDownDevice',
  'UserList',
])

/** An entry of an ErrorChain. */
export function wrong(domain: string, number: number, text: string): Fault {
  return { code: 'device-error', text, result: { domain, number } }
}
/** Where the server may not ask for it, or the device has no such thing. */
export function refusalOfCommand(c: SimulatedCommand | undefined, request: JsonObject, m: Machine): Fault | undefined {
  const { model, disk } = m
  const type = String(request.RequestType)
  if (!c || (c.on && !c.on.includes(model.family)))
    return wrong('MCMDMErrorDomain', 12021, `${type} is not a valid request type.`)
  if (disk.enrolment?.mode === 'BYOD' && notPersonal.has(type))
    return wrong('MCMDMErrorDomain', 12021, `${type} is not a valid request type for a user enrolment.`)
  if (c.right !== undefined && ((disk.enrolment?.rights ?? 0) & c.right) === 0)
    return wrong('MCMDMErrorDomain', 12009, `The MDM host is not allowed to ask for ${type}.`)
  if (c.supervised && !model.supervised) return wrong('MCMDMErrorDomain', 12026, `${type} is for supervised devices.`)
  return c.refusal?.(request, m)
}
