/** What a person sees of a managed device. */
import { android } from '@muster/contract'
import { agentFeature, kioskHolds, screenLockHolds } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import { googleCamera, googleKiosk, googleMessages, googleScreen, googleScreenLock } from '../documents/index.ts'

export const screenFeatures: readonly AndroidFeature[] = [
  {
    descriptor: android.screenLock,
    google: googleScreenLock,
    agent: agentFeature(android.screenLock, screenLockHolds),
  },
  { descriptor: android.camera, google: googleCamera, agent: agentFeature(android.camera) },
  { descriptor: android.screen, google: googleScreen, agent: agentFeature(android.screen) },
  { descriptor: android.notifications, agent: agentFeature(android.notifications) },
  { descriptor: android.kiosk, google: googleKiosk, agent: agentFeature(android.kiosk, kioskHolds) },
  { descriptor: android.messages, google: googleMessages, agent: agentFeature(android.messages) },
]
