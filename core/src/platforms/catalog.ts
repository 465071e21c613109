/** The published catalogue: every platform, operation and feature as data, from which forms, clients and documents are made. */
import {
  type FactDescriptor,
  type FeatureDescriptor,
  type Json,
  jsonSchema,
  type Language,
  type OperationDescriptor,
  operationPermission,
  type Platform,
  problemList,
  type Reason,
  type Schema,
  type SettingsMode,
  settingsMode,
  type Text,
  textIn,
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
  facts: readonly (Omit<FactDescriptor, 'title'> & { title: string })[]
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

/** All of it in one language, with every schema: dear, so made when somebody asks. */
export function createCatalog(registry: Registry, language: Language = 'en'): Catalog {
  return {
    platforms: platformsOf(registry, language),
    operations: [...registry.operations.values()].map((d) => operationOf(d, registry, language)),
    features: [...registry.features.values()].map((d) => featureOf(d, registry, language)),
    problems: problemList(),
  }
}

interface Word {
  id: string
  title: string
  summary: string
}
/** Each platform with its words and without their schemas: what stays readable of it, and costs nothing to make. */
export function wordsOf(registry: Registry): (CatalogPlatform & { operations: Word[]; features: Word[] })[] {
  const words = (ids: readonly string[], known: ReadonlyMap<string, { title: Text; summary: Text }>): Word[] =>
    ids.flatMap((id) => {
      const d = known.get(id)
      return d ? [{ id, title: textIn(d.title), summary: textIn(d.summary) }] : []
    })
  return platformsOf(registry, 'en').map((p) => ({
    ...p,
    operations: words(p.support.operations, registry.operations),
    features: words(p.support.features, registry.features),
  }))
}

function platformsOf(registry: Registry, language: Language): CatalogPlatform[] {
  const said = <D extends { title: Text }>(all: readonly D[]) =>
    all.map((d) => ({ ...d, title: textIn(d.title, language) }))
  return [...registry.platforms.values()].map(({ platform, descriptors, operationRows, featureRows }) => ({
    id: platform.id,
    title: platform.title,
    installed: true,
    channels: channelsOf(platform, operationRows, featureRows),
    deviceTypes: said(descriptors.deviceTypes),
    enrolments: said(descriptors.enrolments),
    facts: said(descriptors.facts),
    events: said(descriptors.events),
    support: { operations: Object.keys(operationRows), features: Object.keys(featureRows) },
  }))
}

function operationOf(d: OperationDescriptor, registry: Registry, language: Language): CatalogOperation {
  return {
    id: d.id,
    title: textIn(d.title, language),
    summary: textIn(d.summary, language),
    danger: d.danger,
    repeatable: d.repeatable,
    collapse: d.collapse ?? false,
    signed: d.signed ?? false,
    expiresS: d.expiresS,
    permission: operationPermission(d.id),
    secret: d.secret ?? [],
    params: jsonSchema(d.params, language),
    result: jsonSchema(d.result, language),
    examples: d.examples.map((e) => e.params as Json),
    platforms: having(registry, (id) => registry.operationRows(id, d.id)),
  }
}

function featureOf(d: FeatureDescriptor, registry: Registry, language: Language): CatalogFeature {
  return {
    id: d.id,
    title: textIn(d.title, language),
    summary: textIn(d.summary, language),
    schema: jsonSchema(d.settings, language),
    secret: d.secret ?? [],
    merge: d.merge,
    examples: d.examples as readonly Json[],
    platforms: having(registry, (id) => registry.featureRows(id, d.id)),
  }
}

function having(registry: Registry, rows: (platform: string) => readonly unknown[]): string[] {
  return [...registry.platforms.keys()].filter((id) => rows(id).length > 0)
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
