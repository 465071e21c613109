/** What a device answers when it is asked of itself. */
import { X509Certificate } from 'node:crypto'
import type { Json, JsonObject } from '@muster/contract'
import { derOf } from '../../pki/index.ts'
import { type Machine, rights, type SimulatedCommand, wrong } from './command.ts'
import type { InstalledProfile } from './disk.ts'
import { data, date, real } from './plist.ts'

const mobile = ['iphone', 'ipad'] as const

/** All that DeviceInformation could be asked for on this device, by query. */
function information({ model, disk, now }: Machine): JsonObject {
  const { family } = model
  const { world } = disk
  const free = model.capacity * (0.6 - ((disk.changes * 11) % 40) / 100)
  const all: JsonObject = {
    UDID: model.udid,
    DeviceName: world.name,
    OSVersion: world.osVersion,
    BuildVersion: model.build,
    ModelName: model.name,
    Model: model.model,
    ModelNumber: `${model.model}LL/A`,
    ProductName: model.product,
    SerialNumber: model.serial,
    DeviceCapacity: real(model.capacity),
    AvailableDeviceCapacity: real(Math.round(free * 100) / 100),
    IsSupervised: model.supervised,
    IsActivationLockEnabled: false,
    IsDeviceLocatorServiceEnabled: false,
    AwaitingConfiguration: !disk.configured,
    WiFiMAC: model.wifiMac,
    BluetoothMAC: model.bluetoothMac,
    PushToken: data(Buffer.from(disk.tokens.device, 'hex')),
    TimeZone: String(world.settings.TimeZone ?? 'Europe/Berlin'),
  }
  if (family !== 'tv')
    Object.assign(all, {
      BatteryLevel: real((100 - ((disk.changes * 3) % 90)) / 100),
      HasBattery: model.product.startsWith('MacBook') || family !== 'mac',
    })
  if (family === 'mac')
    Object.assign(all, {
      HostName: String(world.settings.HostName ?? `${model.user?.short}-mac.local`),
      LocalHostName: `${model.user?.short}-mac`,
      IsAppleSilicon: true,
      SystemIntegrityProtectionEnabled: true,
      EthernetMAC: model.wifiMac,
      PINRequiredForEraseDevice: false,
      SupportsiOSAppInstalls: true,
      ActiveManagedUsers: model.user ? [model.user.id] : [],
      SoftwareUpdateDeviceID: 'J314sAP',
    })
  if (family === 'iphone')
    Object.assign(all, {
      IMEI: model.imei ?? '',
      CellularTechnology: 3,
      ModemFirmwareVersion: '3.20.05',
      CurrentCarrierNetwork: 'Example Mobile',
      DataRoamingEnabled: world.settings.DataRoaming === true,
      PersonalHotspotEnabled: world.settings.PersonalHotspot === true,
      IsRoaming: disk.changes % 5 === 4,
      ServiceSubscriptions: [
        { IMEI: model.imei ?? '', Slot: 'CTSubscriptionSlotOne', PhoneNumber: '+15551230000', IsDataPreferred: true },
      ],
    })
  if (family === 'iphone' || family === 'ipad')
    Object.assign(all, {
      IsMDMLostModeEnabled: world.lost !== undefined,
      IsCloudBackupEnabled: true,
      LastCloudBackupDate: date(now - 86_400_000),
      iTunesStoreAccountIsActive: true,
      IsMultiUser: disk.automated?.people !== undefined,
    })
  if (disk.enrolment?.mode === 'BYOD') for (const name of hardware) delete all[name]
  return all
}
/** What tells one device from another, which a user enrolment never says. */
const hardware = [
  'UDID',
  'SerialNumber',
  'IMEI',
  'ServiceSubscriptions',
  'WiFiMAC',
  'BluetoothMAC',
  'EthernetMAC',
  'DeviceName',
]

const deviceInformation: SimulatedCommand = {
  query: true,
  act({ Queries }, m) {
    const all = information(m)
    const asked = Array.isArray(Queries) ? Queries : Object.keys(all)
    const told = asked.flatMap((q) => (typeof q === 'string' && all[q] !== undefined ? [[q, all[q]] as const] : []))
    return { QueryResponses: Object.fromEntries(told) }
  },
}

