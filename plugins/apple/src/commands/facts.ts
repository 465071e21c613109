/** Facts in what devices answer, whichever command asked: in the common words, and in Apple's own where there is none. */
import { createHash } from 'node:crypto'
import type { ChannelDetail, FactDescriptor, FactType, IdentifierKind, Json, JsonObject, Text } from '@muster/contract'
import { formFactorOf, osOf } from '../mdm/index.ts'
import { available } from '../profiles/index.ts'
import { flagIn, listOf, numberIn, objectOf, textIn } from './row.ts'
import { readSystems } from './systems.ts'

/** What is taken from a dictionary as it stands: Apple's key, our fact, its title and its type. */
type Entry = readonly [key: string, fact: string, title: Text, type: FactType, unit?: string]

const device: readonly Entry[] = [
  ['DeviceName', 'device.name', '', 'string'],
  ['ModelName', 'device.model', '', 'string'],
  ['SerialNumber', 'device.serial', '', 'string'],
  ['OSVersion', 'os.version', '', 'string'],
  ['BuildVersion', 'os.build', '', 'string'],
  ['HostName', 'network.hostname', '', 'string'],
  ['ProductName', 'apple.product', { en: 'Product name', de: 'Produktname' }, 'string'],
  ['ModelNumber', 'apple.modelNumber', { en: 'Model number', de: 'Modellnummer' }, 'string'],
  [
    'SupplementalOSVersionExtra',
    'apple.osExtra',
    { en: 'Rapid security response', de: 'Schnelle Sicherheitsmaßnahme' },
    'string',
  ],
  [
    'SupplementalBuildVersion',
    'apple.buildExtra',
    { en: 'Build of the rapid security response', de: 'Build der schnellen Sicherheitsmaßnahme' },
    'string',
  ],
  ['IsSupervised', 'apple.supervised', { en: 'Supervised', de: 'Betreut' }, 'boolean'],
  ['IsMultiUser', 'apple.sharedIpad', { en: 'Shared iPad', de: 'Geteiltes iPad' }, 'boolean'],
  ['IsAppleSilicon', 'apple.silicon', { en: 'Apple silicon', de: 'Apple-Chip' }, 'boolean'],
  [
    'AwaitingConfiguration',
    'apple.awaitingConfiguration',
    { en: 'Setup assistant waits', de: 'Systemassistent wartet' },
    'boolean',
  ],
  ['IsActivationLockEnabled', 'apple.activationLock', { en: 'Activation Lock', de: 'Aktivierungssperre' }, 'boolean'],
  ['IsDeviceLocatorServiceEnabled', 'apple.findMy', { en: 'Find My', de: 'Wo ist?' }, 'boolean'],
  ['IsMDMLostModeEnabled', 'apple.lostMode', { en: 'Lost mode', de: 'Verloren-Modus' }, 'boolean'],
  ['IsCloudBackupEnabled', 'apple.cloudBackup', { en: 'iCloud backup', de: 'iCloud-Backup' }, 'boolean'],
  ['LastCloudBackupDate', 'apple.lastCloudBackup', { en: 'Last iCloud backup', de: 'Letztes iCloud-Backup' }, 'time'],
  ['IsDoNotDisturbInEffect', 'apple.doNotDisturb', { en: 'Do not disturb', de: 'Nicht stören' }, 'boolean'],
  [
    'iTunesStoreAccountIsActive',
    'apple.storeAccount',
    { en: 'Signed in to the App Store', de: 'Im App Store angemeldet' },
    'boolean',
  ],
  ['TimeZone', 'apple.timeZone', { en: 'Time zone', de: 'Zeitzone' }, 'string'],
  ['DeviceCapacity', 'apple.capacityGb', { en: 'Capacity', de: 'Kapazität' }, 'number', 'GB'],
  ['AvailableDeviceCapacity', 'apple.availableGb', { en: 'Free capacity', de: 'Freie Kapazität' }, 'number', 'GB'],
  ['ModemFirmwareVersion', 'apple.modemFirmware', { en: 'Modem firmware', de: 'Modem-Firmware' }, 'string'],
  ['CurrentCarrierNetwork', 'apple.carrier', { en: 'Current carrier', de: 'Aktueller Mobilfunkanbieter' }, 'string'],
  ['PhoneNumber', 'apple.phoneNumber', { en: 'Phone number', de: 'Telefonnummer' }, 'string'],
  ['ICCID', 'apple.iccid', { en: 'SIM card number', de: 'SIM-Kartennummer' }, 'string'],
  ['IsRoaming', 'apple.roaming', 'Roaming', 'boolean'],
  ['DataRoamingEnabled', 'apple.dataRoaming', { en: 'Data roaming on', de: 'Datenroaming an' }, 'boolean'],
  ['VoiceRoamingEnabled', 'apple.voiceRoaming', { en: 'Voice roaming on', de: 'Sprachroaming an' }, 'boolean'],
  ['PersonalHotspotEnabled', 'apple.hotspot', { en: 'Personal hotspot on', de: 'Persönlicher Hotspot an' }, 'boolean'],
  ['LocalHostName', 'apple.localHostName', { en: 'Local host name', de: 'Lokaler Hostname' }, 'string'],
  [
    'SystemIntegrityProtectionEnabled',
    'apple.integrityProtection',
    { en: 'System integrity protection', de: 'Systemintegritätsschutz' },
    'boolean',
  ],
  [
    'PINRequiredForEraseDevice',
    'apple.erasePin',
    { en: 'Erasing needs a PIN', de: 'Löschen braucht eine PIN' },
    'boolean',
  ],
  [
    'PINRequiredForDeviceLock',
    'apple.lockPin',
    { en: 'Locking needs a PIN', de: 'Sperren braucht eine PIN' },
    'boolean',
  ],
  ['SupportsLOMDevice', 'apple.lightsOut', { en: 'Lights-out management', de: 'Lights-out-Verwaltung' }, 'boolean'],
  [
    'SoftwareUpdateDeviceID',
    'apple.updateId',
    { en: 'Software update id', de: 'Kennung für Softwareupdates' },
    'string',
  ],
  [
    'DiagnosticSubmissionEnabled',
    'apple.diagnostics',
    { en: 'Sends diagnostics', de: 'Sendet Diagnosedaten' },
    'boolean',
  ],
  ['AppAnalyticsEnabled', 'apple.appAnalytics', { en: 'Sends app analytics', de: 'Sendet App-Analysen' }, 'boolean'],
  ['EACSPreflight', 'apple.erasePreflight', { en: 'Erasing is possible', de: 'Löschen ist möglich' }, 'string'],
  ['EstimatedResidentUsers', 'apple.estimatedUsers', { en: 'Estimated users', de: 'Geschätzte Benutzer' }, 'number'],
  ['QuotaSize', 'apple.userQuotaMb', { en: 'Storage of each user', de: 'Speicher je Benutzer' }, 'number', 'MB'],
]
const security: readonly Entry[] = [
  ['PasscodePresent', 'apple.passcodePresent', { en: 'Passcode set', de: 'Code gesetzt' }, 'boolean'],
  [
    'PasscodeCompliant',
    'apple.passcodeCompliant',
    { en: 'Passcode follows all rules', de: 'Code erfüllt alle Regeln' },
    'boolean',
  ],
  [
    'PasscodeCompliantWithProfiles',
    'apple.passcodeCompliantWithProfiles',
    { en: 'Passcode follows the profiles', de: 'Code erfüllt die Profile' },
    'boolean',
  ],
  [
    'PasscodeLockGracePeriodEnforced',
    'apple.lockGraceS',
    { en: 'Grace before the passcode is asked', de: 'Frist, bis der Code verlangt wird' },
    'number',
    's',
  ],
  ['FDE_Enabled', 'apple.fileVault', { en: 'FileVault on', de: 'FileVault an' }, 'boolean'],
  [
    'FDE_HasPersonalRecoveryKey',
    'apple.personalRecoveryKey',
    { en: 'Personal recovery key', de: 'Persönlicher Wiederherstellungsschlüssel' },
    'boolean',
  ],
  [
    'FDE_HasInstitutionalRecoveryKey',
    'apple.institutionalRecoveryKey',
    { en: 'Institutional recovery key', de: 'Wiederherstellungsschlüssel der Organisation' },
    'boolean',
  ],
  ['SystemIntegrityProtectionEnabled', 'apple.integrityProtection', '', 'boolean'],
  [
    'RemoteDesktopEnabled',
    'apple.remoteDesktop',
    { en: 'Remote desktop on', de: 'Entfernter Schreibtisch an' },
    'boolean',
  ],
  [
    'AuthenticatedRootVolumeEnabled',
    'apple.authenticatedRoot',
    { en: 'Authenticated root volume', de: 'Authentifiziertes Root-Volume' },
    'boolean',
  ],
  [
    'IsRecoveryLockEnabled',
    'apple.recoveryLock',
    { en: 'Recovery lock set', de: 'Wiederherstellungssperre gesetzt' },
    'boolean',
  ],
  [
    'BootstrapTokenAllowedForAuthentication',
    'apple.bootstrapToken',
    { en: 'Bootstrap token for authentication', de: 'Bootstrap-Token zur Anmeldung' },
    'string',
  ],
]
const firewall: readonly Entry[] = [
  ['FirewallEnabled', 'apple.firewall', { en: 'Firewall on', de: 'Firewall an' }, 'boolean'],
  [
    'BlockAllIncoming',
    'apple.firewallBlocksAll',
    { en: 'Firewall blocks all incoming', de: 'Firewall blockiert alles Eingehende' },
    'boolean',
  ],
  ['StealthMode', 'apple.firewallStealth', { en: 'Firewall in stealth mode', de: 'Firewall im Tarnmodus' }, 'boolean'],
]
const firmware: readonly Entry[] = [
  [
    'PasswordExists',
    'apple.firmwarePassword',
    { en: 'Firmware password set', de: 'Firmware-Passwort gesetzt' },
    'boolean',
  ],
]
const boot: readonly Entry[] = [
  ['SecureBootLevel', 'apple.secureBoot', { en: 'Secure boot', de: 'Sicheres Starten' }, 'string'],
  [
    'ExternalBootLevel',
    'apple.externalBoot',
    { en: 'Start from external media', de: 'Start von externen Medien' },
    'string',
  ],
]
const management: readonly Entry[] = [
  [
    'EnrolledViaDEP',
    'apple.automatedEnrolment',
    { en: 'Automated device enrolment', de: 'Automatische Geräteregistrierung' },
    'boolean',
  ],
  [
    'UserApprovedEnrollment',
    'apple.userApproved',
    { en: 'Management approved by the user', de: 'Verwaltung von der Person bestätigt' },
    'boolean',
  ],
  ['IsUserEnrollment', 'apple.userEnrolment', { en: 'User enrolment', de: 'Benutzerregistrierung' }, 'boolean'],
  [
    'IsActivationLockManageable',
    'apple.activationLockManageable',
    { en: 'Activation Lock can be managed', de: 'Aktivierungssperre ist verwaltbar' },
    'boolean',
  ],
]
const lists: readonly (readonly [string, string, FactType])[] = [
  ['apple.profiles', 'Profiles', 'list'],
  ['apple.certificates', 'Certificates', 'list'],
  ['apple.apps', 'Apps', 'list'],
  ['apple.managedApps', 'Managed apps', 'list'],
  ['apple.users', 'Users', 'list'],
  ['apple.updates', 'Updates on offer', 'list'],
  ['apple.updateStatus', 'Updates under way', 'list'],
]

