/** User restrictions in the policy document: Google has a field of its own for most of them. */
import { android, androidRestrictionsSet, type JsonObject } from '@muster/contract'
import { joined } from './join.ts'
import { documentRow } from './part.ts'

const on = (...fields: readonly string[]): JsonObject => Object.fromEntries(fields.map((f) => [f, true]))
const connectivity = (part: JsonObject): JsonObject => ({ deviceConnectivityManagement: part })
const radio = (part: JsonObject): JsonObject => ({ deviceRadioState: part })
const security = (part: JsonObject): JsonObject => ({ advancedSecurityOverrides: part })

/** By their places in the settings; what is not here Google has no field for. */
const fields: Readonly<Record<string, JsonObject>> = {
  'network.configWifi': connectivity({ configureWifi: 'DISALLOW_CONFIGURING_WIFI' }),
  'network.addWifiConfig': connectivity({ configureWifi: 'DISALLOW_ADD_WIFI_CONFIG' }),
  'network.wifiDirect': connectivity({ wifiDirectSettings: 'DISALLOW_WIFI_DIRECT' }),
  'network.wifiTethering': connectivity({ tetheringSettings: 'DISALLOW_WIFI_TETHERING' }),
  'network.configTethering': connectivity({ tetheringSettings: 'DISALLOW_ALL_TETHERING' }),
  'network.configVpn': on('vpnConfigDisabled'),
  'network.configMobileNetworks': on('mobileNetworksConfigDisabled'),
  'network.dataRoaming': on('dataRoamingDisabled'),
  'network.cellular2g': radio({ cellularTwoGState: 'CELLULAR_TWO_G_DISABLED' }),
  'network.airplaneMode': radio({ airplaneModeState: 'AIRPLANE_MODE_DISABLED' }),
  'network.networkReset': on('networkResetDisabled'),
  'network.bluetooth': on('bluetoothDisabled'),
  'network.configBluetooth': on('bluetoothConfigDisabled'),
  'network.bluetoothSharing': connectivity({ bluetoothSharing: 'BLUETOOTH_SHARING_DISALLOWED' }),
  'network.ultraWideband': radio({ ultraWidebandState: 'ULTRA_WIDEBAND_DISABLED' }),
  'calls.outgoingCalls': on('outgoingCallsDisabled'),
  'calls.sms': on('smsDisabled'),
  'calls.configCellBroadcasts': on('cellBroadcastsConfigDisabled'),
  'apps.installApps': on('installAppsDisabled'),
  'apps.uninstallApps': on('uninstallAppsDisabled'),
  'apps.installUnknownSources': security({ untrustedAppsPolicy: 'DISALLOW_INSTALL' }),
  'apps.installUnknownSourcesGlobally': security({ untrustedAppsPolicy: 'DISALLOW_INSTALL' }),
  'apps.autofill': { autofillPolicy: 'AUTOFILL_DISABLED' },
  'apps.createWindows': on('createWindowsDisabled'),
  'apps.assistContent': { assistContentPolicy: 'ASSIST_CONTENT_DISALLOWED' },
  'usb.usbFileTransfer': connectivity({ usbDataAccess: 'DISALLOW_USB_FILE_TRANSFER' }),
  'usb.debuggingFeatures': security({ developerSettings: 'DEVELOPER_SETTINGS_DISABLED' }),
  'usb.safeBoot': security({ developerSettings: 'DEVELOPER_SETTINGS_DISABLED' }),
  'usb.physicalMedia': on('mountPhysicalMediaDisabled'),
  'usb.factoryReset': on('factoryResetDisabled'),
  'usb.outgoingBeam': on('outgoingBeamDisabled'),
  'usb.printing': { printingPolicy: 'PRINTING_DISALLOWED' },
  'device.configDateTime': { autoDateAndTimeZone: 'AUTO_DATE_AND_TIME_ZONE_ENFORCED' },
  'device.shareLocation': on('shareLocationDisabled'),
  'device.configCredentials': on('credentialsConfigDisabled'),
  'device.setWallpaper': on('setWallpaperDisabled'),
  'device.adjustVolume': on('adjustVolumeDisabled'),
  'device.unmuteMicrophone': { microphoneAccess: 'MICROPHONE_ACCESS_DISABLED' },
  'device.cameraToggle': { cameraAccess: 'CAMERA_ACCESS_ENFORCED' },
  'device.microphoneToggle': { microphoneAccess: 'MICROPHONE_ACCESS_ENFORCED' },
  'device.fun': on('funDisabled'),
  'accounts.modifyAccounts': on('modifyAccountsDisabled'),
  'accounts.addUser': on('addUserDisabled'),
  'accounts.removeUser': on('removeUserDisabled'),
  'accounts.setUserIcon': on('setUserIconDisabled'),
  'accounts.addPrivateProfile': { personalUsagePolicies: { privateSpacePolicy: 'PRIVATE_SPACE_DISALLOWED' } },
  'profile.crossProfileCopyPaste': {
    crossProfilePolicies: { crossProfileCopyPaste: 'COPY_FROM_WORK_TO_PERSONAL_DISALLOWED' },
  },
  'profile.shareIntoProfile': {
    crossProfilePolicies: { crossProfileDataSharing: 'CROSS_PROFILE_DATA_SHARING_DISALLOWED' },
  },
  'demanded.verifyApps': security({ googlePlayProtectVerifyApps: 'VERIFY_APPS_ENFORCED' }),
}

export const googleRestrictions = documentRow(android.restrictions, {
  part: (s) => joined(androidRestrictionsSet(s).map((place) => fields[place] ?? {})),
  beyond: (s) => androidRestrictionsSet(s).filter((place) => !Object.hasOwn(fields, place)),
  wires: [
    {
      deviceConnectivityManagement: { tetheringSettings: 'DISALLOW_ALL_TETHERING' },
      dataRoamingDisabled: true,
      advancedSecurityOverrides: {
        developerSettings: 'DEVELOPER_SETTINGS_DISABLED',
        googlePlayProtectVerifyApps: 'VERIFY_APPS_ENFORCED',
      },
      factoryResetDisabled: true,
      addUserDisabled: true,
    },
    {
      advancedSecurityOverrides: { untrustedAppsPolicy: 'DISALLOW_INSTALL' },
      crossProfilePolicies: { crossProfileCopyPaste: 'COPY_FROM_WORK_TO_PERSONAL_DISALLOWED' },
    },
  ],
})
