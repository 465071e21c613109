/** The second half of the table of plain policies: privacy, search, the settings app, the start menu, and what comes after them. */
import type { RestrictionAreas } from './restrictions-table.ts'

/** Builds by the versions that administrators know. */
const v1511 = 10_586
const v1607 = 14_393
const v1703 = 15_063
const v1709 = 16_299
const v1803 = 17_134
const v1809 = 17_763
const v1903 = 18_362
const v11 = 22_000
const v11_22H2 = 22_621

const apps = { 'user-decides': 0, allow: 1, deny: 2 } as const
const decided = { off: 0, on: 1, 'user-decides': 65_535 } as const
const shownOr = { hidden: 0, shown: 1, 'user-decides': 65_535 } as const

/** Areas P to W. */
export const secondAreas: RestrictionAreas = {
  Privacy: {
    title: 'Privacy',
    policies: {
      AllowAutoAcceptPairingAndPrivacyConsentPrompts: ['Consent is given without asking', 'yes'],
      AllowCrossDeviceClipboard: ['Clipboard across devices', 'yes', v1809],
      AllowInputPersonalization: ['Speech recognition online', 'yes'],
      DisableAdvertisingId: ['No advertising identifier', decided, v1607],
      DisablePrivacyExperience: ['No privacy questions at first sign-in', 'yes', v1903],
      EnableActivityFeed: ['Activities are remembered', 'yes', v1709],
      PublishUserActivities: ['Apps publish activities', 'yes', v1709],
      UploadUserActivities: ['Activities go to the cloud', 'yes', v1809],
      LetAppsAccessAccountInfo: ['Apps: name and picture of the user', apps, v1607],
      LetAppsAccessBackgroundSpatialPerception: ['Apps: movements in the background', apps, v1903],
      LetAppsAccessCalendar: ['Apps: calendar', apps, v1607],
      LetAppsAccessCallHistory: ['Apps: call history', apps, v1607],
      LetAppsAccessCamera: ['Apps: camera', apps, v1607],
      LetAppsAccessContacts: ['Apps: contacts', apps, v1607],
      LetAppsAccessEmail: ['Apps: e-mail', apps, v1607],
      LetAppsAccessGazeInput: ['Apps: eyes', apps, v1809],
      LetAppsAccessGraphicsCaptureProgrammatic: ['Apps: capture of the screen', apps, v11],
      LetAppsAccessGraphicsCaptureWithoutBorder: ['Apps: capture without a border', apps, v11],
      LetAppsAccessLocation: ['Apps: location', apps, v1607],
      LetAppsAccessMessaging: ['Apps: text messages', apps, v1607],
      LetAppsAccessMicrophone: ['Apps: microphone', apps, v1607],
      LetAppsAccessMotion: ['Apps: motion', apps, v1607],
      LetAppsAccessNotifications: ['Apps: notifications', apps, v1607],
      LetAppsAccessPhone: ['Apps: calls', apps, v1607],
      LetAppsAccessRadios: ['Apps: radios', apps, v1607],
      LetAppsAccessTasks: ['Apps: tasks', apps, v1703],
      LetAppsAccessTrustedDevices: ['Apps: trusted devices', apps, v1607],
      LetAppsActivateWithVoice: ['Apps: waiting for a word', apps, v1903],
      LetAppsActivateWithVoiceAboveLock: ['Apps: waiting for a word while locked', apps, v1903],
      LetAppsGetDiagnosticInfo: ['Apps: diagnostics of other apps', apps, v1703],
      LetAppsRunInBackground: ['Apps: run in the background', apps, v1703],
      LetAppsSyncWithDevices: ['Apps: devices that are not paired', apps, v1607],
    },
  },
  RemoteDesktopServices: {
    title: 'Remote desktop',
    policies: {
      AllowUsersToConnectRemotely: ['Users may connect', 'admx', v1703],
      DoNotAllowDriveRedirection: ['No drives of the other side', 'admx', v1703],
      DoNotAllowPasswordSaving: ['Passwords are not saved', 'admx', v1703],
      PromptForPasswordUponConnection: ['Asks for the password always', 'admx', v1703],
      RequireSecureRPCCommunication: ['Only secure RPC', 'admx', v1703],
    },
  },
  RemoteManagement: {
    title: 'Windows Remote Management',
    policies: {
      AllowBasicAuthentication_Client: ['Client: basic authentication', 'admx', v1703],
      AllowBasicAuthentication_Service: ['Service: basic authentication', 'admx', v1703],
      AllowUnencryptedTraffic_Client: ['Client: unencrypted traffic', 'admx', v1703],
      AllowUnencryptedTraffic_Service: ['Service: unencrypted traffic', 'admx', v1703],
      DisallowDigestAuthentication: ['Client: no digest authentication', 'admx', v1703],
      DisallowStoringOfRunAsCredentials: ['Service: no stored credentials', 'admx', v1703],
    },
  },
  Search: {
    title: 'Search',
    policies: {
      AllowCloudSearch: ['Search in the cloud', 'yes', v1709],
      AllowFindMyFiles: ['Users choose what is searched', 'yes', v1903],
      AllowIndexingEncryptedStoresOrItems: ['Encrypted files are indexed', 'yes'],
      AllowSearchHighlights: ['Highlights of the day', 'yes', v11],
      AllowSearchToUseLocation: ['Search uses the location', 'yes'],
      AllowUsingDiacritics: ['Accents count', 'yes'],
      AlwaysUseAutoLangDetection: ['Language is always detected', 'yes'],
      DisableBackoff: ['Indexing never slows down', 'yes'],
      DisableRemovableDriveIndexing: ['Removable drives are not indexed', 'yes'],
      DoNotUseWebResults: ['Results of the web', { no: 0, yes: 1 }, v1803],
      PreventIndexingLowDiskSpaceMB: ['No indexing when space is short', 'yes'],
      PreventRemoteQueries: ['Others cannot query the index', 'yes'],
    },
  },
  Security: {
    title: 'Security',
    policies: {
      AllowAddProvisioningPackage: ['Provisioning packages may be added', 'yes'],
      AllowRemoveProvisioningPackage: ['Provisioning packages may be removed', 'yes'],
      ClearTPMIfNotReady: ['Clear the TPM when it is not ready', 'yes', v1709],
      PreventAutomaticDeviceEncryptionForAzureADJoinedDevices: ['No encryption by itself', 'yes', v1511],
      RecoveryEnvironmentAuthentication: [
        'Recovery asks for an administrator',
        { default: 0, always: 1, never: 2 },
        v1809,
      ],
      RequireProvisioningPackageSignature: ['Provisioning packages are signed', 'yes'],
      RequireRetrieveHealthCertificateOnBoot: ['Health certificate at each start', 'yes'],
    },
  },
  Settings: {
    title: 'Settings app',
    policies: {
      AllowAutoPlay: ['Change autoplay', 'yes'],
      AllowDataSense: ['Change data usage', 'yes'],
      AllowDateTime: ['Change date and time', 'yes'],
      AllowLanguage: ['Change the language', 'yes'],
      AllowOnlineTips: ['Tips from the network', 'yes', v1709],
      AllowPowerSleep: ['Change power and sleep', 'yes'],
      AllowRegion: ['Change the region', 'yes'],
      AllowSignInOptions: ['Change ways to sign in', 'yes'],
      AllowVPN: ['Change VPNs', 'yes'],
      AllowWorkplace: ['Change workplaces', 'yes'],
      AllowYourAccount: ['Change the own account', 'yes'],
      ConfigureTaskbarCalendar: [
        'Second calendar',
        { 'user-decides': 0, none: 1, simplified: 2, traditional: 3 },
        v1703,
      ],
      PageVisibilityList: ['Pages shown or hidden (showonly:… or hide:…)', 'text', v1703],
    },
  },
  Speech: {
    title: 'Speech',
    policies: { AllowSpeechModelUpdate: ['Speech models are updated', 'yes', v1607] },
  },
  Start: {
    title: 'Start menu and taskbar',
    policies: {
      AllowPinnedFolderDocuments: ['Folder: documents', shownOr, v1703],
      AllowPinnedFolderDownloads: ['Folder: downloads', shownOr, v1703],
      AllowPinnedFolderFileExplorer: ['Folder: files', shownOr, v1703],
      AllowPinnedFolderMusic: ['Folder: music', shownOr, v1703],
      AllowPinnedFolderNetwork: ['Folder: network', shownOr, v1703],
      AllowPinnedFolderPersonalFolder: ['Folder: personal', shownOr, v1703],
      AllowPinnedFolderPictures: ['Folder: pictures', shownOr, v1703],
      AllowPinnedFolderSettings: ['Settings', shownOr, v1703],
      AllowPinnedFolderVideos: ['Folder: videos', shownOr, v1703],
      ConfigureStartPins: ['Pins of the start menu (JSON)', 'text', v11],
      DisableEditingQuickSettings: ['Quick settings cannot be changed', 'yes', v11],
      ForceStartSize: ['Size', { 'user-decides': 0, normal: 1, 'full-screen': 2 }, v1607],
      HideAppList: ['List of apps', { 'user-decides': 0, 'not-shown': 1, 'not-shown-nor-offered': 2, off: 3 }, v1703],
      HideChangeAccountSettings: ['Hide the change of the account', 'yes', v1703],
      HideFrequentlyUsedApps: ['Hide often used apps', 'yes', v1703],
      HideHibernate: ['Hide hibernation', 'yes', v1703],
      HideLock: ['Hide locking', 'yes', v1703],
      HidePowerButton: ['Hide the power button', 'yes', v1703],
      HideRecentJumplists: ['Hide recent items', 'yes', v1703],
      HideRecentlyAddedApps: ['Hide new apps', 'yes', v1703],
      HideRecommendedSection: ['Hide recommendations', 'yes', v11_22H2],
      HideRestart: ['Hide restarting', 'yes', v1703],
      HideShutDown: ['Hide shutting down', 'yes', v1703],
      HideSignOut: ['Hide signing out', 'yes', v1703],
      HideSleep: ['Hide sleep', 'yes', v1703],
      HideSwitchAccount: ['Hide the change of users', 'yes', v1703],
      HideTaskViewButton: ['Hide the task view', 'yes', v11_22H2],
      HideUserTile: ['Hide the user', 'yes', v1703],
      NoPinningToTaskbar: ['Nothing can be pinned to the taskbar', 'yes', v1703],
      SimplifyQuickSettings: ['Simple quick settings', 'yes', v11_22H2],
      StartLayout: ['Layout of the start menu (XML)', 'text', v1703],
    },
  },
  Storage: {
    title: 'Storage',
    policies: {
      AllowDiskHealthModelUpdates: ['Models of disk health are updated', 'yes', v1709],
      AllowStorageSenseGlobal: ['Storage Sense', 'yes', v1903],
      AllowStorageSenseTemporaryFilesCleanup: ['It removes temporary files', 'yes', v1903],
      ConfigStorageSenseCloudContentDehydrationThreshold: [
        'Days until unopened cloud files leave the device',
        [0, 365],
        v1903,
      ],
      ConfigStorageSenseDownloadsCleanupThreshold: ['Days until unopened downloads are removed', [0, 365], v1903],
      ConfigStorageSenseGlobalCadence: [
        'It runs',
        { 'when-space-is-short': 0, daily: 1, weekly: 7, monthly: 30 },
        v1903,
      ],
      ConfigStorageSenseRecycleBinCleanupThreshold: ['Days in the recycle bin', [0, 365], v1903],
      RemovableDiskDenyWriteAccess: ['Removable drives cannot be written', 'yes', v1809],
    },
  },
  System: {
    title: 'System',
    policies: {
      AllowBuildPreview: ['Preview builds', { no: 0, yes: 1, 'user-decides': 2 }],
      AllowCommercialDataPipeline: ['Diagnostic data belongs to the organisation', 'yes', v1809],
      AllowDeviceNameInDiagnosticData: ['Name of the device in diagnostic data', 'yes', v1803],
      AllowEmbeddedMode: ['Embedded mode', 'yes'],
      AllowExperimentation: ['Microsoft’s experiments', { off: 0, settings: 1, full: 2 }],
      AllowFontProviders: ['Fonts from the network', 'yes', v1703],
      AllowLocation: ['Location', { off: 0, 'user-decides': 1, on: 2 }],
      AllowStorageCard: ['Storage cards and removable drives', 'yes'],
      AllowTelemetry: ['Diagnostic data', { off: 0, required: 1, enhanced: 2, optional: 3 }],
      AllowUserToResetPhone: ['Users may reset the device', 'yes'],
      ConfigureTelemetryOptInChangeNotification: ['Notice when diagnostic data change', { yes: 0, no: 1 }, v1803],
      ConfigureTelemetryOptInSettingsUx: ['Users may change diagnostic data', { yes: 0, no: 1 }, v1803],
      DisableDeviceDelete: ['Users cannot delete diagnostic data', 'yes', v1809],
      DisableDiagnosticDataViewer: ['No viewer of diagnostic data', 'yes', v1809],
      DisableEnterpriseAuthProxy: ['Diagnostic data not by the signed-in proxy', 'yes', v1703],
      DisableOneDriveFileSync: ['OneDrive', { on: 0, off: 1 }, v1703],
      FeedbackHubAlwaysSaveDiagnosticsLocally: ['Feedback keeps a copy', 'yes', v1809],
      LimitEnhancedDiagnosticDataWindowsAnalytics: ['Fewer enhanced diagnostic data', 'yes', v1703],
      TelemetryProxy: ['Proxy of diagnostic data (host:port)', 'text'],
      TurnOffFileHistory: ['No file history', 'yes', v1709],
    },
  },
  TaskManager: {
    title: 'Task manager',
    policies: { AllowEndTask: ['Users may end tasks', 'yes', v1809] },
  },
  TextInput: {
    title: 'Writing',
    policies: {
      AllowLinguisticDataCollection: ['Data about writing to Microsoft', 'yes', v1803],
      AllowKeyboardTextSuggestions: ['Suggestions while writing', 'yes'],
    },
  },
  Troubleshooting: {
    title: 'Troubleshooting',
    policies: {
      AllowRecommendations: [
        'Recommended troubleshooting',
        { off: 0, critical: 1, ask: 2, notify: 3, silent: 4, 'user-decides': 5 },
        v1903,
      ],
    },
  },
  VirtualizationBasedTechnology: {
    title: 'Memory integrity',
    policies: {
      HypervisorEnforcedCodeIntegrity: ['Memory integrity', { off: 0, 'on-locked': 1, on: 2 }, v11],
      RequireUEFIMemoryAttributesTable: ['Only with the table of UEFI memory attributes', 'yes', v11],
    },
  },
  Wifi: {
    title: 'Wi-Fi',
    policies: {
      AllowAutoConnectToWiFiSenseHotspots: ['Join open hotspots by itself', 'yes'],
      AllowInternetSharing: ['Share the connection', 'yes'],
      AllowWiFi: ['Wi-Fi', 'yes'],
      AllowWiFiDirect: ['Wi-Fi Direct', 'yes', v1703],
    },
  },
  WebThreatDefense: {
    title: 'Phishing protection',
    policies: {
      ServiceEnabled: ['Watch where the password is typed', 'yes', v11_22H2],
      NotifyMalicious: ['Warn of malicious sites', 'yes', v11_22H2],
      NotifyPasswordReuse: ['Warn when it is used again', 'yes', v11_22H2],
      NotifyUnsafeApp: ['Warn when it is kept in a text', 'yes', v11_22H2],
    },
  },
  WindowsInkWorkspace: {
    title: 'Ink',
    policies: {
      AllowSuggestedAppsInWindowsInkWorkspace: ['Suggested apps', 'yes', v1607],
      AllowWindowsInkWorkspace: ['Ink workspace', { off: 0, 'not-above-lock': 1, on: 2 }, v1607],
    },
  },
  WindowsLogon: {
    title: 'Sign-in screen',
    policies: {
      DisableLockScreenAppNotifications: ['No notifications of apps on the lock screen', 'admx', v1703],
      DontDisplayNetworkSelectionUI: ['No choice of the network', 'admx', v1703],
      EnableFirstLogonAnimation: ['Animation at the first sign-in', 'yes', v1903],
      EnumerateLocalUsersOnDomainJoinedComputers: ['Local users are listed (domain)', 'admx', v1803],
      HideFastUserSwitching: ['No fast change of users', 'yes', v1703],
    },
  },
  WindowsSandbox: {
    title: 'Sandbox',
    policies: {
      AllowAudioInput: ['Microphone', 'yes', v11],
      AllowClipboardRedirection: ['Clipboard', 'yes', v11],
      AllowNetworking: ['Network', 'yes', v11],
      AllowPrinterRedirection: ['Printers', 'yes', v11],
      AllowVGPU: ['Graphics', 'yes', v11],
      AllowVideoInput: ['Camera', 'yes', v11],
    },
  },
  WirelessDisplay: {
    title: 'Wireless display',
    policies: {
      AllowMdnsAdvertisement: ['Receiver tells of itself (mDNS)', 'yes', v1709],
      AllowMdnsDiscovery: ['Finds receivers (mDNS)', 'yes', v1709],
      AllowProjectionFromPC: ['Project to others', 'yes', v1703],
      AllowProjectionFromPCOverInfrastructure: ['Project over the network', 'yes', v1703],
      AllowProjectionToPC: ['Others project here', 'yes', v1607],
      AllowProjectionToPCOverInfrastructure: ['Others project here over the network', 'yes', v1703],
      AllowUserInputFromWirelessDisplayReceiver: ['The receiver sends input', 'yes', v1703],
      RequirePinForPairing: ['PIN for pairing', { never: 0, first: 1, always: 2 }, v1607],
    },
  },
}
