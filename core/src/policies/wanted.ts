/** What one channel should have: the features of its set that go over this channel, with the row that speaks them and the hash of what it will be given. */
import {
  type ChannelDetail,
  type FeatureRow,
  fillVariables,
  type JsonObject,
  type Reason,
  withoutSecrets,
} from '@muster/contract'
import type { Log } from '../db/index.ts'
import { channelKind, pickRow, type Registry } from '../registry/index.ts'
import { hashOf } from './hash.ts'
import type { SetFeature } from './model.ts'

export interface Wanted {
  readonly feature: string
  readonly of: SetFeature
  /** Of the settings and of the values of the variables they use. */
  readonly hash: string
  readonly row?: FeatureRow
  /** Why it cannot be delivered to this channel. */
  readonly refused?: Reason
}

/** The first row whose kind of channel the device has decides over which channel a feature goes. */
export function goesOver(rows: readonly FeatureRow[], kind: string, kinds: readonly string[]): boolean {
  return rows.find((r) => kinds.includes(r.channel))?.channel === kind
}

export function wantedBy(
  c: ChannelDetail,
  kinds: readonly string[],
  set: readonly SetFeature[],
  registry: Registry,
  log: Log,
): Map<string, Wanted> {
  const kind = channelKind(c.name)
  const wanted = new Map<string, Wanted>()
  for (const of of set) {
    const rows = registry.featureRows(c.platform, of.feature)
    if (!goesOver(rows, kind, kinds)) continue
    const picked = pick(rows, c, of.feature, log)
    wanted.set(of.feature, {
      feature: of.feature,
      of,
      hash: wantedHash(of, c.variables),
      ...('row' in picked ? { row: picked.row } : { refused: picked.reason }),
    })
  }
  return wanted
}

function pick(
  rows: readonly FeatureRow[],
  c: ChannelDetail,
  feature: string,
  log: Log,
): { row: FeatureRow } | { reason: Reason } {
  try {
    return pickRow(rows, c)
  } catch (err) {
    log.error({ err, feature, channel: c.no }, 'a platform failed to say whether it can do a policy feature')
    return { reason: { code: 'platform-failed', text: 'The platform failed to say whether it can do this.' } }
  }
}

export function wantedHash(of: SetFeature, variables: Readonly<Record<string, string>>): string {
  if (of.variables.length === 0) return of.hash
  return hashOf([
    of.hash,
    ...of.variables.map((name) => (Object.hasOwn(variables, name) ? (variables[name] ?? null) : null)),
  ])
}

/** The hash of every variable that a set uses, undefined when it uses none. */
export function variablesHash(set: readonly SetFeature[], variables: Readonly<Record<string, string>>): string | null {
  const using = set.filter((f) => f.variables.length > 0)
  return using.length === 0 ? null : hashOf(using.map((f) => [f.feature, wantedHash(f, variables)]))
}

/** Settings as a row reads them: secrets left out (they come beside), variables filled in. */
export function readable(
  of: SetFeature,
  variables: Readonly<Record<string, string>>,
  registry: Registry,
): { settings: JsonObject } | { missing: string[] } {
  return fillVariables(withoutSecrets(of.settings, registry.features.get(of.feature)?.secret), variables)
}
