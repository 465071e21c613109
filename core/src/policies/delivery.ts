/** The secrets that go beside a setting: those that stand in the settings, and those the device entrusted to us, for the names its row asks for. */
import { type ChannelDetail, secretsIn } from '@muster/contract'
import type { Tx } from '../db/index.ts'
import { originOf } from './merge.ts'
import type { PoliciesDeps, SetFeature } from './model.ts'
import { sealedBytes, secretPlace } from './sealing.ts'
import type { Wanted } from './wanted.ts'

export interface Needing {
  readonly channel: ChannelDetail
  readonly wanted: Wanted
}
export type SecretsOf = (channel: number, feature: string) => Record<string, string>

export function createDelivery(deps: Pick<PoliciesDeps, 'registry' | 'secrets' | 'log' | 'escrow'>) {
  const { registry, secrets, log } = deps

  /** A secret that cannot be opened is left out: the row then says what it lacks, and nobody else's delivery is held up. */
  function open(place: string, sealed: Uint8Array): string | undefined {
    try {
      return secrets.open(place, sealed).toString('utf8')
    } catch (err) {
      log.error({ err, place }, 'a secret of a policy cannot be opened; it is delivered without')
      return undefined
    }
  }

  function inSettings(of: SetFeature, needs: readonly string[]): Record<string, string> {
    const found: Record<string, string> = {}
    const wanted = registry.features.get(of.feature)?.secret?.filter((pattern) => needs.includes(pattern))
    for (const at of secretsIn(of.settings, wanted)) {
      const sealed = sealedBytes(at.value)
      const origin = originOf(of.origins, `/${at.path}`)
      const value = sealed && origin && open(secretPlace(origin.policy, of.feature, at.pattern), sealed)
      if (value !== undefined) found[at.path] = value
    }
    return found
  }

  /** Reading escrow is one statement for all; what stands in the settings goes before it. */
  async function secretsFor(tx: Tx, all: readonly Needing[]): Promise<SecretsOf> {
    const needing = all.flatMap((n) =>
      n.wanted.row?.needs?.length
        ? [{ ...n, names: n.wanted.row.needs, mine: inSettings(n.wanted.of, n.wanted.row.needs) }]
        : [],
    )
    const missing = needing
      .map((n) => ({
        channel: n.channel.no,
        names: n.names.filter((name) => !name.includes('/') && !Object.hasOwn(n.mine, name)),
      }))
      .filter((n) => n.names.length > 0)
    const escrowed = missing.length === 0 ? new Map<number, Record<string, string>>() : await deps.escrow(tx, missing)
    const found = new Map<string, Record<string, string>>()
    for (const n of needing) {
      const kept = Object.entries(escrowed.get(n.channel.no) ?? {}).filter(([name]) => n.names.includes(name))
      found.set(`${n.channel.no} ${n.wanted.feature}`, { ...Object.fromEntries(kept), ...n.mine })
    }
    return (channel, feature) => found.get(`${channel} ${feature}`) ?? {}
  }

  return { secretsFor }
}
