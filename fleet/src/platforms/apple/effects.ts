/** Commands that do something to the device. */
import type { Json, JsonObject } from '@muster/contract'
import { nextPerson, userToken } from './automated.ts'
import { type Machine, rights, type SimulatedCommand, wrong } from './command.ts'
import { bytesOf, data, isDict, real } from './plist.ts'
import { installProfile, removeProfile } from './profiles.ts'

const mobile = ['iphone', 'ipad'] as const
const mac = ['mac'] as const
const sixDigits = (value: Json | undefined) => typeof value === 'string' && /^\d{6}$/.test(value)

const deviceLock: SimulatedCommand = {
  right: rights.lock,
  on: ['iphone', 'ipad', 'mac'],
  refusal: ({ PIN }, { model }) =>
    model.family === 'mac' && PIN !== undefined && !sixDigits(PIN)
      ? wrong('MDMClientError', 70, 'The PIN must have six digits.')
      : undefined,
  act(_, { disk, model }): JsonObject {
    disk.world.locked = true
    return model.family === 'mac' ? {} : { MessageResult: 'Success' }
  },
}
const eraseDevice: SimulatedCommand = {
  right: rights.erase,
  refusal: ({ PIN }, { model }) =>
    model.family === 'mac' && PIN !== undefined && !sixDigits(PIN)
      ? wrong('MDMClientError', 70, 'The PIN must have six digits.')
      : undefined,
  act(_, { disk }) {
    disk.world.wiped = true
    disk.profiles = []
    disk.standing = 'left'
    return {}
  },
}
const clearPasscode: SimulatedCommand = {
  right: rights.lock,
  on: mobile,
  refusal: ({ UnlockToken }, { disk }) =>
    bytesOf(UnlockToken)?.equals(unlockTokenOf(disk.no))
      ? undefined
      : wrong('MCPasscodeErrorDomain', 5013, 'The unlock token is not of this device.'),
  act(_, { disk }) {
    disk.world.passcode = false
    disk.world.locked = false
    return {}
  },
}
/** Some kilobytes that only this device can read. */
export const unlockTokenOf = (no: number): Buffer => Buffer.alloc(1200, `unlock token of device ${no}. `)

const position = (m: Machine) => ({
  latitude: 52.5 + ((m.disk.no * 37) % 100) / 1000,
  longitude: 13.4 - ((m.disk.no * 53) % 100) / 1000,
})

const lost: Readonly<Record<string, SimulatedCommand>> = {
  EnableLostMode: {
    on: mobile,
    supervised: true,
    refusal: ({ Message, PhoneNumber, Footnote }) =>
      Message === undefined && PhoneNumber === undefined && Footnote === undefined
        ? wrong('MCMDMErrorDomain', 12064, 'Lost mode needs a message or a number.')
        : undefined,
    act({ Message, PhoneNumber }, { disk }) {
      disk.world.lost = { message: String(Message ?? ''), phone: String(PhoneNumber ?? '') }
      return {}
    },
  },
  DisableLostMode: {
    on: mobile,
    supervised: true,
    refusal: (_, m) => notLost(m),
    act(_, { disk }) {
      delete disk.world.lost
      return {}
    },
  },
  PlayLostModeSound: { on: mobile, supervised: true, refusal: (_, m) => notLost(m), act: () => ({}) },
  DeviceLocation: {
    query: true,
    on: mobile,
    supervised: true,
    refusal: (_, m) => notLost(m),
    act(_, m) {
      const { latitude, longitude } = position(m)
      return {
        Latitude: real(latitude),
        Longitude: real(longitude),
        HorizontalAccuracy: real(12 + (m.disk.changes % 50)),
        VerticalAccuracy: real(6),
        Altitude: real(34),
        Speed: real(-1),
        Course: real(-1),
        Timestamp: new Date(m.now).toISOString(),
      }
    },
  },
}
const notLost = ({ disk }: Machine) =>
  disk.world.lost ? undefined : wrong('MCMDMErrorDomain', 12067, 'The device is not in lost mode.')