const securityInfo: SimulatedCommand = {
  query: true,
  right: rights.security,
  act(_, { model, disk }) {
    const { passcode } = disk.world
    const wanted = passwordPolicies(disk.profiles).length > 0
    const told: JsonObject = {
      PasscodePresent: passcode,
      ManagementStatus: {
        EnrolledViaDEP: disk.automated !== undefined || model.awaits,
        UserApprovedEnrollment: true,
        IsUserEnrollment: false,
        IsActivationLockManageable: model.supervised,
      },
    }
    if (model.family === 'mac') {
      const fileVault = disk.profiles.some((p) => p.payloads.some((x) => x.PayloadType === 'com.apple.MCX.FileVault2'))
      Object.assign(told, {
        FDE_Enabled: fileVault || disk.no % 2 === 0,
        FDE_HasPersonalRecoveryKey: fileVault,
        FDE_HasInstitutionalRecoveryKey: false,
        SystemIntegrityProtectionEnabled: true,
        FirewallSettings: {
          FirewallEnabled: firewallOn(disk.profiles),
          BlockAllIncoming: false,
          StealthMode: false,
          Applications: [],
        },
        IsRecoveryLockEnabled: disk.world.recoveryLock !== undefined,
        SecureBoot: { SecureBootLevel: 'full', ExternalBootLevel: 'disallowed' },
        RemoteDesktopEnabled: false,
        AuthenticatedRootVolumeEnabled: true,
      })
    } else
      Object.assign(told, {
        HardwareEncryptionCaps: 3,
        PasscodeCompliant: passcode || !wanted,
        PasscodeCompliantWithProfiles: passcode || !wanted,
        PasscodeLockGracePeriod: 0,
        PasscodeLockGracePeriodEnforced: 0,
      })
    return { SecurityInfo: told }
  },
}
const ofType = (profiles: readonly InstalledProfile[], type: string) =>
  profiles.flatMap((p) => p.payloads.filter((x) => x.PayloadType === type))
const passwordPolicies = (profiles: readonly InstalledProfile[]) =>
  ofType(profiles, 'com.apple.mobiledevice.passwordpolicy')
const firewallOn = (profiles: readonly InstalledProfile[]) =>
  ofType(profiles, 'com.apple.security.firewall').some((x) => x.EnableFirewall === true)

const listed = [
  'PayloadType',
  'PayloadVersion',
  'PayloadIdentifier',
  'PayloadUUID',
  'PayloadDisplayName',
  'PayloadOrganization',
] as const
const profileList: SimulatedCommand = {
  query: true,
  right: 1,
  act({ ManagedOnly }, { disk, party }) {
    const told = disk.profiles
      .filter((p) => p.party === party)
      .map((p) => ({
        PayloadIdentifier: p.identifier,
        PayloadUUID: p.uuid,
        PayloadVersion: 1,
        PayloadDisplayName: p.name,
        ...(p.organisation !== undefined && { PayloadOrganization: p.organisation }),
        PayloadRemovalDisallowed: !p.removable,
        HasRemovalPasscode: false,
        IsEncrypted: false,
        IsManaged: true,
        ...(p.signer !== undefined && { SignerCertificates: [{ $data: p.signer }] }),
        PayloadContent: p.payloads.map((x) =>
          Object.fromEntries(listed.flatMap((k) => (x[k] === undefined ? [] : [[k, x[k]]]))),
        ),
      }))
    const foreign = {
      PayloadIdentifier: 'com.example.by-hand',
      PayloadUUID: '5A7E5F1C-0000-4000-8000-00000000BEEF',
      PayloadVersion: 1,
      PayloadDisplayName: 'By hand',
      PayloadRemovalDisallowed: false,
      HasRemovalPasscode: false,
      IsEncrypted: false,
      IsManaged: false,
      PayloadContent: [],
    }
    return {
      ProfileList: [...told, ...(ManagedOnly === true || disk.no % 3 !== 0 ? [] : [foreign])] as unknown as Json,
    }
  },
}

const installedApps: SimulatedCommand = {
  query: true,
  right: 256,
  act({ Identifiers, ManagedAppsOnly }, { disk }) {
    const only = Array.isArray(Identifiers) && Identifiers.length > 0 ? new Set(Identifiers) : undefined
    const told = disk.apps.filter((a) => (!only || only.has(a.identifier)) && (ManagedAppsOnly !== true || a.managed))
    return {
      InstalledApplicationList: told.map((a) => ({
        Identifier: a.identifier,
        Name: a.name,
        Version: a.version,
        ShortVersion: a.version,
        BundleSize: a.bytes,
        DynamicSize: Math.floor(a.bytes / 10),
        IsValidated: true,
        Installing: false,
        AppStoreVendable: true,
        DeviceBasedVPP: a.managed,
        BetaApp: false,
        AdHocCodeSigned: false,
        HasUpdateAvailable: false,
      })),
    }
  },
}
const managedApps: SimulatedCommand = {
  query: true,
  right: rights.apps,
  act({ Identifiers }, { disk }) {
    const only = Array.isArray(Identifiers) && Identifiers.length > 0 ? new Set(Identifiers) : undefined
    const told = disk.apps.filter((a) => a.managed && (!only || only.has(a.identifier)))
    const one = (a: (typeof told)[number]) => ({
      Status: 'Managed',
      ManagementFlags: 1,
      HasConfiguration: a.configuration !== undefined,
      HasFeedback: false,
      IsValidated: true,
    })
    return { ManagedApplicationList: Object.fromEntries(told.map((a) => [a.identifier, one(a)])) }
  },
}

