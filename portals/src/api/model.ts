/** The words the API answers with, as the pages use them. Times are ISO 8601 UTC; ids are strings. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** JSON Schema draft 2020-12. */
export type JsonSchema = { readonly [key: string]: unknown }
export type JsonObject = { [key: string]: Json }

export interface Page<T> {
  items: T[]
  next?: string | null
}
export interface Named {
  id: string
  name: string
}
export interface Reason {
  code: string
  text: string
}
export interface Session {
  user: Named & { displayName?: string | null }
  permissions: string[]
  csrf: string
}
export interface About {
  product: string
  version: string
  organisation: string
  platforms: { id: string; title: string }[]
}

export type Danger = 'none' | 'confirm' | 'destructive'
export interface CatalogOperation {
  id: string
  title: string
  summary: string
  danger: Danger
  params: JsonSchema
  examples: { params?: JsonObject }[]
  platforms: string[]
}
export interface CatalogFeature {
  id: string
  title: string
  summary: string
  schema: JsonSchema
  platforms: string[]
}
export interface Fact {
  id: string
  title: string
  type: 'string' | 'number' | 'boolean' | 'time' | 'list' | 'object'
  unit?: string
}
export interface CatalogPlatform {
  id: string
  title: string
  installed: boolean
  enrolments: { id: string; title: string; ownerships: string[] }[]
  deviceTypes: { id: string; title: string }[]
  facts: Fact[]
}
export interface Catalog {
  platforms: CatalogPlatform[]
  operations: CatalogOperation[]
  features: CatalogFeature[]
}

export type Liveness = 'reachable' | 'unreachable' | 'inactive'
export type ComplianceState = 'compliant' | 'violated' | 'unknown' | 'none'
export interface DeviceSummary {
  id: string
  name: string
  platform: string
  ownership: string
  formFactor: string
  manufacturer: string | null
  model: string | null
  osName: string | null
  osVersion: string | null
  serial: string | null
  owner: Named | null
  lifecycle: string
  blocked: boolean
  liveness: Liveness
  lastSeen: string | null
  compliance: ComplianceState
  open: number
  encrypted: boolean | null
  rooted: boolean | null
  agentVersion: string | null
  enrolledAt: string | null
}
export interface DeviceOperation {
  id: string
  title: string
  danger: Danger
  available: boolean
  reason?: Reason | string | null
}
export interface Device extends DeviceSummary {
  facts: JsonObject
  factsAt: string | null
  identifiers: { kind: string; value: string; since: string }[]
  channels: { name: string }[]
  groups: Named[]
  enrolment: { epoch: number; state: string; activatedAt: string | null; licence?: string | null } | null
  expectInS: number | null
  operations: DeviceOperation[]
  revision: number
}
export interface DeviceFilters {
  q?: string
  platform?: string
  ownership?: string
  liveness?: string
  lifecycle?: string
  compliance?: string
  group?: string
  owner?: string
  formFactor?: string
}

export interface OperationRecord {
  id: string
  activity: string
  operation: string
  title: string
  kind: string
  state: string
  reason: Reason | null
  attempts: number
  actor: string
  createdAt: string
  updatedAt: string
  deadline: string | null
  params: Json
  result: Json
}
export interface EffectiveFeature {
  feature: string
  title: string
  settings: JsonObject
  policy: { id: string; name: string; version: number } | null
  /** JSON pointer of a value -> the policy (by name) and version that it comes from. */
  origins: Record<string, { policy: string; version: number }>
  action: string
  state: string
  reason: Reason | null
  evidence: Json
  since: string | null
  verifiedAt: string | null
}
export interface EffectivePolicy {
  set: string | null
  desired: string | null
  applied: string | null
  features: EffectiveFeature[]
}
export interface ComplianceFeature {
  feature: string
  title: string
  state: ComplianceState
  action: string
  reason: Reason | null
  evidence: Json
  since: string
  at: string
  graceUntil: string | null
}
export interface Compliance {
  state: ComplianceState
  features: ComplianceFeature[]
}

export type Target = { devices: string[] } | { groups: string[] } | { users: string[] } | { all: true }
export interface ActivityRequest {
  operation: string
  params: Json
  target: Target
}
export interface Refused {
  device: string
  name?: string
  code: string
  text: string
}
export interface ActivityCreated {
  id: string
  targets: number
  refused: Refused[]
}
export interface Activity {
  id: string
  operation: string
  title: string
  kind: string
  params: Json
  actor: string
  target: Json
  createdAt: string
  deadline: string | null
  cancelledAt: string | null
  targets: number
  counts: Record<string, number>
  refused: Refused[]
}
export interface ActivityDevice {
  device: Named
  state: string
  reason: Reason | null
  attempts: number
  updatedAt: string
  result: Json
}

export interface InvitationRequest {
  platform: string
  ownership: string
  user?: string
  expiresIn?: number
}
export interface InvitationCreated {
  id: string
  code: string
  url: string
  expiresAt: string
}
export interface Invitation {
  id: string
  platform: string
  ownership: string
  user?: Named | null
  createdAt: string
  createdBy: string
  expiresAt: string
  state: string
  usedAt: string | null
  device: string | null
}
export interface EnrolmentStep {
  text: string
  command?: string
  link?: string
  file?: string
  qr?: string
}
export interface EnrolmentTerms {
  platform: string
  ownership: string
  organisation: string
  expiresAt: string
  licence?: { version: string; language: string; text: string } | null
  steps: EnrolmentStep[]
}

export interface Assignment {
  roles?: string[]
  users?: string[]
  groups?: string[]
  ownership?: string[]
  deviceTypes?: string[]
  formFactors?: string[]
}
export interface PolicyFeature {
  feature: string
  settings: JsonObject
  action?: string
  graceS?: number
}
export interface PolicyDraft {
  name: string
  description?: string
  platform: string
  assignment: Assignment
  features: PolicyFeature[]
}
export interface Policy extends PolicyDraft {
  id: string
  priority: number
  state: string
  version: number
  revision: number
  unpublished: boolean
  createdAt: string
  createdBy: string
}

export interface Summary {
  devices: Record<'platform' | 'lifecycle' | 'liveness' | 'compliance' | 'ownership', Record<string, number>>
  operations: Record<string, number>
}
export interface User {
  id: string
  name: string
  displayName?: string | null
}
