/** What devices can be forbidden or made to do by plain policies (Policy CSP), by area: the policy's own name, its title, its values, and the first build of Windows that knows it. */
import type { Entry } from './table.ts'

export type RestrictionAreas = Readonly<
  Record<string, { readonly title: string; readonly policies: Readonly<Record<string, Entry>> }>
>

/** Builds by the versions that administrators know. */
const v1607 = 14_393
const v1703 = 15_063
const v1709 = 16_299
const v1803 = 17_134
const v1809 = 17_763
const v2004 = 19_041
const v21H2 = 19_044
const v11 = 22_000
const v11_22H2 = 22_621

const apps = { 'user-decides': 0, allow: 1, deny: 2 } as const
const decided = { off: 0, on: 1, 'user-decides': 65_535 } as const

/** Areas A to N. */
export const firstAreas: RestrictionAreas = {
  AboveLock: {
    title: 'Lock screen',
    policies: {
      AllowCortanaAboveLock: ['Cortana above the lock screen', 'yes', v1607],
      AllowToasts: ['Notifications above the lock screen', 'yes'],
    },
  },
  Accounts: {
    title: 'Accounts',
    policies: {
      AllowAddingNonMicrosoftAccountsManually: ['Users may add accounts that are not Microsoft’s', 'yes'],
      AllowMicrosoftAccountConnection: ['Microsoft accounts for anything but mail', 'yes'],
      AllowMicrosoftAccountSignInAssistant: ['Sign-in assistant of Microsoft accounts may run', 'yes', v1703],
      RestrictToEnterpriseDeviceAuthenticationOnly: [
        'Only the organisation’s account authenticates the device',
        'yes',
        v11_22H2,
      ],
    },
  },
  ApplicationManagement: {
    title: 'Apps',
    policies: {
      AllowAllTrustedApps: ['Apps from outside the Store', decided],
      AllowAppStoreAutoUpdate: ['Apps of the Store update themselves', { no: 0, yes: 1, 'user-decides': 2 }],
      AllowDeveloperUnlock: ['Developer mode', decided],
      AllowGameDVR: ['Recording of games', 'yes'],
      AllowSharedUserAppData: ['Users share data of apps', 'yes', v1607],
      BlockNonAdminUserInstall: ['Only administrators install apps', 'yes', v2004],
      DisableStoreOriginatedApps: ['Apps of the Store do not run', 'yes', v1607],
      MSIAllowUserControlOverInstall: ['Users control Windows Installer', 'yes', v1803],
      MSIAlwaysInstallWithElevatedPrivileges: ['Windows Installer always has high rights', 'yes', v1803],
      RequirePrivateStoreOnly: ['Only the private part of the Store', 'yes', v1607],
      RestrictAppDataToSystemVolume: ['Data of apps stays on the system drive', 'yes'],
      RestrictAppToSystemVolume: ['Apps stay on the system drive', 'yes'],
    },
  },
  Authentication: {
    title: 'Sign-in',
    policies: {
      AllowAadPasswordReset: ['Password reset at the sign-in screen', 'yes', v1709],
      AllowFastReconnect: ['Fast reconnect (EAP)', 'yes'],
      AllowSecondaryAuthenticationDevice: ['Companion devices sign in', 'yes', v1607],
      EnableFastFirstSignIn: ['Fast first sign-in', { 'user-decides': 0, on: 1, off: 2 }, v1809],
      EnablePasswordlessExperience: ['Without passwords', { 'user-decides': 0, on: 1, off: 2 }, v11_22H2],
      EnableWebSignIn: ['Web sign-in', { 'user-decides': 0, on: 1, off: 2 }, v1809],
      PreferredAadTenantDomainName: ['Domain that users need not type', 'text', v1809],
    },
  },
  Autoplay: {
    title: 'Autoplay',
    policies: { DisallowAutoplayForNonVolumeDevices: ['No autoplay of cameras and phones', 'admx', v1703] },
  },
  Bluetooth: {
    title: 'Bluetooth',
    policies: {
      AllowAdvertising: ['Sends its own signs of presence', 'yes'],
      AllowDiscoverableMode: ['Can be found by others', 'yes'],
      AllowPrepairing: ['Bundled devices pair by themselves', 'yes'],
      AllowPromptedProximalConnections: ['Swift Pair', 'yes', v1803],
      LocalDeviceName: ['Name that others see', 'text'],
      ServicesAllowedList: ['Services that may be used (UUIDs, semicolons between)', 'text'],
      SetMinimumEncryptionKeySize: ['Shortest key in bytes', [0, 16], v2004],
    },
  },
  Cellular: {
    title: 'Mobile data',
    policies: { LetAppsAccessCellularData: ['Apps use mobile data', apps, v1709] },
  },
  Connectivity: {
    title: 'Connections',
    policies: {
      AllowBluetooth: ['Bluetooth', { off: 0, on: 2 }],
      AllowCellularData: ['Mobile data', { off: 0, 'user-decides': 1, on: 2 }],
      AllowCellularDataRoaming: ['Mobile data when roaming', { off: 0, 'user-decides': 1, on: 2 }],
      AllowConnectedDevices: ['Connected devices', 'yes', v1703],
      AllowPhonePCLinking: ['Link to a phone', 'yes', v1803],
      AllowVPNOverCellular: ['VPN over mobile data', 'yes'],
      AllowVPNRoamingOverCellular: ['VPN over mobile data when roaming', 'yes'],
      DisallowNetworkConnectivityActiveTests: ['No active tests of the connection', 'yes', v1703],
      DiablePrintingOverHTTP: ['No printing over HTTP', 'admx', v1709],
      DisableDownloadingOfPrintDriversOverHTTP: ['No printer drivers over HTTP', 'admx', v1709],
      ProhibitInstallationAndConfigurationOfNetworkBridge: ['No network bridge', 'admx', v1709],
    },
  },
  ControlPolicyConflict: {
    title: 'Group policy',
    policies: { MDMWinsOverGP: ['These policies win over group policy', 'yes', v1803] },
  },
  CredentialProviders: {
    title: 'Kinds of sign-in',
    policies: {
      AllowPINLogon: ['PIN of convenience (domain)', 'admx', v1607],
      BlockPicturePassword: ['No picture passwords', 'admx', v1607],
      DisableAutomaticReDeploymentCredentials: ['No Autopilot reset from the sign-in screen', 'yes', v1709],
    },
  },
  CredentialsUI: {
    title: 'Entering passwords',
    policies: {
      DisablePasswordReveal: ['Passwords cannot be shown', 'admx', v1703],
      EnumerateAdministrators: ['Administrators are listed when rights are asked for', 'admx', v1703],
    },
  },
  Cryptography: {
    title: 'Cryptography',
    policies: { AllowFipsAlgorithmPolicy: ['Only algorithms of FIPS', 'yes'] },
  },
  DataProtection: {
    title: 'Data protection',
    policies: { AllowDirectMemoryAccess: ['Direct memory access before sign-in', 'yes'] },
  },
  DeviceGuard: {
    title: 'Virtualization-based security',
    policies: {
      ConfigureSystemGuardLaunch: ['Secure launch', { 'user-decides': 0, on: 1, off: 2 }, v1809],
      EnableVirtualizationBasedSecurity: ['Virtualization-based security', 'yes', v1709],
      LsaCfgFlags: ['Credential Guard', { off: 0, 'on-locked': 1, on: 2 }, v1709],
      RequirePlatformSecurityFeatures: ['It needs', { 'secure-boot': 1, 'secure-boot-and-dma': 3 }, v1709],
    },
  },
  DmaGuard: {
    title: 'Devices with direct memory access',
    policies: {
      DeviceEnumerationPolicy: [
        'Devices that cannot be isolated',
        { 'block-all': 0, 'after-sign-in': 1, 'allow-all': 2 },
        v1809,
      ],
    },
  },
  Experience: {
    title: 'Experience',
    policies: {
      AllowClipboardHistory: ['Clipboard history', 'yes', v1809],
      AllowCortana: ['Cortana', 'yes'],
      AllowDeviceDiscovery: ['Finding devices to project to', 'yes'],
      AllowFindMyDevice: ['Find my device', 'yes', v1703],
      AllowManualMDMUnenrollment: ['Users may end the management', 'yes'],
      AllowSyncMySettings: ['Settings are synchronised', 'yes'],
      AllowWindowsConsumerFeatures: ['Offers of apps to consumers', 'yes'],
      AllowWindowsTips: ['Tips about Windows', 'yes', v1607],
      ConfigureChatIcon: ['Chat in the taskbar', { 'user-decides': 0, shown: 1, hidden: 2, off: 3 }, v11],
      DisableCloudOptimizedContent: ['No content from Microsoft’s cloud', 'yes', v21H2],
      DisableConsumerAccountStateContent: ['No notices about Microsoft accounts', 'yes', v21H2],
      DoNotShowFeedbackNotifications: ['No questions for feedback', 'yes', v1607],
      DoNotSyncBrowserSettings: ['Settings of the browser are synchronised', { yes: 0, no: 2 }, v1809],
      PreventUsersFromTurningOnBrowserSyncing: ['Users may turn that on', { yes: 0, no: 1 }, v1809],
    },
  },
  Games: {
    title: 'Games',
    policies: { AllowAdvancedGamingServices: ['Gaming services', 'yes', v1709] },
  },
  KioskBrowser: {
    title: 'Kiosk browser',
    policies: {
      BlockedUrlExceptions: ['Addresses allowed all the same', 'text', v1803],
      BlockedUrls: ['Addresses blocked', 'text', v1803],
      DefaultURL: ['First page', 'text', v1803],
      EnableEndSessionButton: ['Button to end the session', 'yes', v1803],
      EnableHomeButton: ['Home button', 'yes', v1803],
      EnableNavigationButtons: ['Back and forward', 'yes', v1803],
      RestartOnIdleTime: ['Minutes without use until it starts again', [1, 1440], v1803],
    },
  },
  LanmanWorkstation: {
    title: 'File shares',
    policies: { EnableInsecureGuestLogons: ['Insecure guest sign-ins', 'yes', v1803] },
  },
  Licensing: {
    title: 'Licences',
    policies: {
      AllowWindowsEntitlementReactivation: ['Windows may be activated again', 'yes', v1607],
      DisallowKMSClientOnlineAVSValidation: ['No data about the activation to Microsoft', 'yes', v1607],
    },
  },
  LocalSecurityAuthority: {
    title: 'Local security authority',
    policies: {
      ConfigureLsaProtectedProcess: ['Runs protected', { off: 0, 'on-locked': 1, on: 2 }, v11_22H2],
    },
  },
  LockDown: {
    title: 'Edges',
    policies: { AllowEdgeSwipe: ['Swiping from the edges', 'yes', v1607] },
  },
  Maps: {
    title: 'Maps',
    policies: {
      AllowOfflineMapsDownloadOverMeteredConnection: ['Maps over metered connections', decided, v1607],
      EnableOfflineMapsAutoUpdate: ['Maps update themselves', decided, v1607],
    },
  },
  Messaging: {
    title: 'Messages',
    policies: { AllowMessageSync: ['Text messages in the cloud', 'yes', v1607] },
  },
  NewsAndInterests: {
    title: 'Widgets',
    policies: { AllowNewsAndInterests: ['Widgets', 'yes', v11] },
  },
  Notifications: {
    title: 'Notifications',
    policies: { DisallowCloudNotification: ['No notifications from the network', 'yes', v1803] },
  },
}
