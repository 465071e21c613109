/** The room put together: one object of functions over its parts. */
import { withoutSecrets } from '@muster/contract'
import { createAuthoring } from './authoring.ts'
import { createDelivery } from './delivery.ts'
import { effective } from './effective.ts'
import { evaluate } from './evaluate.ts'
import { followChanges } from './follow.ts'
import type { Policies, PoliciesDeps } from './model.ts'
import { createPreview } from './preview.ts'
import type { Previews } from './preview-words.ts'
import { createSets } from './sets.ts'
import { settle } from './settle.ts'
import { type Parts, take } from './take.ts'
import { closed, missing, tick, variablesChanged, waitingChannels, withSettings } from './upkeep.ts'
import { verdicts } from './verdicts.ts'

export function createPolicies(deps: PoliciesDeps): Policies & Previews {
  const parts: Parts = { ...deps, sets: createSets(), delivery: createDelivery(deps), heard: new WeakMap() }
  return {
    ...createAuthoring(parts),
    ...createPreview(parts),
    effective: (device) => effective(device, parts),
    desired: async (set) => {
      const features = (await parts.sets.load(deps.db, [set])).get(set) ?? []
      return features.map((f) => ({
        feature: f.feature,
        settings: withoutSecrets(f.settings, deps.registry.features.get(f.feature)?.secret),
        hash: f.hash,
      }))
    },
    evaluateScope: async (tx, scope) => (await evaluate(tx, scope, parts)).channels,
    settle: (tx, said) => settle(tx, said, parts),
    verdicts: (tx, rows) => verdicts(tx, rows, parts),
    take: (tx, wants) => take(tx, wants, parts),
    waiting: withSettings,
    waitingChannels: (tx, channels) => waitingChannels(tx ?? deps.db, channels),
    missing,
    variablesChanged: (tx, channels) => variablesChanged(tx, channels, parts),
    tick: (tx) => tick(tx, parts),
    closed: (tx, channels) => closed(tx, channels, parts),
    follow: () => followChanges(parts),
  }
}
