/** The words of Android: what its devices are, report and can do. Pure data. */
import {
  commonFacts,
  commonOperations,
  type Descriptors,
  type FactDescriptor,
  ownerships,
  passcode,
} from '@muster/contract'
import { agentEvents, agentFacts, wakeSetup } from './agent/index.ts'
import { features } from './features/index.ts'
import { googleFacts, googleSetup, usageEvents } from './google/index.ts'
import { operations } from './operations/index.ts'
import { settings } from './settings.ts'

const common = new Set<string>([...commonOperations.map((d) => d.id), passcode.id])
const facts: readonly FactDescriptor[] = [
  { id: 'android.apiLevel', title: { en: 'API level', de: 'API-Stufe' }, type: 'number', queryable: true },
  {
    id: 'android.securityPatch',
    title: { en: 'Security patch level', de: 'Stand der Sicherheitspatches' },
    type: 'string',
    queryable: true,
  },
  {
    id: 'android.mode',
    title: {
      en: 'Managed as (device-owner, profile-owner, plain)',
      de: 'Verwaltet als (device-owner, profile-owner, plain)',
    },
    type: 'string',
    queryable: true,
  },
  ...googleFacts,
  ...agentFacts,
]

export const descriptors: Descriptors = {
  settings,
  deviceTypes: [
    { id: 'android.phone', title: 'Android phone', formFactors: ['phone'] },
    { id: 'android.tablet', title: 'Android tablet', formFactors: ['tablet'] },
    {
      id: 'android.dedicated',
      title: 'Android device for one purpose',
      formFactors: ['kiosk', 'point-of-sale', 'tv', 'other'],
    },
  ],
  enrolments: [
    { id: 'android.google', title: 'Android Enterprise', ownerships: [...ownerships] },
    { id: 'android.agent', title: 'Agent with an enrolment code', ownerships: [...ownerships] },
  ],
  facts: [...commonFacts, ...facts],
  operations: operations.map((o) => o.descriptor).filter((d) => !common.has(d.id)),
  features: features.map((f) => f.descriptor).filter((d) => !common.has(d.id)),
  events: [...agentEvents, ...usageEvents],
  setup: [...googleSetup, wakeSetup],
}
