/** The door of the contract: the words every room shares. */
export * as agentChannel from './agent-channel.ts'
export { canonical } from './canonical.ts'
export * from './descriptors.ts'
export * from './envelope.ts'
export * from './events.ts'
export { commonFacts, factColumns } from './facts.ts'
export { isAddress, isCidr, oneLine } from './features/addresses.ts'
export { linuxBanner, linuxSsh } from './features/linux.ts'
export { linuxAutomaticUpdates } from './features/linux-automatic-updates.ts'
export { certificatePem, linuxCertificates } from './features/linux-certificates.ts'
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
  devicePasscodeClear,
  deviceRename,
} from './operations/mobile.ts'
export type * from './plugin.ts'
export * from './problem.ts'
export type * from './push.ts'
export type * from './setup.ts'
export { fillVariables, variablesOf } from './variables.ts'
