/** What only Samsung devices can do, each with the licence that it needs. */
import { android } from '@muster/contract'
import { agentFeature } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'

export const knoxFeatures: readonly AndroidFeature[] = [
  { descriptor: android.knoxRestrictions, agent: agentFeature(android.knoxRestrictions) },
  { descriptor: android.knoxFirewall, agent: agentFeature(android.knoxFirewall) },
  { descriptor: android.knoxKeys, agent: agentFeature(android.knoxKeys) },
]
