/** The words of Apple's platform: what its devices are, report and can do. Pure data. */
import { commonFacts, type Descriptors, type FactDescriptor } from '@muster/contract'
import { readablePem } from '@muster/kit/words'
import { z } from 'zod'
import { automatedSetup } from './automated/index.ts'
import { businessSetup } from './business/index.ts'
import { appleOperations, inventoryFacts } from './commands/index.ts'
import { declaredFacts } from './declarative/index.ts'
import { accountFact, accountSetup, endingEvent, enrolmentFact } from './enrol/index.ts'
import { escrow } from './mdm/index.ts'
import { appleFeatures } from './profiles/index.ts'
import { pushCertificateSetup } from './setup/index.ts'

const facts: readonly FactDescriptor[] = [
  { id: 'apple.udid', title: 'UDID', type: 'string' },
  { id: 'apple.enrollmentId', title: { en: 'Enrolment id', de: 'Kennung der Registrierung' }, type: 'string' },
  { id: enrolmentFact, title: { en: 'Enrolled by', de: 'Registriert durch' }, type: 'string' },
  { id: accountFact, title: { en: 'Managed Apple Account', de: 'Verwalteter Apple Account' }, type: 'string' },
  { id: 'apple.topic', title: { en: 'Push topic', de: 'Push-Thema' }, type: 'string' },
  ...inventoryFacts,
  ...declaredFacts,
]

export const settings = z
  .object({
    identifierPrefix: z
      .string()
      .regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/)
      .max(100)
      .default('org.muster')
      .describe('Beginning of the identifiers of all profiles, in reverse domain notation'),
    signedMessages: z
      .boolean()
      .default(true)
      .describe(
        'Devices sign each message; without it they are known by the certificate of their TLS connection alone',
      ),
    inventoryHours: z
      .number()
      .int()
      .min(1)
      .max(168)
      .default(8)
      .describe('Hours between two inventories of each device, by which drift is found'),
    businessUrl: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .default('https://mdmenrollment.apple.com')
      .describe('Apple’s service for organisations (Apple Business Manager)'),
    deviceAuthority: readablePem('Authority of devices')
      .optional()
      .describe('Whose devices are believed when they come in out of the box, instead of those that Apple made (PEM)'),
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
  events: [{ id: endingEvent, title: 'The identity ends soon and could not be renewed', severity: 'warning' }],
  setup: [pushCertificateSetup, accountSetup, businessSetup, automatedSetup],
  escrow,
}
