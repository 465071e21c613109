/** What only the channel to Google can do. */
import type { AndroidFeature } from '../area.ts'
import { googlePersonalUse, googleProtection, personalUse, protection } from '../documents/index.ts'

export const googleFeatures: readonly AndroidFeature[] = [
  { descriptor: personalUse, google: googlePersonalUse },
  { descriptor: protection, google: googleProtection },
]
