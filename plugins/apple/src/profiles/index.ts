/** The door of profiles: every policy feature that is a configuration profile. */
import type { FeatureDescriptor, FeatureRow } from '@muster/contract'
import { calendars, contacts, directoryAccount, subscribedCalendar } from './accounts.ts'
import { certificates, identity, scep } from './certificates.ts'
import { customProfiles } from './custom.ts'
import { calculator, googleAccounts, managedApps, passkeyAttestation, safariExtensions } from './declared.ts'
import { backgroundTasks, diskManagement, screenSharing, serviceFiles } from './declared-mac.ts'
import { directory } from './directory.ts'
import { energy } from './energy.ts'
import { appExtensions, kernelExtensions, loginItems, systemExtensions } from './extensions.ts'
import { loginWindow } from './login-window.ts'
import { fileVault, firewall, gatekeeper } from './mac-security.ts'
import { exchange, mail } from './mail.ts'
import { dnsSettings, proxy, webFilter } from './network.ts'
import { acme, fonts, lockScreenMessage, managedDomains, singleSignOn, smartCards } from './organisation.ts'
import { autoLock, passcode } from './passcode.ts'
import { privacy } from './privacy.ts'
import { restrictions } from './restrictions.ts'
import type { ProfileFeature } from './row.ts'
import { homeScreen, notifications, singleApp, webClips } from './screen.ts'
import { airPlay, airPrint, contentCaching, networkUsage } from './services.ts'
import { softwareUpdate } from './software-update.ts'
import { updateEnforcement } from './update-enforcement.ts'
import { vpn } from './vpn.ts'
import { wifi } from './wifi.ts'

export { type Availability, available, type Since, type System } from './availability.ts'
export {
  canDeclare,
  declarableFact,
  type Native,
  type NativeAsset,
  nativeTypes,
  withAssets,
} from './native.ts'
export { buildProfile, type ProfileContent, type ProfileNames, profileIdentifier, uuidOf } from './profile.ts'
export { type DeclaredState, declaredFact, declaredVerdict, profilesFact } from './proof.ts'
export { signedProfile, signXml } from './signed.ts'
export { readSteps, stepsOf } from './steps.ts'
export { systemsOf } from './systems.ts'
export { vpnUuid } from './vpn.ts'
export { type FeatureNative, type FeatureProfile, type FeatureWire, featureWire } from './wire.ts'

/** In the order in which the console offers them. */
const own: readonly ProfileFeature[] = [
  wifi,
  vpn,
  certificates,
  scep,
  acme,
  identity,
  autoLock,
  restrictions,
  webClips,
  mail,
  exchange,
  calendars,
  subscribedCalendar,
  contacts,
  directoryAccount,
  homeScreen,
  singleApp,
  notifications,
  dnsSettings,
  proxy,
  webFilter,
  fileVault,
  firewall,
  gatekeeper,
  softwareUpdate,
  updateEnforcement,
  loginWindow,
  systemExtensions,
  kernelExtensions,
  appExtensions,
  loginItems,
  privacy,
  energy,
  directory,
  managedApps,
  googleAccounts,
  safariExtensions,
  calculator,
  passkeyAttestation,
  diskManagement,
  screenSharing,
  serviceFiles,
  backgroundTasks,
  managedDomains,
  lockScreenMessage,
  singleSignOn,
  smartCards,
  fonts,
  airPrint,
  airPlay,
  networkUsage,
  contentCaching,
  customProfiles,
]

/** Features that only Apple's devices have. */
export const appleFeatures: readonly FeatureDescriptor[] = own.map((f) => f.descriptor)
export const featureRows: Readonly<Record<string, readonly FeatureRow[]>> = Object.fromEntries(
  [passcode, ...own].map((f) => [f.descriptor.id, f.rows ?? [f.row]]),
)
