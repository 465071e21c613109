/** Camera, Defender, attack surface, SmartScreen and the security app: what protects a device from what comes in. */
import { feature, type JsonObject } from '@muster/contract'
import { choice, line } from '@muster/kit/words'
import { z } from 'zod'
import { notHome } from './availability.ts'
import { policy } from './node.ts'
import { nodeFeature } from './row.ts'
import { type Table, tableFeature } from './table.ts'
import { anySet, many, noVariables, noVariablesHere, setOne } from './words.ts'

export const camera = nodeFeature(
  feature({
    id: 'windows.camera',
    title: { en: 'Camera', de: 'Kamera' },
    summary: { en: 'Whether the camera may be used.', de: 'Ob die Kamera benutzt werden darf.' },
    settings: () => z.strictObject({ allowed: z.boolean().default(false).meta({ title: 'The camera may be used' }) }),
    merge: { rule: 'priority' },
    examples: [{ allowed: false }],
  }),
  { to: {}, nodes: (s) => [policy('Camera', 'AllowCamera', s.allowed)] },
)

const paths = { lines: '|' } as const
const act = { clean: 1, quarantine: 2, remove: 3, allow: 6, 'user-decides': 8, block: 10 } as const
const modes = { off: 0, block: 1, audit: 2 } as const

const defenderTable: Table = {
  'Defender/AllowArchiveScanning': ['Look into archives', 'yes'],
  'Defender/AllowBehaviorMonitoring': ['Watch what programs do', 'yes'],
  'Defender/AllowCloudProtection': ['Ask Microsoft’s cloud', 'yes'],
  'Defender/AllowEmailScanning': ['Look into e-mail', 'yes'],
  'Defender/AllowFullScanOnMappedNetworkDrives': ['Full scans of network drives', 'yes'],
  'Defender/AllowFullScanRemovableDriveScanning': ['Full scans of removable drives', 'yes'],
  'Defender/AllowIOAVProtection': ['Look at downloads', 'yes'],
  'Defender/AllowOnAccessProtection': ['Look at what is opened', 'yes'],
  'Defender/AllowRealtimeMonitoring': ['Protection in real time', 'yes'],
  'Defender/AllowScanningNetworkFiles': ['Look at files of the network', 'yes'],
  'Defender/AllowScriptScanning': ['Look at scripts', 'yes'],
  'Defender/AllowUserUIAccess': ['Users see the security app', 'yes'],
  'Defender/AvgCPULoadFactor': ['Share of the processor for scans, %', [0, 100]],
  'Defender/CheckForSignaturesBeforeRunningScan': ['Look for signatures before a scan', 'yes', 17_763],
  'Defender/CloudBlockLevel': [
    'Blocks on the cloud’s word',
    { default: 0, high: 2, 'high-plus': 4, 'zero-tolerance': 6 },
    16_299,
  ],
  'Defender/CloudExtendedTimeout': ['Seconds to wait for the cloud longer', [0, 50], 16_299],
  'Defender/ControlledFolderAccessAllowedApplications': ['Programs that may write to protected folders', paths, 16_299],
  'Defender/ControlledFolderAccessProtectedFolders': ['Protected folders beside Windows’s own', paths, 16_299],
  'Defender/DaysToRetainCleanedMalware': ['Days in quarantine (0: for ever)', [0, 90]],
  'Defender/DisableCatchupFullScan': ['Missed full scans are not made up for', 'yes', 17_763],
  'Defender/DisableCatchupQuickScan': ['Missed quick scans are not made up for', 'yes', 17_763],
  'Defender/EnableControlledFolderAccess': [
    'Controlled folder access',
    { off: 0, block: 1, audit: 2, 'block-disk': 3, 'audit-disk': 4 },
    16_299,
  ],
  'Defender/EnableLowCPUPriority': ['Scans have low priority', 'yes', 17_763],
  'Defender/EnableNetworkProtection': ['Network protection', modes, 16_299],
  'Defender/ExcludedExtensions': ['Extensions left out', paths],
  'Defender/ExcludedPaths': ['Paths left out', paths],
  'Defender/ExcludedProcesses': ['Programs left out', paths],
  'Defender/PUAProtection': ['Unwanted applications', modes, 14_393],
  'Defender/RealTimeScanDirection': ['Real time looks at', { both: 0, incoming: 1, outgoing: 2 }],
  'Defender/ScanParameter': ['Scheduled scan', { quick: 1, full: 2 }],
  'Defender/ScheduleQuickScanTime': ['Daily quick scan, minutes after midnight', [0, 1380]],
  'Defender/ScheduleScanDay': [
    'Day of the scan',
    { daily: 0, sunday: 1, monday: 2, tuesday: 3, wednesday: 4, thursday: 5, friday: 6, saturday: 7, never: 8 },
  ],
  'Defender/ScheduleScanTime': ['Time of the scan, minutes after midnight', [0, 1380]],
  'Defender/SignatureUpdateFallbackOrder': ['Sources of signatures in their order', paths, 17_763],
  'Defender/SignatureUpdateFileSharesSources': ['Shares with signatures', paths, 17_763],
  'Defender/SignatureUpdateInterval': ['Hours between two looks for signatures', [0, 24]],
  'Defender/SubmitSamplesConsent': ['Samples to Microsoft', { ask: 0, safe: 1, never: 2, all: 3 }],
}
export const defender = tableFeature(
  {
    id: 'windows.defender',
    title: { en: 'Microsoft Defender Antivirus', de: 'Microsoft Defender Antivirus' },
    summary: {
      en: 'Protection, scans, exclusions and signatures. Tamper protection is Microsoft’s own and cannot be set from here.',
      de: 'Schutz, Prüfungen, Ausnahmen und Signaturen. Der Manipulationsschutz gehört Microsoft und lässt sich hier nicht setzen.',
    },
    examples: [
      {
        AllowRealtimeMonitoring: true,
        CloudBlockLevel: 'high',
        ScheduleScanDay: 'sunday',
        ScheduleScanTime: 120,
        ExcludedPaths: ['C:\\Build', 'D:\\Build'],
        PUAProtection: 'block',
      },
    ],
  },
  defenderTable,
)

