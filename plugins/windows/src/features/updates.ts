/** Windows Update by rings (Policy Update), and where updates are fetched from (Delivery Optimization). */
import { type Table, tableFeature } from './table.ts'

const days = {
  'every-day': 0,
  sunday: 1,
  monday: 2,
  tuesday: 3,
  wednesday: 4,
  thursday: 5,
  friday: 6,
  saturday: 7,
} as const
const updateTable: Table = {
  'Update/ActiveHoursStart': ['Hours of work begin at', [0, 23], 14_393],
  'Update/ActiveHoursEnd': ['Hours of work end at', [0, 23], 14_393],
  'Update/ActiveHoursMaxRange': ['Longest hours of work that users choose', [8, 18], 15_063],
  'Update/AllowAutoUpdate': [
    'Updates are',
    {
      announced: 0,
      'installed-restart-announced': 1,
      'installed-restarted': 2,
      scheduled: 3,
      'installed-without-user': 4,
      off: 5,
    },
  ],
  'Update/AllowAutoWindowsUpdateDownloadOverMeteredNetwork': ['Also over metered networks', 'yes', 16_299],
  'Update/AllowMUUpdateService': ['Updates of other Microsoft products', 'yes', 14_393],
  'Update/AllowNonMicrosoftSignedUpdate': ['Updates signed by others', 'yes'],
  'Update/AllowTemporaryEnterpriseFeatureControl': ['New features that are off at first', 'yes', 22_621],
  'Update/AllowUpdateService': ['Any update service', 'yes'],
  'Update/BranchReadinessLevel': [
    'Channel',
    { 'insider-fast': 2, 'insider-slow': 4, 'release-preview': 8, general: 16 },
    14_393,
  ],
  'Update/ConfigureDeadlineForFeatureUpdates': ['Days until a feature update is installed', [0, 30], 18_362],
  'Update/ConfigureDeadlineForQualityUpdates': ['Days until a quality update is installed', [0, 30], 18_362],
  'Update/ConfigureDeadlineGracePeriod': ['Days of grace until the restart', [0, 7], 18_362],
  'Update/ConfigureDeadlineGracePeriodForFeatureUpdates': ['Days of grace after a feature update', [0, 7], 22_621],
  'Update/ConfigureDeadlineNoAutoReboot': ['No restart by itself before the deadline', 'yes', 18_362],
  'Update/DeferFeatureUpdatesPeriodInDays': ['Feature updates come later by days', [0, 365], 14_393],
  'Update/DeferQualityUpdatesPeriodInDays': ['Quality updates come later by days', [0, 30], 14_393],
  'Update/DetectionFrequency': ['Hours between two looks', [1, 22], 15_063],
  'Update/DisableDualScan': ['Only the server named below', 'yes', 16_299],
  'Update/ExcludeWUDriversInQualityUpdate': ['Without drivers', 'yes', 14_393],
  'Update/ManagePreviewBuilds': [
    'Preview builds',
    { off: 0, 'off-after-release': 1, on: 2, 'user-decides': 3 },
    16_299,
  ],
  'Update/NoUpdateNotificationsDuringActiveHours': ['No notices in hours of work', 'yes', 22_621],
  'Update/PauseFeatureUpdatesStartTime': ['Feature updates pause from (yyyy-mm-dd)', 'text', 15_063],
  'Update/PauseQualityUpdatesStartTime': ['Quality updates pause from (yyyy-mm-dd)', 'text', 15_063],
  'Update/ProductVersion': ['Product to stay on', 'text', 19_041, 'Windows 10 or Windows 11; with the version'],
  'Update/ScheduledInstallDay': ['Day of the installation', days],
  'Update/ScheduledInstallTime': ['Hour of the installation', [0, 23]],
  'Update/SetDisablePauseUXAccess': ['Users cannot pause', 'yes', 17_763],
  'Update/SetDisableUXWUAccess': ['Users cannot look for updates', 'yes', 17_763],
  'Update/TargetReleaseVersion': ['Version to stay on', 'text', 17_134, 'Such as 23H2'],
  'Update/UpdateNotificationLevel': ['Notices', { default: 0, 'without-restart-warnings': 1, none: 2 }, 17_763],
  'Update/UpdateServiceUrl': ['Update server (WSUS)', 'text'],
  'Update/UpdateServiceUrlAlternate': ['Other server', 'text', 14_393],
}
export const updates = tableFeature(
  {
    id: 'windows.updates',
    title: { en: 'Update ring', de: 'Update-Ring' },
    summary: {
      en: 'When updates come, when they are installed and restarted. A ring is a policy with these settings for a group of devices.',
      de: 'Wann Updates kommen, installiert werden und neu gestartet wird. Ein Ring ist eine Richtlinie mit diesen Einstellungen für eine Gruppe von Geräten.',
    },
    examples: [
      {
        AllowAutoUpdate: 'scheduled',
        ScheduledInstallDay: 'every-day',
        ScheduledInstallTime: 3,
        DeferFeatureUpdatesPeriodInDays: 90,
        DeferQualityUpdatesPeriodInDays: 7,
        ConfigureDeadlineForQualityUpdates: 3,
        TargetReleaseVersion: '23H2',
        ProductVersion: 'Windows 11',
      },
    ],
  },
  updateTable,
)

