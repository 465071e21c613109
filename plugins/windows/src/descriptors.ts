/** The words of the Windows platform: what its devices are, report and can do. Pure data. */
import { commonFacts, type Descriptors } from '@muster/contract'
import { z } from 'zod'
import { endingEvent, enrolmentFacts, enrolmentSettings } from './enrol/index.ts'
import { windowsFeatures } from './features/index.ts'
import { escrow, inventoryFacts, windowsOperations } from './operations/index.ts'
import { wakeSetup } from './wake/index.ts'

export const settings = z
  .object({
    enrolment: enrolmentSettings.prefault({}),
    inventoryHours: z
      .number()
      .int()
      .min(1)
      .max(168)
      .default(8)
      .describe('Hours between two inventories of each device, by which drift is found'),
  })
  .strict()

export const descriptors: Descriptors = {
  settings,
  deviceTypes: [{ id: 'windows.pc', title: 'Windows PC', formFactors: ['laptop', 'desktop', 'tablet', 'virtual'] }],
  enrolments: [{ id: 'windows.mdm', title: 'Windows enrolment', ownerships: ['byod', 'cope', 'dedicated'] }],
  facts: [...commonFacts, ...enrolmentFacts, ...inventoryFacts],
  operations: windowsOperations,
  features: windowsFeatures,
  events: [endingEvent],
  setup: [wakeSetup],
  escrow,
}
