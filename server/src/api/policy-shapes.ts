/** What a policy says, as requests write it and answers show it. */
import { z } from 'zod'
import { formFactor, id, JsonObject, ownership, platformId, text } from './shapes.ts'

const action = z.enum(['enforce', 'warn', 'monitor'])
const ids = () => z.array(id()).max(1000).readonly().optional()
export const Assignment = z
  .strictObject({
    roles: ids(),
    users: ids(),
    groups: ids(),
    ownership: z
      .array(ownership() as z.ZodType<string>)
      .max(10)
      .readonly()
      .optional(),
    deviceTypes: z.array(z.string().min(1).max(64)).max(100).readonly().optional(),
    formFactors: z
      .array(formFactor() as z.ZodType<string>)
      .max(20)
      .readonly()
      .optional(),
  })
  .meta({
    id: 'Assignment',
    description:
      'All that are set must match; roles and users are those of the owner; a device in no group does not match groups',
  })
const feature = { feature: z.string().min(1).max(128), settings: JsonObject }
const PolicyFeatureInput = z
  .strictObject({
    ...feature,
    action: action.optional().describe('enforce, unless said'),
    graceS: z
      .int()
      .min(0)
      .max(365 * 86400)
      .optional()
      .describe('Seconds a violation may last before it is escalated'),
  })
  .meta({ id: 'PolicyFeatureDraft' })
export const PolicyFeature = z.object({ ...feature, action, graceS: z.int() }).meta({ id: 'PolicyFeature' })
const draft = {
  name: text(200, 1),
  description: text(4000).optional(),
  assignment: Assignment.default({}),
  features: z.array(PolicyFeatureInput).max(200),
}
export const PolicyDraft = z
  .strictObject({ ...draft, platform: platformId().optional().describe('Cannot be changed; may be repeated') })
  .meta({ id: 'PolicyDraft' })
export const NewPolicy = z
  .strictObject({
    ...draft,
    platform: platformId(),
    priority: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('Place in the order of its platform, 1 wins; last without it'),
  })
  .meta({ id: 'NewPolicy' })