/** Queries of DeviceInformation, and which systems answer each (in the words of `readSystems`): nothing else is asked. */
const queries: Readonly<Record<string, string>> = {
  'i4.0 m10.7 t9.0 v1.1 w10.0': 'DeviceName ModelName OSVersion BuildVersion ProductName',
  'i4.0x m10.7x t9.0 v1.1x w10.0': 'SerialNumber UDID WiFiMAC',
  'm10.11': 'HostName LocalHostName',
  'i16.4 m13.3 t16.4 v1.1 w10.0': 'ModelNumber',
  'i16.1 m13.0 t16.1 v1.1 w10.0': 'SupplementalOSVersionExtra SupplementalBuildVersion',
  'i6.0 m10.15 t9.0 v1.1 w10.0': 'IsSupervised',
  'i9.3': 'IsMultiUser',
  'm12.0': 'IsAppleSilicon',
  'i9.0x m10.11x t10.2 v2.0x w10.0': 'AwaitingConfiguration',
  'i7.0x m10.15x w10.0': 'IsActivationLockEnabled',
  'i7.0 v1.1 w10.0': 'IsDeviceLocatorServiceEnabled',
  'i9.3x w10.0': 'IsMDMLostModeEnabled',
  'i7.1x v1.1x': 'IsCloudBackupEnabled',
  'i8.0x v1.1x': 'LastCloudBackupDate',
  'i7.0x v1.1x w10.0': 'IsDoNotDisturbInEffect',
  'i7.0x m10.9x t9.0 w10.0': 'iTunesStoreAccountIsActive',
  'i14.0 t14.0 v2.0 w10.0': 'TimeZone',
  'i4.0 m10.7 v1.1 w10.0': 'DeviceCapacity AvailableDeviceCapacity',
  'i4.0x': 'ModemFirmwareVersion CurrentCarrierNetwork PhoneNumber ICCID IMEI MEID',
  'i4.2x': 'IsRoaming',
  'i5.0x': 'DataRoamingEnabled VoiceRoamingEnabled',
  'i7.0x': 'PersonalHotspotEnabled',
  'm10.12': 'SystemIntegrityProtectionEnabled',
  'm11.0x': 'PINRequiredForEraseDevice PINRequiredForDeviceLock',
  'm11.0': 'SupportsLOMDevice',
  'i15.0x m12.0x v1.1x': 'SoftwareUpdateDeviceID',
  'i9.3 v1.1 w10.0': 'DiagnosticSubmissionEnabled AppAnalyticsEnabled',
  'm13.3x': 'EACSPreflight',
  'i14.0!x': 'EstimatedResidentUsers',
  'i13.4!x': 'QuotaSize',
  'i5.0 m13.3 v1.1 w10.0': 'BatteryLevel',
  'i4.0x m10.7x t9.0 v1.1x': 'BluetoothMAC',
  'm10.7x': 'EthernetMAC',
  'i12.0x': 'ServiceSubscriptions',
}
const queried = Object.entries(queries).map(([on, names]) => ({ on: readSystems(on), names: names.split(' ') }))

