/** The door of profiles: every policy feature that is a configuration profile. */
import type { FeatureDescriptor, FeatureRow } from '@muster/contract'
import { calendars, contacts, directoryAccount, subscribedCalendar } from './accounts.ts'
import { certificates, identity, scep } from './certificates.ts'
import { customProfiles } from './custom.ts'
import { directory } from './directory.ts'
import { energy } from './energy.ts'
import { appExtensions, kernelExtensions, loginItems, systemExtensions } from './extensions.ts'
import { loginWindow } from './login-window.ts'
import { fileVault, firewall, gatekeeper } from './mac-security.ts'
import { exchange, mail } from './mail.ts'
import { dnsSettings, proxy, webFilter } from './network.ts'
import { autoLock, passcode } from './passcode.ts'
import { privacy } from './privacy.ts'
import { restrictions } from './restrictions.ts'
import type { ProfileFeature } from './row.ts'
import { homeScreen, notifications, singleApp, webClips } from './screen.ts'
import { softwareUpdate } from './software-update.ts'
import { vpn } from './vpn.ts'
import { wifi } from './wifi.ts'

export { type Availability, available, type Since, type System } from './availability.ts'
export { buildProfile, type ProfileContent, type ProfileNames, profileIdentifier, uuidOf } from './profile.ts'
export { profilesFact } from './row.ts'
export { signedProfile, signXml } from './signed.ts'
export { vpnUuid } from './vpn.ts'

/** In the order in which the console offers them. */
const own: readonly ProfileFeature[] = [
  wifi,
  vpn,
  certificates,
  scep,
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
  loginWindow,
  systemExtensions,
  kernelExtensions,
  appExtensions,
  loginItems,
  privacy,
  energy,
  directory,
  customProfiles,
]

/** Features that only Apple's devices have. */
export const appleFeatures: readonly FeatureDescriptor[] = own.map((f) => f.descriptor)
export const featureRows: Readonly<Record<string, readonly FeatureRow[]>> = Object.fromEntries(
  [passcode, ...own].map((f) => [f.descriptor.id, [f.row]]),
)
