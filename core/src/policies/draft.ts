/** A draft checked against what the platform can do, its secrets sealed; and policies as administrators see them. */
import { type FeatureDescriptor, type JsonObject, Problem, textIn } from '@muster/contract'
import { z } from 'zod'
import { checkInput, jsonText, plainText, type Sqlish } from '../db/index.ts'
import { assignmentSchema, unknownIn } from './assignment.ts'
import { pointerPart } from './merge.ts'
import {
  type Action,
  type Assignment,
  actions,
  type Draft,
  type PolicyFeature,
  type PolicyVersionView,
  type PolicyView,
} from './model.ts'
import { masked, sealed, unmasked } from './sealing.ts'
import type { Parts } from './take.ts'

const draftSchema = z.strictObject({
  name: plainText(120, 1).refine((s) => s.trim() === s, 'begins or ends with a space'),
  description: plainText(2_000).default(''),
  assignment: assignmentSchema.default({}),
  features: z
    .array(
      z.strictObject({
        feature: plainText(128, 1),
        settings: z.record(z.string(), z.json()),
        action: z.enum(actions).default('enforce'),
        graceS: z
          .number()
          .int()
          .min(0)
          .max(365 * 86_400)
          .default(0),
      }),
    )
    .max(200)
    .refine((all) => new Set(all.map((f) => f.feature)).size === all.length, 'names a feature twice'),
})
export const newPolicySchema = draftSchema.extend({
  platform: plainText(64, 1),
  priority: z.number().int().min(1).max(100_000).optional(),
})

/** As stored in policy.draft: secrets sealed. */
export interface StoredDraft {
  assignment: Assignment
  features: Required<PolicyFeature>[]
}
export interface PolicyRow {
  no: number
  name: string
  description: string
  platform: string
  priority: number
  state: 'active' | 'inactive'
  draft: StoredDraft | null
  draft_revision: number
  version: number
  unpublished: boolean
  created: Date
  created_by: string
}

/** Problems: invalid-request, unknown-feature, unsupported-feature, invalid-settings; nothing is stored unless all of the draft is right. */
export async function checkDraft(
  q: Sqlish,
  policy: { no: number; platform: string; draft: StoredDraft | null },
  draft: Draft,
  parts: Parts,
): Promise<StoredDraft> {
  const read = checkInput(draftSchema, draft)
  const wrong = await unknownIn(q, read.assignment, policy.platform, parts.registry)
  if (wrong.length > 0)
    throw new Problem('invalid-request', {
      errors: wrong.slice(0, 20).map((at) => ({ path: `/assignment${at}`, message: 'does not exist' })),
    })
  const features = read.features.map((f, i) => checkFeature(f as Required<PolicyFeature>, i, policy, parts))
  // What jsonb cannot hold is replaced before it is compared or hashed.
  return JSON.parse(jsonText({ assignment: read.assignment, features })) as StoredDraft
}

function checkFeature(
  f: Required<PolicyFeature>,
  index: number,
  policy: { no: number; platform: string; draft: StoredDraft | null },
  parts: Parts,
): Required<PolicyFeature> {
  const d = describe(f.feature, policy.platform, parts)
  const stored = policy.draft?.features.find((s) => s.feature === f.feature)?.settings
  const read = d.settings.safeParse(unmasked(f.settings, stored, d, policy.no, parts.secrets))
  if (!read.success) {
    const errors = read.error.issues.slice(0, 20).map((i) => ({
      path: `/features/${index}/settings${i.path.map((p) => `/${pointerPart(String(p))}`).join('')}`,
      message: i.message,
    }))
    throw new Problem('invalid-settings', { feature: f.feature, errors })
  }
  return { ...f, settings: sealed(read.data as JsonObject, f.settings, stored, d, policy.no, parts.secrets) }
}

/** The descriptor of a feature that this platform has. */
export function describe(feature: string, platform: string, parts: Parts): FeatureDescriptor {
  const d = parts.registry.features.get(feature)
  if (!d) throw new Problem('unknown-feature', { feature })
  if (parts.registry.featureRows(platform, feature).length === 0) {
    const title = parts.registry.platforms.get(platform)?.platform.title ?? platform
    throw new Problem('unsupported-feature', {
      feature,
      platform,
      reason: `${title} has no way to set ${textIn(d.title)}.`,
    })
  }
  return d
}

export function policyView(r: PolicyRow, parts: Parts): PolicyView {
  return {
    id: String(r.no),
    name: r.name,
    description: r.description,
    platform: r.platform,
    priority: r.priority,
    state: r.state,
    version: r.version,
    revision: r.draft_revision,
    unpublished: r.unpublished,
    assignment: r.draft?.assignment ?? {},
    features: shown(r.draft?.features ?? [], parts),
    createdAt: r.created.toISOString(),
    createdBy: r.created_by,
  }
}

export interface VersionRow {
  version: number
  assignment: Assignment
  features: { feature: string; settings: JsonObject }[]
  compliance: Record<string, { action: Action; graceS: number }>
  author: string
  at: Date
}

export function versionView(r: VersionRow, parts: Parts): PolicyVersionView {
  return {
    version: r.version,
    assignment: r.assignment,
    features: shown(featuresOf(r), parts),
    author: r.author,
    at: r.at.toISOString(),
  }
}

export function featuresOf(r: Pick<VersionRow, 'features' | 'compliance'>): Required<PolicyFeature>[] {
  return r.features.map((f) => ({
    ...f,
    action: r.compliance[f.feature]?.action ?? 'enforce',
    graceS: r.compliance[f.feature]?.graceS ?? 0,
  }))
}

function shown(features: readonly Required<PolicyFeature>[], parts: Parts): Required<PolicyFeature>[] {
  return features.map((f) => ({ ...f, settings: masked(f.settings, parts.registry.features.get(f.feature)) }))
}
