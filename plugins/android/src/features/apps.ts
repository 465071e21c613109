/** Apps: which there must be, which there may be, what they may do. */
import { android } from '@muster/contract'
import { agentFeature, appListHolds, hiddenAppsHold, permissionsHold, requiredAppsHold } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import {
  googleAppList,
  googleAssistant,
  googleDefaultApps,
  googleHiddenApps,
  googleManagedConfiguration,
  googlePermissions,
  googleProtectedApps,
  googleRequiredApps,
  googleServices,
  googleWebClips,
} from '../documents/index.ts'

export const appFeatures: readonly AndroidFeature[] = [
  { descriptor: android.appList, google: googleAppList, agent: agentFeature(android.appList, appListHolds) },
  {
    descriptor: android.requiredApps,
    google: googleRequiredApps,
    agent: agentFeature(android.requiredApps, requiredAppsHold),
  },
  { descriptor: android.hiddenApps, google: googleHiddenApps, agent: agentFeature(android.hiddenApps, hiddenAppsHold) },
  { descriptor: android.protectedApps, google: googleProtectedApps, agent: agentFeature(android.protectedApps) },
  {
    descriptor: android.permissions,
    google: googlePermissions,
    agent: agentFeature(android.permissions, permissionsHold),
  },
  {
    descriptor: android.managedConfiguration,
    google: googleManagedConfiguration,
    agent: agentFeature(android.managedConfiguration),
  },
  { descriptor: android.defaultApps, google: googleDefaultApps, agent: agentFeature(android.defaultApps) },
  { descriptor: android.assistant, google: googleAssistant, agent: agentFeature(android.assistant) },
  { descriptor: android.services, google: googleServices, agent: agentFeature(android.services) },
  { descriptor: android.webClips, google: googleWebClips, agent: agentFeature(android.webClips) },
]
