/** The words the API answers with: the generated ones, and the few the pages derive from them. */
import type { Operation, paths } from '@muster/client'

export type {
  About,
  Activity,
  ActivityCreated,
  ActivityRequest,
  Assignment,
  Catalog,
  CatalogFeature,
  CatalogOperation,
  Device,
  DeviceCompliance,
  DeviceSummary,
  EffectiveFeature,
  EffectivePolicy,
  EnrolmentStep,
  EnrolmentTerms,
  Fact,
  FeatureCompliance,
  FieldError,
  Invitation,
  InvitationCreated,
  InvitationRequest,
  JsonObject,
  NewPolicy,
  OperationAvailability,
  Policy,
  PolicyDraft,
  PolicyFeatureDraft,
  Refused,
  Session,
  Summary,
  User,
} from '@muster/client'
export type OperationRecord = Operation
type DeviceListQuery = NonNullable<paths['/api/v1/devices']['get']['parameters']['query']>
export type DeviceFilters = Omit<DeviceListQuery, 'cursor' | 'limit'>
export interface Page<T> {
  items: T[]
  next?: string
}
