/** What users of a device cannot do. */
import { android } from '@muster/contract'
import { agentFeature, restrictionsHold } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import { googleRestrictions } from '../documents/index.ts'

export const restrictionFeatures: readonly AndroidFeature[] = [
  {
    descriptor: android.restrictions,
    google: googleRestrictions,
    agent: agentFeature(android.restrictions, restrictionsHold),
  },
]
