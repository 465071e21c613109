/** The words the API answers with: the generated ones, and the few the pages derive from them. */
import type { Invitation, Operation, paths } from '@muster/client'

export type {
  About,
  Activity,
  ActivityCreated,
  ActivityPreview,
  ActivityRequest,
  Alert,
  ApiClient,
  ApiClientCreated,
  Assignment,
  AuditEntry,
  Catalog,
  CatalogFeature,
  CatalogOperation,
  Certificate,
  ConfigurationEntry,
  Device,
  DeviceCompliance,
  DeviceEvent,
  DeviceQuery,
  DeviceSummary,
  EffectiveFeature,
  EffectivePolicy,
  EnrolmentStep,
  EnrolmentTerms,
  EventType,
  Fact,
  FeatureCompliance,
  FieldError,
  Group,
  GroupDraft,
  Invitation,
  InvitationCreated,
  InvitationRequest,
  Json,
  JsonObject,
  Licence,
  Message,
  NewApiClient,
  NewLicence,
  NewPolicy,
  NewUser,
  OperationAvailability,
  Permission,
  PlatformSetup,
  Policy,
  PolicyConflict,
  PolicyDraft,
  PolicyFeatureDraft,
  PolicyPreview,
  PolicyVersion,
  PolicyWhatIf,
  PreviewCount,
  Refused,
  Role,
  RoleAssignment,
  RoleDraft,
  SavedQuery,
  SavedQueryDraft,
  Session,
  SetupAnswer,
  Summary,
  Target,
  User,
  UserChange,
  Webhook,
  WebhookDelivery,
  WebhookDraft,
} from '@muster/client'
export type OperationRecord = Operation
export type InvitationState = Invitation['state']
export type OperationState = NonNullable<
  NonNullable<paths['/api/v1/activities/{id}/devices']['get']['parameters']['query']>['state']
>
type DeviceListQuery = NonNullable<paths['/api/v1/devices']['get']['parameters']['query']>
export type DeviceFilters = Omit<DeviceListQuery, 'cursor' | 'limit' | 'ids'>
export interface Page<T> {
  items: T[]
  next?: string
}
