/** The room of policies: authored by administrators, evaluated for all devices at once, delivered setting by setting, and kept true. */
export type * from './model.ts'
export { createPolicies } from './policies.ts'
export { type PolicyPreview, type PreviewRequest, type Previews, previewActs, type WhatIf } from './preview-words.ts'
export { documentId, isSettingId, parseSettingId, settingId } from './wire-id.ts'
