/** By which means an Android agent keeps each policy feature, and what its evidence holds. */
import type { AndroidMeans } from '../android-means.ts'
import { androidRestrictions } from './android-restrictions.ts'

const owners = 'D21 O21 P21'

export const androidFeatureMeans: Readonly<Record<string, AndroidMeans>> = {
  passcode: {
    on: owners,
    apis: [
      'setPasswordQuality',
      'setPasswordMinimumLength',
      'setPasswordMinimumLetters …',
      'setPasswordHistoryLength',
      'setPasswordExpirationTimeout',
      'isActivePasswordSufficient',
    ],
    evidence:
      '`values` as the getters say, `sufficient` by isActivePasswordSufficient. `maxFailedAttempts` is left out: Android would erase the device (setMaximumFailedPasswordsForWipe), and makes people wait ever longer by itself.',
    note: 'Kinds of characters: 1 numeric, 2 alphanumeric, 3 complex with a letter, a digit and a symbol, 4 with small and capital letters too. The user is asked to change an insufficient passcode (ACTION_SET_NEW_PASSWORD).',
  },
  'android.screenLock': {
    on: owners,
    apis: [
      'setRequiredPasswordComplexity',
      'setMaximumTimeToLock',
      'setRequiredStrongAuthTimeout',
      'addUserRestriction(no_unified_password)',
      'setKeyguardDisabledFeatures',
    ],
    members: {
      complexity: 'D31 O31 P31',
      strongAuthHours: 'D26 O26 P26',
      oneLock: 'O28 P28',
      face: 'D28 O28 P28',
      iris: 'D28 O28 P28',
    },
    evidence: '`sufficient` beside the settings when `complexity` is set.',
  },
  'android.encryption': {
    on: 'D21 O21 P21 A21',
    apis: ['getStorageEncryptionStatus', 'setStorageEncryption', 'ACTION_START_ENCRYPTION'],
    evidence:
      '`values.status`: `unsupported`, `inactive`, `activating`, `active`, `active-default-key` or `active-per-user`.',
  },
  'android.restrictions': {
    on: owners,
    apis: ['addUserRestriction', 'clearUserRestriction', 'getParentProfileInstance', 'UserManager.getUserRestrictions'],
    members: Object.fromEntries([...androidRestrictions].map(([place, [, , on]]) => [place, on])),
    evidence:
      '`values.inForce`: the constants that UserManager.getUserRestrictions says are on, of the device and, as owner of a company’s profile, of the parent. Never what was asked for.',
  },
  'android.camera': { on: owners, apis: ['setCameraDisabled', 'getCameraDisabled'] },
  'android.screen': {
    on: owners,
    apis: [
      'setScreenCaptureDisabled',
      'setStatusBarDisabled',
      'setKeyguardDisabled',
      'setGlobalSetting(STAY_ON_WHILE_PLUGGED_IN)',
      'setSystemSetting(SCREEN_OFF_TIMEOUT, SCREEN_BRIGHTNESS)',
    ],
    members: { statusBarBlocked: 'D23', keyguardOff: 'D23', keepOn: 'D23', offAfterS: 'D28', brightness: 'D28' },
    note: 'setStatusBarDisabled has no getter before API 34: the agent says what it set and sets it again after each start.',
  },
  'android.notifications': {
    on: owners,
    apis: [
      'setPermissionGrantState(POST_NOTIFICATIONS)',
      'setPermittedCrossProfileNotificationListeners',
      'NotificationManager',
    ],
    members: { silenced: 'D33 O33 P33', listeners: 'O26 P26' },
  },
  'android.kiosk': {
    on: 'D23',
    apis: [
      'setLockTaskPackages',
      'setLockTaskFeatures (API 28)',
      'addPersistentPreferredActivity(HOME)',
      'Activity.startLockTask',
      'ActivityManager.getLockTaskModeState',
    ],
    evidence:
      '`running`: lock task mode is on with the first app or the page. `exitCode` is kept as a salted hash and never told.',
    note: 'Started after each boot; the code is asked for after ten touches of the top corner, five tries an hour.',
  },
  'android.appList': {
    on: 'D24 O24 P24',
    apis: ['setPackagesSuspended', 'setApplicationHidden', 'ACTION_PACKAGE_ADDED'],
    evidence: '`usable`: packages that the rule forbids and that can still be opened.',
  },
  'android.requiredApps': {
    on: 'D23',
    apis: ['PackageInstaller', 'enableSystemApp', 'ACTION_PACKAGE_REMOVED'],
    evidence:
      '`values.apps`: `{ packageName, versionCode }` of those that are installed, `values.system`: those that are switched on; `refused` names what could not be installed and why.',
    note: 'Fetched with the same checks as android.app.install; tried again after an hour, and when the network comes back.',
  },
  'android.hiddenApps': {
    on: owners,
    apis: ['setApplicationHidden', 'isApplicationHidden'],
    evidence: '`values.packages`: those of the settings that are hidden or not installed.',
  },
  'android.protectedApps': {
    on: owners,
    apis: ['setUninstallBlocked', 'setUserControlDisabledPackages'],
    members: { untouchable: 'D30 O30' },
  },
  'android.permissions': {
    on: 'D23 O23 P23',
    apis: ['setPermissionPolicy', 'setPermissionGrantState', 'getPermissionGrantState'],
    evidence: '`absent`: packages of the settings that are not installed; their grants are set when they come.',
    note: 'Android 12: sensors can be granted only by a device owner enrolled with sensors-permission opt-in; what Android does not let be granted is in `refused`.',
  },
  'android.managedConfiguration': {
    on: owners,
    apis: ['setApplicationRestrictions', 'getApplicationRestrictions'],
    note: 'Kept by Android also for an app that is not installed yet.',
  },
  'android.defaultApps': {
    on: owners,
    apis: ['addPersistentPreferredActivity', 'setDefaultDialerApplication', 'setDefaultSmsApplication'],
    members: { launcher: 'D21', dialer: 'D34 O34', sms: 'D29 O34' },
    evidence: 'Of each task the package that opens now.',
  },
  'android.assistant': {
    on: owners,
    apis: [
      'setApplicationHidden (of each app that answers ACTION_ASSIST or ACTION_VOICE_ASSIST)',
      'addUserRestriction(no_assist_content) (API 35)',
    ],
    evidence: '`values.blocked`: no app answers ACTION_ASSIST.',
  },
  'android.services': {
    on: owners,
    apis: ['setPermittedInputMethods', 'setPermittedAccessibilityServices'],
    note: 'Always with those of the system.',
  },
  'android.webClips': {
    on: 'D26 O26 P26 A26',
    apis: ['ShortcutManager.requestPinShortcut', 'ShortcutManager.getPinnedShortcuts'],
    evidence: '`values.clips`: those that are pinned. In a kiosk they are on the page of the agent.',
  },
  'android.wifi': {
    on: 'D21 O21 P21 A29',
    apis: ['WifiManager.addNetwork', 'WifiManager.addNetworkSuggestions (plain device)', 'WifiEnterpriseConfig'],
    members: { randomMac: 'D33 O33 P33' },
    evidence:
      '`hasSecret`: a passphrase, password or key is there; secrets are never told. `caCertificate` is left out.',
    note: 'wpa3-sae and enhanced-open since API 29, wpa3-eap-192 since API 29: before, in `refused` under `security`.',
  },
  'android.wifiPolicy': {
    on: 'D30 O30',
    apis: ['setConfiguredNetworksLockdownState', 'setMinimumRequiredWifiSecurityLevel', 'setWifiSsidPolicy'],
    members: { minimumSecurity: 'D33 O33', ssids: 'D33 O33' },
  },
  'android.vpn': {
    on: 'D30 O30 P30 A30',
    apis: [
      'Ikev2VpnProfile',
      'VpnManager.provisionVpnProfile',
      'VpnManager.startProvisionedVpnProfileSession (API 33)',
    ],
    evidence: '`hasSecret`, and `consented`: its user let the agent build tunnels (an owner needs no consent).',
  },
  'android.alwaysOnVpn': {
    on: 'D24 O24 P24',
    apis: ['setAlwaysOnVpnPackage', 'getAlwaysOnVpnPackage', 'isAlwaysOnVpnLockdownEnabled'],
    members: { except: 'D29 O29 P29' },
    note: 'The app not installed: `failed` with `not-installed`.',
  },
  'android.proxy': { on: 'D21 O30', apis: ['setRecommendedGlobalProxy', 'ConnectivityManager.getDefaultProxy'] },
  'android.privateDns': {
    on: 'D29',
    apis: ['setGlobalPrivateDnsModeOpportunistic', 'setGlobalPrivateDnsModeSpecifiedHost', 'getGlobalPrivateDnsMode'],
    note: 'A host that does not answer DNS over TLS: `failed` with `host-not-serving`.',
  },
  'android.apn': {
    on: 'D28',
    apis: ['addOverrideApn', 'updateOverrideApn', 'setOverrideApnsEnabled', 'getOverrideApns'],
    evidence: '`hasSecret` where there is a user name.',
  },
  'android.certificates': {
    on: owners,
    apis: ['installCaCert', 'hasCaCertInstalled', 'getInstalledCaCerts'],
    evidence: '`values.trusted`: SHA-256 of each installed authority (DER), hexadecimal.',
  },
  'android.identity': {
    on: owners,
    apis: [
      'installKeyPair',
      'removeKeyPair',
      'hasKeyPair (API 31)',
      'onChoosePrivateKeyAlias',
      'grantKeyPairToWifiAuth',
    ],
    members: { wifi: 'D31 O31 P31' },
    evidence: '`installed`: the key is there, and `certificate`: SHA-256 of its certificate (DER), hexadecimal.',
    note: 'A file that cannot be opened: `failed` with `file-invalid`.',
  },
  'android.usb': {
    on: 'D31 O31',
    apis: ['canUsbDataSignalingBeDisabled', 'setUsbDataSignalingEnabled', 'isUsbDataSignalingEnabled'],
    note: 'Hardware that cannot: `applicable` false.',
  },
  'android.accounts': { on: owners, apis: ['setAccountManagementDisabled', 'getAccountTypesWithManagementDisabled'] },
  'android.factoryResetProtection': {
    on: 'D30 O30',
    apis: ['setFactoryResetProtectionPolicy', 'getFactoryResetProtectionPolicy'],
    note: 'Without Google services: `applicable` false. `emails` is for Android Enterprise: it is passed over here.',
  },
  'android.backup': { on: 'D26 O26 P26', apis: ['setBackupServiceEnabled', 'isBackupServiceEnabled'] },
  'android.logging': {
    on: 'D24 O30 P31',
    apis: ['setSecurityLoggingEnabled', 'setNetworkLoggingEnabled'],
    members: { security: 'D24 O30', network: 'D26 O31 P31' },
  },
  'android.systemUpdates': {
    on: 'D23 O30',
    apis: ['setSystemUpdatePolicy', 'getSystemUpdatePolicy', 'SystemUpdatePolicy.setFreezePeriods'],
    members: { freeze: 'D28 O30' },
    note: 'Android does not take the same freeze twice in a row without 60 days between: `refused` under `freeze`.',
  },
  'android.time': {
    on: 'D21 O30',
    apis: ['setAutoTimeEnabled', 'setAutoTimeZoneEnabled', 'setTimeZone'],
    members: { automaticZone: 'D30 O30', zone: 'D28 O30' },
  },
  'android.location': { on: 'D30', apis: ['setLocationEnabled', 'LocationManager.isLocationEnabled'] },
  'android.workProfile': {
    on: 'O21 P21',
    apis: [
      'setProfileName',
      'setCrossProfileContactsSearchDisabled',
      'setCrossProfileCallerIdDisabled',
      'setBluetoothContactSharingDisabled',
      'setCrossProfilePackages',
      'setCrossProfileCalendarPackages',
      'addCrossProfileWidgetProvider',
      'setManagedProfileMaximumTimeOff',
    ],
    members: {
      contactsSearch: 'O24 P24',
      bluetoothContacts: 'O23 P23',
      crossProfileApps: 'O30 P30',
      crossProfileCalendar: 'O29 P29',
      offDays: 'O30',
    },
  },
  'android.messages': {
    on: owners,
    apis: ['setOrganizationName', 'setDeviceOwnerLockScreenInfo', 'setShortSupportMessage', 'setLongSupportMessage'],
    members: { organisation: 'D26 O24 P24', lockScreen: 'D24 O30', short: 'D24 O24 P24', long: 'D24 O24 P24' },
  },
  'android.knox.restrictions': {
    on: 'D23 O30 P23',
    apis: ['Knox: RestrictionPolicy', 'Knox: SystemManager'],
    licence: 'KPE',
  },
  'android.knox.firewall': {
    on: 'D23 O30 P23',
    apis: ['Knox: Firewall.addRules', 'Knox: Firewall.enableFirewall'],
    licence: 'KPE',
  },
  'android.knox.keys': {
    on: 'D28',
    apis: ['Knox: SystemManager.setHardKeyIntentState', 'Knox: SystemManager.setHardKeyReportState'],
    licence: 'KPE',
  },
}
