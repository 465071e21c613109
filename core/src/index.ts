/** The door of the core: what the server and its tests may use. */
export {
  type Access,
  type ApiClient,
  type ClientRecord,
  clientGrants,
  corePermissions,
  covers,
  type DeviceToken,
  demand,
  demandAll,
  everywhere,
  may,
  narrowed,
  type OAuthKeys,
  type Principal,
  type Reach,
  type Role,
  reachFor,
  reachSql,
  system,
  type User,
} from './access/index.ts'
export { type AlertView, alertSeverities } from './alerts/index.ts'
export { type ApprovalView, approvalStates, type Guard } from './approvals/index.ts'
export {
  type AuditEntry,
  type AuditLine,
  createAudit,
  type HeadLine,
  openAuditKey,
  type Verified,
  verifyChain,
} from './audit/index.ts'
export {
  type BackupCode,
  BackupProblem,
  type BackupReport,
  checkBackup,
  createBackup,
  type RestoreReport,
  restoreBackup,
} from './backup/index.ts'
export { configurationKeys } from './configuration/index.ts'
export { type Core, type CoreOptions, createCore } from './core.ts'
export {
  coreMigrations,
  DatabaseProblem,
  type Db,
  type Embedded,
  fieldErrors,
  type Log,
  migrate,
  openDb,
  type Page,
  sqlState,
  startEmbedded,
  uuidv7,
} from './db/index.ts'
export { livenessWords } from './devices/index.ts'
export type { EventRecord } from './events/index.ts'
export { failing, failpoint, failpointNames } from './failpoints/index.ts'
export { type Group, type Query, type Target, targetSchema } from './groups/index.ts'
export {
  type ActivityView,
  finalStates,
  type OperationView,
  openStates,
  operationWireId,
  readOperationWireId,
  type Sent,
} from './operations/index.ts'
export {
  type Catalog,
  type CatalogFeature,
  type CatalogOperation,
  type CatalogPlatform,
  createCatalog,
  personOf,
  pluginMigrations,
  type SetupStepView,
} from './platforms/index.ts'
export {
  type EffectiveFeature,
  type EffectivePolicy,
  type PolicyPreview,
  type PolicyView,
  previewActs,
  type WhatIf,
} from './policies/index.ts'
export {
  type ComplianceState,
  complianceStates,
  type DeviceFilter,
  filterSchema,
  lifecycles,
  type SavedQuery,
  savedQuerySchema,
} from './queries/index.ts'
export { createRegistry } from './registry/index.ts'
export {
  complianceWords,
  type DeviceEventView,
  type DevicePage,
  type DeviceSummary,
  type MessageView,
  type Summary,
} from './reports/index.ts'
export { masterIdOf, SecretProblem } from './secrets/index.ts'
export { rotateSigningKey } from './signing/index.ts'
export {
  type DeliveryView,
  type PostAnswer,
  type Poster,
  signature,
  type WebhookView,
  webhookSettings,
} from './webhooks/index.ts'