const certificateList: SimulatedCommand = {
  query: true,
  act(_, { disk }) {
    const own = disk.certificate === undefined ? [] : [derOf(disk.certificate)]
    const brought = disk.profiles
      .flatMap((p) => p.payloads)
      .filter((x) => x.PayloadType === 'com.apple.security.root' || x.PayloadType === 'com.apple.security.pkcs1')
      .flatMap(({ PayloadContent: c }) =>
        typeof c === 'object' && c !== null && '$data' in c ? [Buffer.from(String(c.$data), 'base64')] : [],
      )
    const one = (der: Buffer, identity: boolean) => ({
      CommonName: /CN=([^\n]*)/.exec(new X509Certificate(der).subject)?.[1] ?? '',
      IsIdentity: identity,
      Data: data(der),
    })
    return { CertificateList: [...own.map((der) => one(der, true)), ...brought.map((der) => one(der, false))] }
  },
}

/** iPads know it only when several people share them. */
const userList: SimulatedCommand = {
  query: true,
  on: ['ipad', 'mac'],
  refusal: (_, { model, disk }) =>
    model.family === 'ipad' && !disk.automated?.people
      ? wrong('MCMDMErrorDomain', 12021, 'UserList is not a valid request type.')
      : undefined,
  act: (_, { model, disk }) => ({
    Users: disk.automated?.people
      ? disk.automated.people.map((name, i, all) => ({
          UserName: name,
          FullName: name,
          HasDataToSync: false,
          DataQuota: 1_000_000_000,
          DataUsed: 1_000_000,
          IsLoggedIn: i === all.length - 1,
        }))
      : model.user
        ? [
            {
              UserName: model.user.short,
              FullName: model.user.long,
              UID: 501,
              UserGUID: model.user.id,
              IsLoggedIn: true,
              HasSecureToken: true,
              MobileAccount: false,
            },
          ]
        : [],
  }),
}

const nextVersion = (m: Machine) => `${m.model.os}.1`
const availableUpdates: SimulatedCommand = {
  query: true,
  act: (_, m) => ({
    AvailableOSUpdates:
      m.disk.world.osVersion === nextVersion(m)
        ? []
        : [
            {
              ProductKey: `${m.model.os.replaceAll('.', '-')}-u1`,
              HumanReadableName: `Update ${nextVersion(m)}`,
              ProductName: 'Update',
              Version: nextVersion(m),
              Build: `${m.model.build}a`,
              DownloadSize: 2_000_000_000,
              InstallSize: 3_000_000_000,
              RestartRequired: true,
              IsCritical: false,
              AllowsInstallLater: true,
            },
          ],
  }),
}
const updateStatus: SimulatedCommand = {
  query: true,
  act: (_, { disk: { world } }) => ({
    OSUpdateStatus:
      world.updating === undefined
        ? []
        : [{ ProductKey: world.updating, IsDownloaded: true, DownloadPercentComplete: 1, Status: 'Idle' }],
  }),
}

export const queries: Readonly<Record<string, SimulatedCommand>> = {
  DeviceInformation: deviceInformation,
  SecurityInfo: securityInfo,
  ProfileList: profileList,
  InstalledApplicationList: installedApps,
  ManagedApplicationList: managedApps,
  CertificateList: certificateList,
  UserList: userList,
  AvailableOSUpdates: availableUpdates,
  OSUpdateStatus: updateStatus,
  ProvisioningProfileList: { query: true, on: mobile, act: () => ({ ProvisioningProfileList: [] }) },
  Restrictions: {
    query: true,
    on: mobile,
    act: () => ({ GlobalRestrictions: { restrictedBool: {}, restrictedValue: {} } }),
  },
  ManagedMediaList: { query: true, on: mobile, act: () => ({ Books: [] }) },
  ManagedApplicationFeedback: { query: true, act: () => ({ ManagedApplicationFeedback: [] }) },
  ManagedApplicationConfiguration: {
    query: true,
    act: (_, { disk }) => ({
      ApplicationConfigurations: disk.apps
        .filter((a) => a.configuration !== undefined)
        .map((a) => ({ Identifier: a.identifier, Configuration: a.configuration ?? {} })),
    }),
  },
  ManagedApplicationAttributes: { query: true, act: () => ({ ApplicationAttributes: [] }) },
  NSExtensionMappings: { query: true, on: ['mac'], act: () => ({ Extensions: [] }) },
  ActiveNSExtensions: { query: true, on: ['mac'], act: () => ({ Extensions: [] }) },
  ContentCachingInformation: {
    query: true,
    on: ['mac'],
    act: () => ({ StatusResponse: { Activated: false, Active: false } }),
  },
}