/** All that is read here and that this device answers. */
export const deviceQueries = (c: Pick<ChannelDetail, 'facts'>): readonly string[] =>
  queried.flatMap((q) => (available(q.on, c) === true ? q.names : []))

const searched = new Set([
  'apple.product',
  'apple.supervised',
  'apple.passcodePresent',
  'apple.fileVault',
  'apple.firewall',
])
/** The words of these facts that are Apple's own. */
export const inventoryFacts: readonly FactDescriptor[] = [
  ...[...device, ...security, ...firewall, ...firmware, ...boot, ...management]
    .filter(([, , title]) => title !== '')
    .map(([, id, title, type, unit]) => ({
      id,
      title,
      type,
      ...(unit && { unit }),
      ...((searched.has(id) || type === 'boolean') && { queryable: true as const }),
    })),
  ...lists.map(([id, title, type]) => ({ id, title, type })),
]

/** Of any answer; undefined when it carries none. */
export function readFacts(reply: JsonObject): JsonObject | undefined {
  const found: JsonObject = {}
  const told = objectOf(reply.QueryResponses)
  if (told) readDevice(told, found)
  const secure = objectOf(reply.SecurityInfo)
  if (secure) readSecurity(secure, found)
  if (Array.isArray(reply.ProfileList)) found['apple.profiles'] = profilesOf(reply.ProfileList)
  if (Array.isArray(reply.CertificateList)) found['apple.certificates'] = certificatesOf(reply.CertificateList)
  if (Array.isArray(reply.InstalledApplicationList)) found['apple.apps'] = appsOf(reply.InstalledApplicationList)
  const managed = objectOf(reply.ManagedApplicationList)
  if (managed) found['apple.managedApps'] = managedOf(managed)
  if (Array.isArray(reply.Users)) found['apple.users'] = usersOf(reply.Users)
  if (Array.isArray(reply.AvailableOSUpdates)) found['apple.updates'] = updatesOf(reply.AvailableOSUpdates)
  if (Array.isArray(reply.OSUpdateStatus)) found['apple.updateStatus'] = statusOf(reply.OSUpdateStatus)
  return Object.keys(found).length > 0 ? found : undefined
}

