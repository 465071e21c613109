/** The system: updates, time, location, and what passes between work and personal apps. */
import { android } from '@muster/contract'
import { agentFeature } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import { googleLocation, googleSystemUpdates, googleTime, googleWorkProfile } from '../documents/index.ts'

export const systemFeatures: readonly AndroidFeature[] = [
  { descriptor: android.systemUpdates, google: googleSystemUpdates, agent: agentFeature(android.systemUpdates) },
  { descriptor: android.time, google: googleTime, agent: agentFeature(android.time) },
  { descriptor: android.location, google: googleLocation, agent: agentFeature(android.location) },
  { descriptor: android.workProfile, google: googleWorkProfile, agent: agentFeature(android.workProfile) },
]
