/** For tests: one feature by its id, its row, what the row writes for a device with these facts, and a platform of features alone. */
import {
  commonFacts,
  type FeatureDescriptor,
  type FeatureRow,
  type Json,
  type JsonObject,
  type Platform,
  passcode,
  secretsIn,
  withoutSecrets,
} from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { z } from 'zod'
import { appleFeatures, type FeatureWire, featureRows, featureWire } from './index.ts'

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

export interface Wire extends FeatureWire {
  /** Of the first profile, and the payloads of all. */
  readonly uuid: string
  readonly payloads: readonly JsonObject[]
}
export function readWire(json: Json): Wire {
  const wire = featureWire(json)
  return { ...wire, uuid: wire.profiles[0]?.uuid ?? '', payloads: wire.profiles.flatMap((p) => p.payloads) }
}
/** The settings as a policy would hold them: read by the descriptor, secrets beside. Throws where a policy could not say it. */
export function written(id: string, settings: object, facts: JsonObject = {}, name = 'device'): Wire {
  const d = featureOf(id)
  const read = d.settings.parse(settings) as JsonObject
  const secrets = Object.fromEntries(secretsIn(read, d.secret).map((s) => [s.path, s.value as string]))
  const row = featureRows[id]?.find((r) => r.channel === name.split(':')[0]) ?? rowOf(id)
  return readWire(row.to(withoutSecrets(read, d.secret), sampleChannel({ platform: 'apple', facts, name }), secrets))
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