/** A value of another type than the fact's is not taken. */
function take(entries: readonly Entry[], from: JsonObject, into: JsonObject): void {
  for (const [key, fact, , type] of entries) {
    const value =
      type === 'boolean' ? flagIn(from, key) : type === 'number' ? numberIn(from, key) : textIn(from, key, 200)
    if (value !== undefined) into[fact] = value
  }
}

function readDevice(told: JsonObject, into: JsonObject): void {
  take(device, told, into)
  const product = textIn(told, 'ProductName')
  if (product) {
    into['os.name'] = osOf(product)
    into['device.formFactor'] = formFactorOf(product)
  }
  const battery = numberIn(told, 'BatteryLevel')
  if (battery !== undefined && battery >= 0 && battery <= 1) into['power.batteryPercent'] = Math.round(battery * 100)
  const interfaces = [
    ['Wi-Fi', 'WiFiMAC'],
    ['Bluetooth', 'BluetoothMAC'],
    ['Ethernet', 'EthernetMAC'],
  ].flatMap(([name = '', key = '']) => {
    const mac = textIn(told, key, 17)
    return mac ? [{ name, mac: mac.toLowerCase() }] : []
  })
  if (interfaces.length > 0) into['network.interfaces'] = interfaces
  const identifiers = identifiersOf(told)
  if (identifiers.length > 0) into['device.identifiers'] = identifiers
}

