/** The words of the Windows platform: what its devices are, report and can do. Pure data. */
import { commonFacts, type Descriptors } from '@muster/contract'
import { z } from 'zod'

export const settings = z.object({}).strict()

export const descriptors: Descriptors = {
  settings,
  deviceTypes: [{ id: 'windows.pc', title: 'Windows PC', formFactors: ['laptop', 'desktop', 'tablet', 'virtual'] }],
  enrolments: [{ id: 'windows.mdm', title: 'Windows enrolment', ownerships: ['byod', 'cope', 'dedicated'] }],
  facts: [...commonFacts],
  operations: [],
  features: [],
  events: [],
}
