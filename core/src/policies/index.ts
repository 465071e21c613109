/** The room of policies: authored by administrators, evaluated for all devices at once, delivered setting by setting, and kept true. */
export { assignmentSchema } from './assignment.ts'
export { draftSchema, newPolicySchema } from './draft.ts'
export type * from './model.ts'
export { createPolicies } from './policies.ts'
export { mask } from './sealing.ts'
export { documentId, isSettingId, parseSettingId, type SettingId, settingId } from './wire-id.ts'