const deliveryTable: Table = {
  'DeliveryOptimization/DODownloadMode': [
    'Parts come from',
    { http: 0, lan: 1, group: 2, internet: 3, simple: 99, bypass: 100 },
  ],
  'DeliveryOptimization/DOGroupId': ['Group (GUID)', 'text'],
  'DeliveryOptimization/DOGroupIdSource': [
    'Group by',
    { none: 0, 'ad-site': 1, 'domain-sid': 2, dhcp: 3, 'dns-suffix': 4, entra: 5 },
    17_134,
  ],
  'DeliveryOptimization/DORestrictPeerSelectionBy': [
    'Only others of',
    { anywhere: 0, subnet: 1, 'local-discovery': 2 },
    17_134,
  ],
  'DeliveryOptimization/DOCacheHost': ['Cache servers (commas between)', 'text', 18_362],
  'DeliveryOptimization/DOCacheHostSource': ['Cache servers by DHCP', { option: 1, 'force-option': 2 }, 19_041],
  'DeliveryOptimization/DODelayBackgroundDownloadFromHttp': [
    'Seconds for others before the network, background',
    [0, 4_294_967],
    17_134,
  ],
  'DeliveryOptimization/DODelayForegroundDownloadFromHttp': [
    'Seconds for others before the network, foreground',
    [0, 4_294_967],
    17_134,
  ],
  'DeliveryOptimization/DOAllowVPNPeerCaching': ['Also over VPN', 'yes', 15_063],
  'DeliveryOptimization/DOMaxCacheAge': ['Seconds that parts are kept (0: for ever)', [0, 2_147_483_647]],
  'DeliveryOptimization/DOMaxCacheSize': ['Share of the drive for parts, %', [1, 100]],
  'DeliveryOptimization/DOAbsoluteMaxCacheSize': ['Gigabytes for parts (0: no bound)', [0, 1_000_000], 14_393],
  'DeliveryOptimization/DOMinBackgroundQos': ['Least speed from others, KB/s', [1, 4_294_967], 14_393],
  'DeliveryOptimization/DOMinBatteryPercentageAllowedToUpload': ['Least battery to give, %', [1, 100], 15_063],
  'DeliveryOptimization/DOMinDiskSizeAllowedToPeer': ['Least drive, gigabytes', [1, 100_000], 15_063],
  'DeliveryOptimization/DOMinFileSizeToCache': ['Least file, megabytes', [1, 100_000], 15_063],
  'DeliveryOptimization/DOMinRAMAllowedToPeer': ['Least memory, gigabytes', [1, 100_000], 15_063],
  'DeliveryOptimization/DOModifyCacheDrive': ['Drive for parts', 'text', 14_393],
  'DeliveryOptimization/DOMonthlyUploadDataCap': [
    'Gigabytes given in a month (0: no bound)',
    [0, 2_147_483_647],
    14_393,
  ],
  'DeliveryOptimization/DOMaxBackgroundDownloadBandwidth': [
    'Most speed in the background, KB/s',
    [0, 4_294_967],
    19_041,
  ],
  'DeliveryOptimization/DOMaxForegroundDownloadBandwidth': [
    'Most speed in the foreground, KB/s',
    [0, 4_294_967],
    19_041,
  ],
  'DeliveryOptimization/DOPercentageMaxBackgroundBandwidth': [
    'Share of the network in the background, %',
    [0, 100],
    17_134,
  ],
  'DeliveryOptimization/DOPercentageMaxForegroundBandwidth': [
    'Share of the network in the foreground, %',
    [0, 100],
    17_134,
  ],
}
export const deliveryOptimization = tableFeature(
  {
    id: 'windows.deliveryOptimization',
    title: { en: 'Delivery Optimization', de: 'Übermittlungsoptimierung' },
    summary: {
      en: 'Where parts of updates and apps come from: others nearby, a cache, or the network.',
      de: 'Woher Teile von Updates und Apps kommen: von anderen in der Nähe, aus einem Cache oder aus dem Netz.',
    },
    examples: [{ DODownloadMode: 'group', DOGroupIdSource: 'dns-suffix', DOMaxCacheSize: 20 }],
  },
  deliveryTable,
)
