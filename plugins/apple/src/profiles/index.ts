/** The door of profiles: every policy feature that is a configuration profile. */
import { type FeatureDescriptor, type FeatureRow, passcode } from '@muster/contract'
import { passcodeRow } from './passcode.ts'

export { buildProfile, type ProfileContent, type ProfileNames, profileIdentifier, uuidOf } from './profile.ts'
export { profilesFact } from './row.ts'

/** Features that only Apple's devices have. */
export const appleFeatures: readonly FeatureDescriptor[] = []
export const featureRows: Readonly<Record<string, readonly FeatureRow[]>> = { [passcode.id]: [passcodeRow] }
