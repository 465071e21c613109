/** For tests: one feature by its id, its row, what the row writes for a device with these facts, and a platform of features alone. */
import {
  commonFacts,
  type FeatureDescriptor,
  type FeatureRow,
  type JsonObject,
  type Platform,
  passcode,
} from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { z } from 'zod'
import { appleFeatures, featureRows, type ProfileContent } from './index.ts'

export function featureOf(id: string): FeatureDescriptor {
  const found = [passcode, ...appleFeatures].find((f) => f.id === id)
  if (!found) throw new Error(`no feature ${id}`)
  return found
}
export function rowOf(id: string): FeatureRow {
  const found = featureRows[id]?.[0]
  if (!found) throw new Error(`no row ${id}`)
  return found
}

export interface Wire extends ProfileContent {
  feature: string
  uuid: string
}
/** The settings as a policy would hold them: read by the descriptor, secrets beside. Throws where a policy could not say it. */
export function written(id: string, settings: object, facts: JsonObject = {}): Wire {
  const d = featureOf(id)
  const read = d.settings.parse(settings) as JsonObject
  const [plain, secrets] = [false, true].map((secret) =>
    Object.fromEntries(Object.entries(read).filter(([name]) => (d.secret ?? []).includes(name) === secret)),
  )
  return rowOf(id).to(
    plain ?? {},
    sampleChannel({ platform: 'apple', facts }),
    (secrets ?? {}) as Record<string, string>,
  ) as unknown as Wire
}

/** No protocol: what the host hands over is looked at as it is. */
export const featuresAlone: Platform = {
  id: 'apple',
  title: 'Apple',
  settings: 'each',
  migrations: [],
  describe: () => ({
    settings: z.object({}),
    deviceTypes: [],
    enrolments: [],
    facts: commonFacts,
    operations: [],
    features: appleFeatures,
    events: [],
  }),
  rows: () => ({ operations: {}, features: featureRows }),
  open: async () => ({ routes: [], invite: async () => ({ steps: [] }), close: async () => undefined }),
}
