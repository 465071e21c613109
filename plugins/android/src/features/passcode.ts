/** Password rules. */
import { passcode } from '@muster/contract'
import { agentFeature, passcodeHolds } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import { googlePasscode } from '../documents/index.ts'

export const passcodeFeatures: readonly AndroidFeature[] = [
  { descriptor: passcode, google: googlePasscode, agent: agentFeature(passcode, passcodeHolds) },
]
