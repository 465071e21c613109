/** What of the protocol can be said: every command, every item of Settings, and every declaration, each by its name in our tables. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '@muster/contract'
import { apple } from '../index.ts'
import { featureRows, featureWire, nativeTypes } from '../profiles/index.ts'
import { errandOf } from './errands.ts'
import { rawCommands } from './raw-table.ts'

/** Apple's RequestTypes, by area. */
const commands = {
  accounts:
    'AccountConfiguration UserList DeleteUser LogOutUser UnlockUserAccount SetAutoAdminPassword UserConfigured DeviceConfigured',
  apps: 'InstallApplication InstallEnterpriseApplication RemoveApplication ManagedApplicationList InstalledApplicationList ManagedApplicationAttributes ManagedApplicationConfiguration ManagedApplicationFeedback ValidateApplications ApplyRedemptionCode InviteToProgram InstallMedia ManagedMediaList RemoveMedia NSExtensionMappings ActiveNSExtensions',
  device:
    'DeviceInformation SecurityInfo CertificateList Restrictions RestartDevice ShutDownDevice EraseDevice DeviceLock ClearPasscode ClearRestrictionsPassword RequestUnlockToken RefreshCellularPlans ContentCachingInformation Settings DeclarativeManagement',
  lost: 'EnableLostMode DisableLostMode DeviceLocation PlayLostModeSound ActivationLockBypassCode ClearActivationLockBypassCode',
  macs: 'SetFirmwarePassword VerifyFirmwarePassword SetRecoveryLock VerifyRecoveryLock RotateFileVaultKey EnableRemoteDesktop DisableRemoteDesktop LOMSetupRequest LOMDeviceRequest',
  profiles:
    'InstallProfile RemoveProfile ProfileList InstallProvisioningProfile ProvisioningProfileList RemoveProvisioningProfile',
  screens: 'RequestMirroring StopMirroring',
  updates: 'ScheduleOSUpdate ScheduleOSUpdateScan AvailableOSUpdates OSUpdateStatus',
} as const
/** Of the Settings command. */
const items =
  'Wallpaper DataRoaming VoiceRoaming PersonalHotspot Bluetooth ApplicationConfiguration ApplicationAttributes DeviceName HostName OrganizationInfo MDMOptions MaximumResidentUsers SharedDeviceConfiguration DiagnosticSubmission AppAnalytics PasscodeLockGracePeriod TimeZone SoftwareUpdateSettings AccessibilitySettings'

const wires = Object.values(apple.rows({}).operations)
  .flat()
  .flatMap((row) => row.examples.map((e) => e.wire as JsonObject))
/** Sent by the plugin itself, or by policies. */
const own = [
  'InstallProfile',
  'RemoveProfile',
  'DeclarativeManagement',
  ...['configured', 'user-configured', 'profiles'].map((name) => type(errandOf(name, {}, channel()).command)),
  ...inventory(0),
]
/** One part after the other, as it queues itself. */
function inventory(step: number): string[] {
  const { command, next } = errandOf('inventory', { step }, channel())
  return [type(command), ...(next ? inventory(Number(next.payload.step)) : [])]
}
function type(wire: Json): string {
  return typeof wire === 'object' && wire !== null && !Array.isArray(wire) ? String(wire.RequestType) : ''
}
function channel() {
  return { facts: { 'os.name': 'macOS', 'os.version': '15.1' } } as unknown as Parameters<typeof errandOf>[2]
}

test('every command of the protocol can be sent, and nothing else is', () => {
  const known = new Set(Object.values(commands).join(' ').split(' '))
  assert.equal(known.size, 66)
  const sent = new Set([...wires.map(type), ...own])
  assert.deepEqual(
    [...known].filter((c) => !sent.has(c)),
    [],
  )
  assert.deepEqual(
    [...sent].filter((c) => !known.has(c)),
    [],
  )
  for (const name of Object.keys(rawCommands)) assert.ok(known.has(name), name)
})

test('every item of Settings can be set', () => {
  const set = new Set(
    wires.flatMap((w) => (Array.isArray(w.Settings) ? w.Settings.map((i) => (i as JsonObject).Item) : [])),
  )
  assert.deepEqual([...set].map(String).sort(), items.split(' ').sort())
})

test('every native declaration that is described is declared by a feature', () => {
  const systems: [JsonObject, string][] = [
    [{ 'os.name': 'iOS', 'os.version': '18.1', 'apple.supervised': true }, 'device'],
    [{ 'os.name': 'macOS', 'os.version': '15.1', 'apple.supervised': true }, 'device'],
    [{ 'os.name': 'macOS', 'os.version': '15.1', 'apple.supervised': true }, 'user:501'],
  ]
  const declared = new Set<string>()
  for (const [feature, rows] of Object.entries(featureRows))
    for (const row of rows)
      for (const e of row.examples)
        for (const [facts, name] of systems) {
          const c = { facts, name } as Parameters<typeof row.to>[1]
          for (const n of featureWire(row.to(e.in, c, {})).native ?? [])
            for (const one of n.configurations) {
              declared.add(one.type)
              for (const ref of JSON.stringify(one.payload).matchAll(/"\$asset":"([^"]+)"/g))
                assert.ok(
                  one.assets?.some((a) => a.name === ref[1]),
                  `${feature}: ${ref[1]}`,
                )
            }
        }
  assert.deepEqual([...declared].sort(), Object.keys(nativeTypes).sort())
})
