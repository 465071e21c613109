/** The words of Apple's platform: what its devices are, report and can do. Pure data. */
import { commonFacts, type Descriptors, type FactDescriptor } from '@muster/contract'
import { z } from 'zod'
import { appleOperations } from './commands/index.ts'
import { appleFeatures } from './profiles/index.ts'

const facts: readonly FactDescriptor[] = [
  { id: 'apple.udid', title: 'UDID', type: 'string' },
  { id: 'apple.enrollmentId', title: 'Enrolment id', type: 'string' },
  { id: 'apple.product', title: 'Product name', type: 'string', queryable: true },
  { id: 'apple.topic', title: 'Push topic', type: 'string' },
  { id: 'apple.supervised', title: 'Supervised', type: 'boolean', queryable: true },
  { id: 'apple.passcodePresent', title: 'Passcode set', type: 'boolean', queryable: true },
  { id: 'apple.profiles', title: 'Profiles', type: 'list' },
]

export const settings = z
  .object({
    identifierPrefix: z
      .string()
      .regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/)
      .max(100)
      .default('org.muster')
      .describe('Beginning of the identifiers of all profiles, in reverse domain notation'),
  })
  .strict()
export type AppleSettings = z.infer<typeof settings>

export const descriptors: Descriptors = {
  settings,
  deviceTypes: [
    { id: 'apple.iphone', title: 'iPhone', formFactors: ['phone'] },
    { id: 'apple.ipad', title: 'iPad', formFactors: ['tablet'] },
    { id: 'apple.mac', title: 'Mac', formFactors: ['laptop', 'desktop', 'virtual'] },
    { id: 'apple.tv', title: 'Apple TV', formFactors: ['tv'] },
  ],
  enrolments: [{ id: 'apple.profile', title: 'Enrolment profile', ownerships: ['byod', 'cope', 'dedicated'] }],
  facts: [...commonFacts, ...facts],
  operations: appleOperations,
  features: appleFeatures,
  events: [],
}
