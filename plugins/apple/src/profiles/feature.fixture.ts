/** For tests: one feature by its id, its row, and what the row writes for a device with these facts. */
import { type FeatureDescriptor, type FeatureRow, type JsonObject, passcode } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
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