const identifierKeys: readonly (readonly [string, IdentifierKind])[] = [
  ['SerialNumber', 'serial'],
  ['UDID', 'udid'],
  ['IMEI', 'imei'],
  ['MEID', 'meid'],
  ['ICCID', 'iccid'],
  ['PhoneNumber', 'phone'],
]
/** Also of each SIM card. */
function identifiersOf(told: JsonObject): { kind: IdentifierKind; value: string }[] {
  const found = [told, ...listOf(told.ServiceSubscriptions).slice(0, 4)].flatMap((from) =>
    identifierKeys.flatMap(([key, kind]) => {
      const value = textIn(from, key, 100)?.replaceAll(' ', '')
      return value ? [{ kind, value }] : []
    }),
  )
  return [...new Map(found.map((f) => [`${f.kind} ${f.value}`, f])).values()]
}

function readSecurity(told: JsonObject, into: JsonObject): void {
  take(security, told, into)
  take(firewall, objectOf(told.FirewallSettings) ?? {}, into)
  take(firmware, objectOf(told.FirmwarePasswordStatus) ?? {}, into)
  take(boot, objectOf(told.SecureBoot) ?? {}, into)
  take(management, objectOf(told.ManagementStatus) ?? {}, into)
  const volume = flagIn(told, 'FDE_Enabled')
  // Phones and tablets encrypt with the passcode: 3 is by file and by block.
  if (volume !== undefined) into['security.encrypted'] = volume
  else if (numberIn(told, 'HardwareEncryptionCaps') !== undefined)
    into['security.encrypted'] = told.HardwareEncryptionCaps === 3 && told.PasscodePresent === true
}

