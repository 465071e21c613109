/** The door of the contract: the words every room shares. */
export * as agentChannel from './agent-channel.ts'
export * from './android-means.ts'
export { androidPackage, androidRelease } from './android-words.ts'
export { canonical } from './canonical.ts'
export { certificatePem, examplePem } from './certificate-pem.ts'
export { type ChannelKind, channelKind, type SettingsMode, settingsMode } from './channel-kind.ts'
export * from './descriptors.ts'
export * from './envelope.ts'
export * from './events.ts'
export { commonFacts, factColumns } from './facts.ts'
export { isAddress, isCidr, oneLine } from './features/addresses.ts'
export { android, androidFeatures } from './features/android.ts'
export { androidFeatureMeans } from './features/android-means.ts'
export {
  type AndroidRestriction,
  androidRestrictionGroups,
  androidRestrictions,
  androidRestrictionsSet,
} from './features/android-restrictions.ts'
export { linuxBanner, linuxSsh } from './features/linux.ts'
export { linuxAutomaticUpdates } from './features/linux-automatic-updates.ts'
export { linuxCertificates } from './features/linux-certificates.ts'
export { linuxCamera, linuxUsbStorage } from './features/linux-devices.ts'
export { firewallRules, linuxFirewall } from './features/linux-firewall.ts'
export { linuxPackages } from './features/linux-packages.ts'
export { linuxScreenLock } from './features/linux-screen-lock.ts'
export { linuxSudoers } from './features/linux-sudoers.ts'
export { linuxSysctl, sysctlKeys } from './features/linux-sysctl.ts'
export { linuxWifi } from './features/linux-wifi.ts'
export { linuxWireguard } from './features/linux-wireguard.ts'
export { passcode } from './features/passcode.ts'
export type * from './json.ts'
export { type Language, languageOf, said, type Text, textIn, type Words } from './language.ts'
export { androidOperation, androidOperations } from './operations/android.ts'
export { androidOperationMeans } from './operations/android-means.ts'
export {
  logsCollect,
  packageInstall,
  packageRemove,
  packageUpdate,
  scriptRun,
  serviceRestart,
} from './operations/computer.ts'
export {
  commonOperations,
  deviceDisenrol,
  deviceInventory,
  deviceLocate,
  deviceLock,
  deviceMessage,
  deviceReboot,
  deviceRing,
  deviceShutdown,
  deviceWipe,
  deviceWipeCorporate,
} from './operations/device.ts'
export {
  deviceLostModeDisable,
  deviceLostModeEnable,
  deviceMute,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceRename,
} from './operations/mobile.ts'
export * from './people.ts'
export type * from './plugin.ts'
export * from './problem.ts'
export type * from './push.ts'
export {
  itemVersion,
  joinVersions,
  mapSecrets,
  type SecretAt,
  secretPlaces,
  secretsIn,
  withoutSecrets,
  withSecrets,
} from './secret-paths.ts'
export type * from './setup.ts'
export type * from './short-turn.ts'
export { fillVariables, variablesOf } from './variables.ts'
