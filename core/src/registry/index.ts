/** The words of every installed platform in one place: descriptors and rows by id. In memory and pure; made once at start. */
import {
  type ChannelDetail,
  channelKind,
  commonOperations,
  type Descriptors,
  type FeatureDescriptor,
  type FeatureRow,
  type Json,
  type OperationDescriptor,
  type OperationRow,
  type Platform,
  passcode,
  type Reason,
} from '@muster/contract'

export { channelKind } from '@muster/contract'

export interface InstalledPlatform {
  readonly platform: Platform
  readonly settings: Json
  readonly descriptors: Descriptors
  readonly operationRows: Readonly<Record<string, readonly OperationRow[]>>
  readonly featureRows: Readonly<Record<string, readonly FeatureRow[]>>
}

export interface Registry {
  readonly platforms: ReadonlyMap<string, InstalledPlatform>
  readonly operations: ReadonlyMap<string, OperationDescriptor>
  readonly features: ReadonlyMap<string, FeatureDescriptor>
  operationRows(platform: string, operation: string): readonly OperationRow[]
  featureRows(platform: string, feature: string): readonly FeatureRow[]
}

const commonFeatures: readonly FeatureDescriptor[] = [passcode]

/** Throws when two platforms claim one word, or a row has no descriptor: a mistake of the build, not of a user. */
export function createRegistry(
  platforms: readonly Platform[],
  settings: Readonly<Record<string, Json>> = {},
): Registry {
  const installed = new Map<string, InstalledPlatform>()
  const operations = new Map(commonOperations.map((d) => [d.id, d]))
  const features = new Map(commonFeatures.map((d) => [d.id, d]))
  for (const platform of platforms) {
    if (installed.has(platform.id)) throw new Error(`platform ${platform.id} is installed twice`)
    const own = settings[platform.id] ?? {}
    const descriptors = platform.describe(own)
    add(operations, descriptors.operations, platform.id)
    add(features, descriptors.features, platform.id)
    const rows = platform.rows(own)
    for (const id of Object.keys(rows.operations))
      if (!operations.has(id)) throw new Error(`${platform.id}: operation row ${id} has no descriptor`)
    for (const id of Object.keys(rows.features))
      if (!features.has(id)) throw new Error(`${platform.id}: feature row ${id} has no descriptor`)
    installed.set(platform.id, {
      platform,
      settings: own,
      descriptors,
      operationRows: rows.operations,
      featureRows: rows.features,
    })
  }
  return {
    platforms: installed,
    operations,
    features,
    operationRows: (platform, id) => own(installed.get(platform)?.operationRows, id),
    featureRows: (platform, id) => own(installed.get(platform)?.featureRows, id),
  }
}

/** Facts that rows of operations look at where they look at few. */
export function factsLookedAt(registry: Pick<Registry, 'platforms'>): string[] {
  const rows = [...registry.platforms.values()].flatMap((p) => Object.values(p.operationRows).flat())
  return [...new Set(rows.flatMap((row) => row.looks ?? []))]
}

/** The first row this channel can serve, or why none can. */
export function pickRow<R extends OperationRow | FeatureRow>(
  rows: readonly R[],
  c: ChannelDetail,
): { row: R } | { reason: Reason } {
  let reason: Reason = elsewhere(rows) ?? { code: 'unsupported', text: 'This platform cannot do it.' }
  for (const row of rows) {
    if (row.channel !== channelKind(c.name)) continue
    const can = ask(row, c)
    if (can === true) return { row }
    reason = can
  }
  return { reason }
}

/** Why a device without a channel of any of their kinds cannot have it, where they say so. */
export function elsewhere(rows: readonly (OperationRow | FeatureRow)[]): Reason | undefined {
  return rows.find((r) => r.elsewhere)?.elsewhere
}

/** Total by contract; one that throws all the same must not stop what others wait for. */
function ask(row: OperationRow | FeatureRow, c: ChannelDetail): true | Reason {
  try {
    return row.when?.(c) ?? true
  } catch (error) {
    return {
      code: 'platform-failed',
      text: `The platform failed to say whether it can do this: ${error instanceof Error ? error.message : 'unknown'}`,
    }
  }
}

function add<D extends { readonly id: string }>(to: Map<string, D>, more: readonly D[], platform: string): void {
  for (const d of more) {
    if (to.has(d.id)) throw new Error(`${platform}: ${d.id} is described already`)
    to.set(d.id, d)
  }
}

function own<T>(rows: Readonly<Record<string, readonly T[]>> | undefined, id: string): readonly T[] {
  return rows && Object.hasOwn(rows, id) ? (rows[id] ?? []) : []
}
