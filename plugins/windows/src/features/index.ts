/** The door of the policy features: what is described, the rows that speak it, and what takes each away. */
import type { ChannelDetail, FeatureDescriptor, FeatureRow, Json, JsonObject } from '@muster/contract'
import type { Work } from '../wire/index.ts'
import { bitlocker } from './bitlocker.ts'
import { certificates, identity, scep } from './certificates.ts'
import { configRefresh } from './config-refresh.ts'
import { localAccounts, localGroups, personalisation, power, proxy, sleep, timeZone } from './device.ts'
import { firewall, firewallRules } from './firewall.ts'
import { hello, laps } from './hello.ts'
import { kiosk } from './kiosk.ts'
import { auditPolicy, securityOptions, signInMessage, userRights } from './local-security.ts'
import { exchange } from './mail.ts'
import { admx, admxTemplates, appLocker, customUris } from './own.ts'
import { autoLock, passcode } from './passcode.ts'
import { restrictions } from './restrictions.ts'
import type { NodeFeature } from './row.ts'
import {
  attackSurface,
  camera,
  defender,
  defenderThreats,
  exploitProtection,
  securityApp,
  smartScreen,
} from './security.ts'
import { shellLauncher } from './shell-launcher.ts'
import { deliveryOptimization, updates } from './updates.ts'
import { userRestrictions } from './user-restrictions.ts'
import { vpn } from './vpn.ts'
import { wifi } from './wifi.ts'

export { isAbsent, isDone, meaningOf } from './codes.ts'
export { erases, plainAddress, remembered } from './node.ts'
export { ownedAfter, ownedFact } from './owned.ts'

/** In the order in which the console offers them. */
const own: readonly NodeFeature[] = [
  wifi,
  vpn,
  certificates,
  scep,
  identity,
  autoLock,
  camera,
  restrictions,
  userRestrictions,
  bitlocker,
  defender,
  defenderThreats,
  attackSurface,
  smartScreen,
  securityApp,
  exploitProtection,
  firewall,
  firewallRules,
  updates,
  deliveryOptimization,
  hello,
  laps,
  kiosk,
  shellLauncher,
  localGroups,
  localAccounts,
  securityOptions,
  userRights,
  auditPolicy,
  signInMessage,
  power,
  sleep,
  personalisation,
  timeZone,
  proxy,
  exchange,
  appLocker,
  configRefresh,
  admx,
  admxTemplates,
  customUris,
]

/** Features that only Windows has. */
export const windowsFeatures: readonly FeatureDescriptor[] = own.map((f) => f.descriptor)
const all = new Map<string, NodeFeature>([passcode, ...own].map((f) => [f.descriptor.id, f]))
export const featureRows: Readonly<Record<string, readonly FeatureRow[]>> = Object.fromEntries(
  [...all].map(([id, f]) => [id, [f.row]]),
)

/** What takes a feature away from a device; `kept`: as the answer before left it; `version`: of its settings and secrets. */
export function dropWork(feature: string, settings: JsonObject, c: ChannelDetail, kept?: Json, version?: string): Work {
  return all.get(feature)?.drop(settings, c, kept, version) ?? { commands: [{ verb: 'Get', uri: './DevInfo/DevId' }] }
}