const power: SimulatedCommand = {
  supervised: true,
  act(_, { disk }) {
    disk.world.restarts += 1
    disk.world.locked = false
    return {}
  },
}

function nameOf(request: JsonObject): string | undefined {
  if (typeof request.Identifier === 'string') return request.Identifier
  if (typeof request.iTunesStoreID === 'number') return `com.example.store.${request.iTunesStoreID}`
  return typeof request.ManifestURL === 'string' || isDict(request.Manifest) ? 'com.example.enterprise' : undefined
}
const installApplication: SimulatedCommand = {
  right: rights.apps,
  refusal: (request) =>
    nameOf(request) === undefined ? wrong('MCMDMErrorDomain', 12025, 'It does not say which app.') : undefined,
  act(request, { disk }) {
    const identifier = nameOf(request) ?? ''
    const app = {
      identifier,
      name: identifier,
      version: '1.0',
      bytes: 12_000_000,
      managed: true,
      configuration: request.Configuration,
    }
    disk.apps = [...disk.apps.filter((a) => a.identifier !== identifier), app]
    return { Identifier: identifier, State: 'Installing' }
  },
}
const removeApplication: SimulatedCommand = {
  right: rights.apps,
  refusal: ({ Identifier }, { disk }) =>
    disk.apps.some((a) => a.managed && a.identifier === Identifier)
      ? undefined
      : wrong('MCMDMErrorDomain', 12031, 'The app is not managed.'),
  act({ Identifier }, { disk }) {
    disk.apps = disk.apps.filter((a) => a.identifier !== Identifier)
    return { Identifier: String(Identifier) }
  },
}

/** Each item has its own end (Apple, Settings). */
const settings: SimulatedCommand = {
  repeatable: true,
  right: rights.settings,
  refusal: ({ Settings }) =>
    Array.isArray(Settings) ? undefined : wrong('MCMDMErrorDomain', 12025, 'There are no settings.'),
  act({ Settings }, m) {
    const items = Array.isArray(Settings) ? Settings.filter(isDict) : []
    return { Settings: items.map((s) => ({ Item: String(s.Item), ...setting(s, m) })) as unknown as Json }
  },
}
function setting(s: JsonObject, { model, disk }: Machine): JsonObject {
  const item = String(s.Item)
  const failed = (text: string) => ({
    Status: 'Error',
    ErrorChain: [
      { ErrorCode: 12025, ErrorDomain: 'MCMDMErrorDomain', LocalizedDescription: text, USEnglishDescription: text },
    ],
  })
  if (item === 'HostName' && model.family !== 'mac') return failed('HostName is not for this device.')
  if (item === 'DeviceName') {
    if (!model.supervised && model.family !== 'mac') return failed('The name of a device that is not supervised stays.')
    disk.world.name = String(s.DeviceName)
  } else disk.world.settings[item] = s.Enabled ?? s[item] ?? true
  return { Status: 'Acknowledged' }
}

const updates: Readonly<Record<string, SimulatedCommand>> = {
  ScheduleOSUpdateScan: { query: true, on: mac, act: () => ({ ScanInitiated: true }) },
  ScheduleOSUpdate: {
    supervised: true,
    refusal: ({ Updates }) =>
      Array.isArray(Updates) && Updates.length > 0
        ? undefined
        : wrong('MCMDMErrorDomain', 12025, 'There are no updates.'),
    act({ Updates }, { disk }) {
      const wanted = (Updates as Json[]).filter(isDict)
      disk.world.updating = String(wanted[0]?.ProductKey ?? wanted[0]?.ProductVersion ?? '')
      return {
        UpdateResults: wanted.map((u) => ({
          ProductKey: String(u.ProductKey ?? ''),
          ProductVersion: String(u.ProductVersion ?? ''),
          InstallAction: 'Default',
          Status: 'Installing',
        })),
      }
    },
  },
}

