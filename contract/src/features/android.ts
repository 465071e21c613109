/** Every policy feature of Android devices, in the order in which the console offers them. */
import type { FeatureDescriptor } from '../descriptors.ts'
import {
  androidAppList,
  androidAssistant,
  androidDefaultApps,
  androidHiddenApps,
  androidManagedConfiguration,
  androidPermissions,
  androidProtectedApps,
  androidRequiredApps,
  androidServices,
  androidWebClips,
} from './android-apps.ts'
import { androidKnoxFirewall, androidKnoxKeys, androidKnoxRestrictions } from './android-knox.ts'
import {
  androidAlwaysOnVpn,
  androidApn,
  androidPrivateDns,
  androidProxy,
  androidVpn,
  androidWifi,
  androidWifiPolicy,
} from './android-network.ts'
import { androidRestrictionsFeature } from './android-restrictions.ts'
import {
  androidCamera,
  androidKiosk,
  androidMessages,
  androidNotifications,
  androidScreen,
  androidScreenLock,
} from './android-screen.ts'
import {
  androidAccounts,
  androidBackup,
  androidCertificates,
  androidEncryption,
  androidFactoryResetProtection,
  androidIdentity,
  androidLogging,
  androidUsb,
} from './android-security.ts'
import { androidLocation, androidSystemUpdates, androidTime, androidWorkProfile } from './android-system.ts'

/** By name, for those who need one of them with its types. */
export const android = {
  screenLock: androidScreenLock,
  encryption: androidEncryption,
  restrictions: androidRestrictionsFeature,
  camera: androidCamera,
  screen: androidScreen,
  notifications: androidNotifications,
  kiosk: androidKiosk,
  appList: androidAppList,
  requiredApps: androidRequiredApps,
  hiddenApps: androidHiddenApps,
  protectedApps: androidProtectedApps,
  permissions: androidPermissions,
  managedConfiguration: androidManagedConfiguration,
  defaultApps: androidDefaultApps,
  assistant: androidAssistant,
  services: androidServices,
  webClips: androidWebClips,
  wifi: androidWifi,
  wifiPolicy: androidWifiPolicy,
  vpn: androidVpn,
  alwaysOnVpn: androidAlwaysOnVpn,
  proxy: androidProxy,
  privateDns: androidPrivateDns,
  apn: androidApn,
  certificates: androidCertificates,
  identity: androidIdentity,
  usb: androidUsb,
  accounts: androidAccounts,
  factoryResetProtection: androidFactoryResetProtection,
  backup: androidBackup,
  logging: androidLogging,
  systemUpdates: androidSystemUpdates,
  time: androidTime,
  location: androidLocation,
  workProfile: androidWorkProfile,
  messages: androidMessages,
  knoxRestrictions: androidKnoxRestrictions,
  knoxFirewall: androidKnoxFirewall,
  knoxKeys: androidKnoxKeys,
} as const
export const androidFeatures: readonly FeatureDescriptor[] = Object.values(android) as readonly FeatureDescriptor[]
