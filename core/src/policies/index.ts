/** The room of policies: authored by administrators, evaluated for all devices at once, delivered setting by setting, and kept true. */
export type * from './model.ts'
export { createPolicies } from './policies.ts'
export { isSettingId } from './wire-id.ts'
