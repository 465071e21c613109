/** Judges what the agent found against what was demanded, feature by feature. Pure. */
export { checkBanner } from './banner.ts'
export { checkBlocked, checkScreenLock, checkSysctl } from './device.ts'
export { checkFirewall, checkWifi, checkWireguard } from './network.ts'
export { checkPasscode } from './passcode.ts'
export { checkAutomaticUpdates, checkPackages } from './software.ts'
export { checkSsh } from './ssh.ts'
export { checkCertificates, checkSudoers } from './trust.ts'