const keys: Readonly<Record<string, SimulatedCommand>> = {
  ActivationLockBypassCode: {
    query: true,
    on: mobile,
    supervised: true,
    act: (_, { disk }) => ({
      ActivationLockBypassCode: `FHN0E-${String(disk.no).padStart(5, '0')}-J4E5-8CD0-K2WA-MZ3F`,
    }),
  },
  ClearActivationLockBypassCode: { repeatable: true, on: mobile, supervised: true, act: () => ({}) },
  SetRecoveryLock: {
    on: mac,
    refusal: ({ CurrentPassword }, { disk }) =>
      disk.world.recoveryLock !== undefined && CurrentPassword !== disk.world.recoveryLock
        ? wrong('MDMClientError', 92, 'The current password is another one.')
        : undefined,
    act({ NewPassword }, { disk }) {
      if (typeof NewPassword === 'string' && NewPassword !== '') disk.world.recoveryLock = NewPassword
      else delete disk.world.recoveryLock
      return {}
    },
  },
  VerifyRecoveryLock: {
    query: true,
    on: mac,
    act: ({ Password }, { disk }) => ({ PasswordVerified: Password === disk.world.recoveryLock }),
  },
  RotateFileVaultKey: {
    on: mac,
    refusal: ({ KeyType }) =>
      KeyType === 'personal' ? undefined : wrong('MDMClientError', 70, 'Only the personal key can be rotated.'),
    act: (_, { disk }) => ({
      RotateResult: { EncryptedNewRecoveryKey: data(Buffer.from(`new recovery key of device ${disk.no}`)) },
    }),
  },
  SetAutoAdminPassword: {
    repeatable: true,
    on: mac,
    refusal: ({ passwordHash }) =>
      bytesOf(passwordHash) ? undefined : wrong('MDMClientError', 70, 'There is no password hash.'),
    act: () => ({}),
  },
  RequestUnlockToken: {
    query: true,
    on: mobile,
    act: (_, { disk }) => ({ UnlockToken: data(unlockTokenOf(disk.no)) }),
  },
}

const setup: Readonly<Record<string, SimulatedCommand>> = {
  DeviceConfigured: {
    repeatable: true,
    act(_, { disk }) {
      disk.configured = true
      return {}
    },
  },
  UserConfigured: { repeatable: true, act: () => ({}) },
  AccountConfiguration: { repeatable: true, on: mac, act: () => ({}) },
  /** Begins declarative management, or says that there is something new (Apple, DeclarativeManagement). */
  DeclarativeManagement: {
    repeatable: true,
    refusal: (_, { model }) =>
      model.declarative
        ? undefined
        : wrong('MCMDMErrorDomain', 12021, 'DeclarativeManagement is not a valid request type.'),
    act(_, { disk }) {
      disk.declarative = { token: '', items: {}, tell: true, ...disk.declarative, due: true }
      return {}
    },
  },
}

export const effects: Readonly<Record<string, SimulatedCommand>> = {
  InstallProfile: installProfile,
  RemoveProfile: removeProfile,
  DeviceLock: deviceLock,
  EraseDevice: eraseDevice,
  ClearPasscode: clearPasscode,
  RestartDevice: power,
  ShutDownDevice: power,
  InstallApplication: installApplication,
  InstallEnterpriseApplication: { ...installApplication, on: mac },
  RemoveApplication: removeApplication,
  Settings: settings,
  ClearRestrictionsPassword: { repeatable: true, on: mobile, supervised: true, act: () => ({}) },
  EnableRemoteDesktop: { repeatable: true, on: mac, act: () => ({}) },
  DisableRemoteDesktop: { repeatable: true, on: mac, act: () => ({}) },
  LogOutUser: {
    on: ['ipad', 'mac'],
    act(_, { disk, now }) {
      const people = disk.automated?.people
      if (!people) return {}
      // The next one sits down at once.
      people.push(nextPerson(people))
      disk.tokens.user = userToken(disk.tokens.device, people)
      delete disk.told.user
      disk.comeAt = now + 1000
      return {}
    },
  },
  UnlockUserAccount: { on: mac, act: () => ({}) },
  ...lost,
  ...updates,
  ...keys,
  ...setup,
}
