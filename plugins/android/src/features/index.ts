/** The door of policy features: every area, one file each. */
import type { AndroidFeature } from '../area.ts'
import { appFeatures } from './apps.ts'
import { declined } from './beyond-google.ts'
import { googleFeatures } from './google-alone.ts'
import { knoxFeatures } from './knox.ts'
import { networkFeatures } from './network.ts'
import { passcodeFeatures } from './passcode.ts'
import { restrictionFeatures } from './restrictions.ts'
import { screenFeatures } from './screen.ts'
import { securityFeatures } from './security.ts'
import { systemFeatures } from './system.ts'

const areas: readonly AndroidFeature[] = [
  ...passcodeFeatures,
  ...screenFeatures,
  ...restrictionFeatures,
  ...appFeatures,
  ...networkFeatures,
  ...securityFeatures,
  ...systemFeatures,
  ...knoxFeatures,
  ...googleFeatures,
]
export const features: readonly AndroidFeature[] = areas.map(declined)