const threats = ['low', 'moderate', 'high', 'severe'] as const
const threatNumbers = [1, 2, 4, 5] as const
const threat = (title: string) => choice(title, ['clean', 'quarantine', 'remove', 'allow', 'user-decides', 'block'])
const threatShape = { low: threat('Low'), moderate: threat('Moderate'), high: threat('High'), severe: threat('Severe') }
export const defenderThreats = nodeFeature(
  feature({
    id: 'windows.defenderThreats',
    title: { en: 'Defender: what is done about threats', de: 'Defender: was gegen Bedrohungen getan wird' },
    summary: { en: 'By how severe they are.', de: 'Je nachdem, wie schwer sie sind.' },
    settings: () => z.strictObject(threatShape).refine(anySet, setOne),
    merge: { rule: 'priority' },
    examples: [{ high: 'quarantine', severe: 'remove' }],
  }),
  {
    to: notHome,
    nodes: (s) => {
      const text = threats.flatMap((name, i) => {
        const word = s[name]
        return word === undefined ? [] : [`${threatNumbers[i]}=${act[word]}`]
      })
      return [policy('Defender', 'ThreatSeverityDefaultAction', text.join('|'))]
    },
  },
)

/** Attack surface reduction rules by what they do (Microsoft’s list of rule identifiers). */
const rules = {
  'vulnerable-drivers': ['56a863a9-875e-4185-98a7-b882c64b5ce5', 'Abuse of vulnerable signed drivers'],
  'adobe-reader-children': ['7674ba52-37eb-4a4f-a9a1-f0f9a1619a2c', 'Adobe Reader starts programs'],
  'office-children': ['d4f940ab-401b-4efc-aadc-ad5f3c50688a', 'Office starts programs'],
  'credential-stealing': ['9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2', 'Stealing credentials from LSASS'],
  'email-executables': ['be9ba2d9-53ea-4cdc-84e5-9b1eeee46550', 'Programs from e-mail'],
  'rare-executables': ['01443614-cd74-433a-b99e-2ecdc07bfc25', 'Programs that are rare, new or not trusted'],
  'obfuscated-scripts': ['5beb7efe-fd9a-4556-801d-275e5ffc04cc', 'Obfuscated scripts'],
  'script-downloads': ['d3e037e1-3eb8-44c8-a917-57927947596d', 'Scripts start what they downloaded'],
  'office-executables': ['3b576869-a4ec-4529-8536-b80a7769e899', 'Office makes programs'],
  'office-injection': ['75668c1f-73b5-4cf0-bb93-3ecf5cb7cc84', 'Office puts code into others'],
  'outlook-children': ['26190899-1602-49e8-8b27-eb1d0a1ce869', 'Outlook starts programs'],
  'wmi-persistence': ['e6db77e5-3df2-4cf1-b95a-636979351e5b', 'Persistence by WMI'],
  'psexec-wmi': ['d1e49aac-8f56-4280-b9ba-993a6d77406c', 'Programs started by PSExec or WMI'],
  'safe-mode-reboot': ['33ddedf1-c6e0-47cb-833e-de6133960387', 'Restart in safe mode'],
  'usb-processes': ['b2b3f03d-6a65-4f7b-a9c7-1c7ef74a9ba4', 'Programs from USB that are not signed'],
  'copied-system-tools': ['c0033c00-d16d-4114-a5a0-dc9b3a7d2ceb', 'Copied system tools'],
  'web-shells': ['a8f5898e-1dc8-49a9-9878-85004b8a61e6', 'Web shells on servers'],
  'office-macro-api': ['92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b', 'Macros call the system'],
  ransomware: ['c1db55ab-c21a-4637-bb3f-a12568109d35', 'Advanced protection against ransomware'],
} as const
const ruleModes = { off: 0, block: 1, audit: 2, warn: 6 } as const
const ruleShape = Object.fromEntries(
  Object.entries(rules).map(([name, [, title]]) => [name, choice(title, ['off', 'block', 'audit', 'warn'])]),
)
export const attackSurface = nodeFeature(
  feature({
    id: 'windows.attackSurface',
    title: { en: 'Attack surface reduction', de: 'Verringerung der Angriffsfläche' },
    summary: {
      en: 'Rules against what attackers do first, and what is left out of them.',
      de: 'Regeln gegen die ersten Schritte von Angreifern, und was davon ausgenommen ist.',
    },
    settings: () =>
      z.strictObject({
        rules: z
          .strictObject(
            ruleShape as Record<keyof typeof rules, ReturnType<typeof choice<['off', 'block', 'audit', 'warn']>>>,
          )
          .refine(anySet, setOne)
          .meta({ title: 'Rules' }),
        exclusions: many(
          'Left out: files and folders',
          line('Path', undefined, 500).refine((t) => !t.includes('|'), 'has a | in it'),
          200,
        ),
      }),
    merge: { rule: 'priority' },
    examples: [{ rules: { 'office-children': 'block', 'credential-stealing': 'audit' }, exclusions: ['C:\\Tools'] }],
  }),
  {
    to: { ...notHome, build: 16_299 },
    nodes: (s) => {
      const set = Object.entries(rules).flatMap(([name, [id]]) => {
        const mode = s.rules[name as keyof typeof rules]
        return mode === undefined ? [] : [`${id}=${ruleModes[mode]}`]
      })
      return [
        policy('Defender', 'AttackSurfaceReductionRules', set.join('|')),
        ...(s.exclusions ? [policy('Defender', 'AttackSurfaceReductionOnlyExclusions', s.exclusions.join('|'))] : []),
      ]
    },
  },
)