const bounds = { profiles: 500, certificates: 1000, apps: 3000, users: 500, updates: 100 } as const

function profilesOf(list: Json): Json {
  return listOf(list)
    .slice(0, bounds.profiles)
    .flatMap((p) => {
      const identifier = textIn(p, 'PayloadIdentifier')
      const uuid = textIn(p, 'PayloadUUID', 64)
      if (!identifier || !uuid) return []
      const types = listOf(p.PayloadContent).flatMap((c) => textIn(c, 'PayloadType', 100) ?? [])
      return [
        {
          identifier,
          uuid,
          name: textIn(p, 'PayloadDisplayName', 200) ?? '',
          managed: flagIn(p, 'IsManaged') ?? null,
          organisation: textIn(p, 'PayloadOrganization', 200) ?? null,
          types: [...new Set(types)].slice(0, 50),
        },
      ]
    })
}

function certificatesOf(list: Json): Json {
  return listOf(list)
    .slice(0, bounds.certificates)
    .map((c) => ({
      name: textIn(c, 'CommonName', 200) ?? '',
      identity: flagIn(c, 'IsIdentity') ?? false,
      sha256: createHash('sha256')
        .update(Buffer.from(typeof c.Data === 'string' ? c.Data : '', 'base64'))
        .digest('hex'),
    }))
}

function appsOf(list: Json): Json {
  return listOf(list)
    .slice(0, bounds.apps)
    .map((a) => ({
      id: textIn(a, 'Identifier', 200) ?? '',
      name: textIn(a, 'Name', 200) ?? '',
      version: textIn(a, 'ShortVersion', 100) ?? textIn(a, 'Version', 100) ?? '',
      bytes: numberIn(a, 'BundleSize') ?? null,
      installing: flagIn(a, 'Installing') ?? false,
      store: flagIn(a, 'AppStoreVendable') ?? null,
    }))
}

function managedOf(apps: JsonObject): Json {
  return Object.entries(apps)
    .slice(0, bounds.apps)
    .flatMap(([id, value]) => {
      const app = objectOf(value)
      return app
        ? [
            {
              id: id.slice(0, 200),
              status: textIn(app, 'Status', 100) ?? '',
              hasConfiguration: flagIn(app, 'HasConfiguration') ?? false,
            },
          ]
        : []
    })
}

function usersOf(list: Json): Json {
  return listOf(list)
    .slice(0, bounds.users)
    .map((u) => ({
      name: textIn(u, 'UserName', 200) ?? '',
      fullName: textIn(u, 'FullName', 200) ?? '',
      id: textIn(u, 'UserGUID', 64) ?? null,
      signedIn: flagIn(u, 'IsLoggedIn') ?? false,
      usedMb: numberIn(u, 'DataUsed') ?? null,
      secureToken: flagIn(u, 'HasSecureToken') ?? null,
    }))
}

function updatesOf(list: Json): Json {
  return listOf(list)
    .slice(0, bounds.updates)
    .map((u) => ({
      key: textIn(u, 'ProductKey', 200) ?? '',
      name: textIn(u, 'HumanReadableName', 200) ?? textIn(u, 'ProductName', 200) ?? '',
      version: textIn(u, 'Version', 100) ?? '',
      build: textIn(u, 'Build', 100) ?? '',
      bytes: numberIn(u, 'DownloadSize') ?? null,
      critical: flagIn(u, 'IsCritical') ?? false,
      restart: flagIn(u, 'RestartRequired') ?? false,
    }))
}

function statusOf(list: Json): Json {
  return listOf(list)
    .slice(0, bounds.updates)
    .map((u) => ({
      key: textIn(u, 'ProductKey', 200) ?? '',
      status: textIn(u, 'Status', 100) ?? '',
      downloaded: flagIn(u, 'IsDownloaded') ?? false,
      percent: Math.round((numberIn(u, 'DownloadPercentComplete') ?? 0) * 100),
    }))
}
