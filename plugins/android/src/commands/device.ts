/** Commands for the device as a whole. */
import {
  deviceDisenrol,
  deviceLock,
  deviceLostModeDisable,
  deviceLostModeEnable,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceReboot,
  deviceWipe,
  deviceWipeCorporate,
  type JsonObject,
  type OperationDescriptor,
  type OperationRow,
  type Reason,
} from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import { commandRow } from './command.ts'
import { onCompanyOwned, onFullyManaged, onOwnWorkProfile, onPersonalWorkProfile } from './mode.ts'

const text = (defaultMessage: string) => ({ defaultMessage })

export const googleLock = commandRow(deviceLock, { command: () => ({ type: 'LOCK' }), result: () => ({ sessions: 1 }) })
export const googleReboot = commandRow(deviceReboot, {
  when: onFullyManaged,
  command: () => ({ type: 'REBOOT' }),
  result: () => ({ at: null }),
})
/** An empty password takes it off; devices whose policy demands one refuse that. */
export const googlePasscodeClear = commandRow(devicePasscodeClear, {
  command: () => ({ type: 'RESET_PASSWORD', newPassword: '' }),
})
export const googlePasscodeSet = commandRow(devicePasscodeSet, {
  command: (p) => ({
    type: 'RESET_PASSWORD',
    newPassword: p.passcode,
    ...(p.lockNow ? { resetPasswordFlags: ['LOCK_NOW'] } : {}),
  }),
})
export const googleLostModeEnable = commandRow(deviceLostModeEnable, {
  when: onCompanyOwned,
  command: (p) => ({
    type: 'START_LOST_MODE',
    startLostModeParams: {
      lostMessage: text(p.message),
      ...(p.phoneNumber ? { lostPhoneNumber: text(p.phoneNumber) } : {}),
      ...(p.footnote ? { lostOrganization: text(p.footnote) } : {}),
    },
  }),
  refused: (c) => statusOf(c, 'startLostModeStatus', ['SUCCESS', 'ALREADY_IN_LOST_MODE']),
})
export const googleLostModeDisable = commandRow(deviceLostModeDisable, {
  when: onCompanyOwned,
  command: () => ({ type: 'STOP_LOST_MODE', stopLostModeParams: {} }),
  refused: (c) => statusOf(c, 'stopLostModeStatus', ['SUCCESS', 'NOT_IN_LOST_MODE']),
})
/** The device does it when it hears of it, and is then deleted at Google. */
export const googleWipe = commandRow(deviceWipe, {
  when: onCompanyOwned,
  command: () => ({ type: 'WIPE', wipeParams: {} }),
  result: () => ({ begins: true as const }),
})
/** The work profile goes, with all that is in it; what is the company's own device then belongs to its user for good. */
const withoutWork = <P, R>(d: OperationDescriptor<P, R>, result?: () => R): readonly OperationRow[] => [
  commandRow(d, { when: onOwnWorkProfile, command: () => ({ type: 'RELINQUISH_OWNERSHIP' }), result }),
  commandRow(d, { when: onPersonalWorkProfile, command: () => ({ type: 'WIPE', wipeParams: {} }), result }),
]
export const googleWipeCorporate = withoutWork(deviceWipeCorporate, () => ({ removed: ['work profile'] }))
export const googleDisenrol = withoutWork(deviceDisenrol)

const statuses: Readonly<Record<string, string>> = {
  RESET_PASSWORD_RECENTLY: 'The passcode was reset by command in the last 12 hours.',
  USER_EXIT_LOST_MODE_RECENTLY: 'Its user ended lost mode by signing in in the last 12 hours.',
}
/** The command ended: as it was meant, or it was so before, or why not. */
function statusOf(command: JsonObject, field: string, good: readonly string[]): Reason | 'fulfilled' | undefined {
  const status = objectOf(command[field])?.status
  if (typeof status !== 'string' || status === 'STATUS_UNSPECIFIED') return undefined
  if (good.includes(status)) return 'fulfilled'
  const word = status.toLowerCase().replaceAll('_', '-')
  const code = /^[a-z][a-z0-9-]{0,60}$/.test(word) ? word : 'refused'
  return { code, text: statuses[status] ?? `The device says ${status.slice(0, 100)}.` }
}