export const smartScreen = tableFeature(
  {
    id: 'windows.smartScreen',
    title: { en: 'SmartScreen', de: 'SmartScreen' },
    summary: {
      en: 'Warnings about apps and files from the network.',
      de: 'Warnungen vor Apps und Dateien aus dem Netz.',
    },
    examples: [{ EnableSmartScreenInShell: true, PreventOverrideForFilesInShell: true }],
  },
  {
    'SmartScreen/EnableAppInstallControl': [
      'Apps',
      { anywhere: 0, store: 1, recommended: 2, 'prefer-store': 3 },
      15_063,
    ],
    'SmartScreen/EnableSmartScreenInShell': ['SmartScreen', 'yes', 15_063],
    'SmartScreen/PreventOverrideForFilesInShell': ['Its warnings cannot be passed over', 'yes', 15_063],
  },
)

export const securityApp = tableFeature(
  {
    id: 'windows.securityApp',
    title: { en: 'Windows Security app', de: 'App „Windows-Sicherheit“' },
    summary: {
      en: 'What the security app shows, and whom users turn to.',
      de: 'Was die Sicherheits-App zeigt und an wen sich Benutzer wenden.',
    },
    examples: [{ CompanyName: 'Example', Email: 'help@example.com', EnableInAppCustomization: true }],
  },
  {
    'WindowsDefenderSecurityCenter/CompanyName': ['Organisation', 'text', 16_299],
    'WindowsDefenderSecurityCenter/Email': ['E-mail address of support', 'text', 16_299],
    'WindowsDefenderSecurityCenter/Phone': ['Telephone of support', 'text', 16_299],
    'WindowsDefenderSecurityCenter/URL': ['Page of support', 'text', 16_299],
    'WindowsDefenderSecurityCenter/EnableCustomizedToasts': ['Show these in notifications', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/EnableInAppCustomization': ['Show these in the app', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisableAccountProtectionUI': ['Hide account protection', 'yes', 17_134],
    'WindowsDefenderSecurityCenter/DisableAppBrowserUI': ['Hide app and browser control', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisableClearTpmButton': ['No clearing of the TPM', 'yes', 17_763],
    'WindowsDefenderSecurityCenter/DisableDeviceSecurityUI': ['Hide device security', 'yes', 17_134],
    'WindowsDefenderSecurityCenter/DisableEnhancedNotifications': [
      'Only notifications that are critical',
      'yes',
      16_299,
    ],
    'WindowsDefenderSecurityCenter/DisableFamilyUI': ['Hide family options', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisableHealthUI': ['Hide health', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisableNetworkUI': ['Hide firewall and network', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisableNotifications': ['No notifications', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisableVirusUI': ['Hide virus protection', 'yes', 16_299],
    'WindowsDefenderSecurityCenter/DisallowExploitProtectionOverride': [
      'Users cannot change exploit protection',
      'yes',
      16_299,
    ],
    'WindowsDefenderSecurityCenter/HideRansomwareDataRecovery': ['Hide recovery from ransomware', 'yes', 17_134],
    'WindowsDefenderSecurityCenter/HideSecureBoot': ['Hide secure boot', 'yes', 17_134],
    'WindowsDefenderSecurityCenter/HideTPMTroubleshooting': ['Hide help with the TPM', 'yes', 17_134],
    'WindowsDefenderSecurityCenter/HideWindowsSecurityNotificationAreaControl': [
      'Hide the sign in the taskbar',
      'yes',
      17_763,
    ],
  },
)

/** Settings as an administrator exports them (Get-ProcessMitigation): Windows reads them, so they are taken as they are. */
export const exploitProtection = nodeFeature(
  feature<JsonObject>({
    id: 'windows.exploitProtection',
    title: { en: 'Exploit protection', de: 'Exploit-Schutz' },
    summary: {
      en: 'Mitigations by program, as exported from a reference device (XML).',
      de: 'Schutzmaßnahmen je Programm, wie aus einem Referenzgerät exportiert (XML).',
    },
    settings: () =>
      z.strictObject({
        xml: z
          .string()
          .min(20)
          .max(200_000)
          .regex(/<MitigationPolicy[\s>]/, 'is no MitigationPolicy')
          .refine(noVariables, noVariablesHere)
          .meta({ title: 'MitigationPolicy (XML)' }),
      }) as unknown as z.ZodType<JsonObject>,
    merge: { rule: 'priority' },
    examples: [
      { xml: '<MitigationPolicy><AppConfig Executable="a.exe"><DEP Enable="true"/></AppConfig></MitigationPolicy>' },
    ],
  }),
  {
    to: { ...notHome, build: 16_299 },
    nodes: (s) => [policy('ExploitGuard', 'ExploitProtectionSettings', `${s.xml}`)],
  },
)
