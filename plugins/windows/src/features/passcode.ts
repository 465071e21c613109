/** The common password rules as DeviceLock has them, and when a device locks itself. Windows takes these policies as one set, whole or not at all. */
import { passcode as descriptor, type JsonObject, type Verdict } from '@muster/contract'
import { policy, type WantedNode } from './node.ts'
import { nodeFeature } from './row.ts'
import { nodesOf, tableFeature } from './table.ts'

type Rules = ReturnType<typeof descriptor.settings.parse>
/** What MinDevicePasswordLength and MinDevicePasswordComplexCharacters go up to on PCs. */
const longest = 16
const mostKinds = 3

export const passcode = nodeFeature(descriptor, {
  to: {},
  atomic: true,
  // In this order: the first two set those behind them to values of their own.
  nodes: (s): readonly WantedNode[] => [
    policy('DeviceLock', 'DevicePasswordEnabled', 0),
    policy('DeviceLock', 'AlphanumericDevicePasswordRequired', s.minClasses >= 2 ? 0 : 2),
    policy('DeviceLock', 'AllowSimpleDevicePassword', s.minClasses < 2),
    policy('DeviceLock', 'MinDevicePasswordLength', Math.min(s.minLength, longest)),
    policy('DeviceLock', 'MinDevicePasswordComplexCharacters', Math.min(s.minClasses, mostKinds)),
    policy('DeviceLock', 'DevicePasswordExpiration', s.maxAgeDays),
    policy('DeviceLock', 'DevicePasswordHistory', s.history),
    policy('DeviceLock', 'MaxDevicePasswordFailedAttempts', attempts(s.maxFailedAttempts)),
  ],
  holds: beyond,
})

/** 0: never; 4 to 16 failures on PCs, after which the next start asks for the recovery key. */
const attempts = (n: number): number => (n === 0 ? 0 : Math.min(16, Math.max(4, n)))

/** What the rules demand and Windows cannot be told to demand. */
function beyond(s: Rules): Verdict | undefined {
  if (s.minLength > longest)
    return failed(`Windows cannot demand more than ${longest} characters; it demands ${longest}.`)
  if (s.minClasses > mostKinds) return failed('Windows cannot demand all four kinds of characters; it demands three.')
  return undefined
}
const failed = (text: string): Verdict => ({ state: 'failed', reason: { code: 'cannot-demand', text } })

const lockTable = {
  'DeviceLock/MaxInactivityTimeDeviceLock': ['Minutes without use until it locks (0: never)', [0, 999]],
  'DeviceLock/PreventEnablingLockScreenCamera': ['No camera on the lock screen', 'admx', 14_393],
  'DeviceLock/PreventLockScreenSlideShow': ['No pictures in turn on the lock screen', 'admx', 14_393],
} as const
export const autoLock = tableFeature(
  {
    id: 'windows.autoLock',
    title: { en: 'Automatic lock', de: 'Automatische Sperre' },
    summary: {
      en: 'When a device locks itself, and what its lock screen may do.',
      de: 'Wann sich ein Gerät sperrt und was sein Sperrbildschirm darf.',
    },
    examples: [{ MaxInactivityTimeDeviceLock: 10, PreventEnablingLockScreenCamera: true }],
  },
  lockTable,
  {
    to: {},
    atomic: true,
    // It counts only while passwords are demanded at all.
    nodes: (s: JsonObject) => nodesOf(lockTable, s),
  },
)
