/** The published catalogue: every platform, operation and feature as data, from which forms, clients and documents are made. */
import {
  type FactDescriptor,
  type FeatureDescriptor,
  type Json,
  jsonSchema,
  type OperationDescriptor,
  operationPermission,
  type Platform,
  problemList,
  type Reason,
  type Schema,
  type SettingsMode,
  settingsMode,
} from '@muster/contract'
import type { InstalledPlatform, Registry } from '../registry/index.ts'

export interface CatalogPlatform {
  id: string
  title: string
  installed: boolean
  /** What can be done over each kind of channel, and whether settings go one by one or as one document. */
  channels: { kind: string; settings: SettingsMode; operations: string[]; features: string[] }[]
  deviceTypes: readonly { id: string; title: string; formFactors: readonly string[] }[]
  enrolments: readonly { id: string; title: string; ownerships: readonly string[] }[]
  facts: readonly FactDescriptor[]
  events: readonly { id: string; title: string; severity: string }[]
  support: { operations: string[]; features: string[] }
}
export interface CatalogOperation {
  id: string
  title: string
  summary: string
  danger: string
  repeatable: boolean
  collapse: boolean
  signed: boolean
  expiresS: number
  permission: string
  secret: readonly string[]
  params: Schema
  result: Schema
  examples: readonly Json[]
  platforms: string[]
}
export interface CatalogFeature {
  id: string
  title: string
  summary: string
  schema: Schema
  secret: readonly string[]
  merge: { rule: string; lists?: readonly string[] }
  examples: readonly Json[]
  platforms: string[]
}
export interface Catalog {
  platforms: CatalogPlatform[]
  operations: CatalogOperation[]
  features: CatalogFeature[]
  problems: { code: string; status: number; text: string }[]
}

export function createCatalog(registry: Registry): Catalog {
  const installed = [...registry.platforms.values()]
  const doing = (id: string) =>
    installed.filter((p) => registry.operationRows(p.platform.id, id).length > 0).map((p) => p.platform.id)
  const having = (id: string) =>
    installed.filter((p) => registry.featureRows(p.platform.id, id).length > 0).map((p) => p.platform.id)
  const operation = (d: OperationDescriptor): CatalogOperation => ({
    id: d.id,
    title: d.title,
    summary: d.summary,
    danger: d.danger,
    repeatable: d.repeatable,
    collapse: d.collapse ?? false,
    signed: d.signed ?? false,
    expiresS: d.expiresS,
    permission: operationPermission(d.id),
    secret: d.secret ?? [],
    params: jsonSchema(d.params),
    result: jsonSchema(d.result),
    examples: d.examples.map((e) => e.params as Json),
    platforms: doing(d.id),
  })
  const feature = (d: FeatureDescriptor): CatalogFeature => ({
    id: d.id,
    title: d.title,
    summary: d.summary,
    schema: jsonSchema(d.settings),
    secret: d.secret ?? [],
    merge: d.merge,
    examples: d.examples as readonly Json[],
    platforms: having(d.id),
  })
  return {
    platforms: installed.map(({ platform, descriptors, operationRows, featureRows }) => ({
      id: platform.id,
      title: platform.title,
      installed: true,
      channels: channelsOf(platform, operationRows, featureRows),
      deviceTypes: descriptors.deviceTypes,
      enrolments: descriptors.enrolments,
      facts: descriptors.facts,
      events: descriptors.events,
      support: { operations: Object.keys(operationRows), features: Object.keys(featureRows) },
    })),
    operations: [...registry.operations.values()].map(operation),
    features: [...registry.features.values()].map(feature),
    problems: problemList(),
  }
}

function channelsOf(
  platform: Platform,
  operations: InstalledPlatform['operationRows'],
  features: InstalledPlatform['featureRows'],
): CatalogPlatform['channels'] {
  const over = (all: Readonly<Record<string, readonly { channel: string; never?: Reason }[]>>, kind: string) =>
    Object.keys(all).filter((id) => all[id]?.some((row) => row.channel === kind && !row.never))
  const kinds = [...Object.values(operations), ...Object.values(features)].flat().map((row) => row.channel)
  return [...new Set(kinds)].sort().map((kind) => ({
    kind,
    settings: settingsMode(platform, kind),
    operations: over(operations, kind),
    features: over(features, kind),
  }))
}
