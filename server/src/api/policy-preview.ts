/** What a policy would do, asked before it does it. */
import { type Core, type PolicyPreview, previewActs } from '@muster/core'
import { z } from 'zod'
import { NewPolicy, PolicyDraft } from './policy-shapes.ts'
import { type Api, reachOf, rowOf } from './route.ts'
import { IdParams, JsonObject, list, Named, PageQuery, page, Reason, word } from './shapes.ts'
import { type Spoken, spoken } from './spoken.ts'

const tags = ['Policies']
const access = { permission: 'policy:read' }
const asking = {
  draft: PolicyDraft.optional().describe('Instead of the draft that is saved'),
  act: z
    .enum(previewActs)
    .default('publish')
    .describe('What would be done. Publishing an inactive policy is shown as it will be once it is active'),
}
const Request = z.strictObject(asking).meta({ id: 'PolicyPreviewRequest' })
const pick = z.string().max(4000).describe('The `pick` of a count')
const counted = { devices: z.int(), pick: z.string().describe('Lists these devices') }
const Counted = z.object(counted).meta({ id: 'PreviewCount', description: 'Devices, and the word that lists them' })
const Feature = z
  .object({
    feature: z.string(),
    title: z.string(),
    delivers: Counted.describe('Would be given new settings: of this policy, or of the one behind it'),
    unchanged: Counted.describe('Are to have these settings already'),
    overridden: Counted.describe('Keep the settings of a policy that comes first'),
    removes: Counted.describe('Would have it taken away'),
    cannot: list(z.object({ ...counted, reason: Reason })).describe('Could not be given it, by reason'),
  })
  .meta({ id: 'FeaturePreview' })
const Conflict = z
  .object({
    ...counted,
    feature: z.string(),
    title: z.string(),
    with: z.object({ id: z.string(), name: z.string(), priority: z.int() }),
    rule: z
      .enum(['priority', 'union', 'same'])
      .describe(
        'priority: the first policy wins the feature whole; union: lists of both are united, the rest is its; same: two features write the same on a device, and what is delivered last holds',
      ),
    wins: z.boolean().describe('Whether this policy comes first'),
    ours: JsonObject,
    theirs: JsonObject,
    other: z.object({ feature: z.string(), title: z.string() }).optional().describe('Of same: the other feature'),
    own: z.boolean().optional().describe('Of same: both are of this policy'),
    keys: list(z.string()).optional().describe('Of same: what both write, by the platform’s names'),
  })
  .meta({ id: 'PolicyConflict' })
const Preview = z
  .object({
    policy: z.string().nullable().describe('null: it is not yet made'),
    name: z.string(),
    platform: z.string(),
    priority: z.int(),
    version: z.int().describe('What it would have'),
    active: z.boolean().describe('Whether it would count at once'),
    devices: z.int().describe('Active devices of its platform within your reach'),
    reached: Counted,
    gains: Counted.describe('Reached then, not now'),
    loses: Counted.describe('Reached now, not then'),
    changes: Counted.describe('Reached now and then, with other settings'),
    same: Counted.describe('Reached now and then, and nothing changes'),
    features: list(Feature),
    conflicts: list(Conflict).describe(
      'Other policies that set the same features to something else, and features that write the same',
    ),
  })
  .meta({ id: 'PolicyPreview', description: 'What a policy would do; nothing is written' })
const side = z.object({ settings: JsonObject, policy: Named }).nullable()
const WhatIf = z
  .object({
    before: z.boolean().describe('Whether the policy reaches the device now'),
    after: z.boolean(),
    features: list(
      z.object({
        feature: z.string(),
        title: z.string(),
        outcome: word(['delivers', 'unchanged', 'overridden', 'removes', 'cannot']),
        reason: Reason.nullable(),
        before: side,
        after: side,
      }),
    ),
  })
  .meta({ id: 'PolicyWhatIf', description: 'What a policy would change on one device, value by value' })
const problems = ['not-found', 'wrong-state', 'unknown-feature', 'unsupported-feature', 'invalid-settings'] as const

export function policyPreviewRoutes(app: Api, core: Core): void {
  counting(app, core)
  looking(app, core)
}

function counting(app: Api, core: Core): void {
  app.post(
    '/policies/:id/preview',
    {
      config: { access, problems },
      schema: {
        tags,
        summary: 'See what a policy would change, for whom, before it does',
        description: 'Counts devices; each count lists its devices by its `pick`. Nothing is written.',
        operationId: 'previewPolicy',
        params: IdParams,
        body: Request,
        response: { 200: Preview },
      },
    },
    async (request) =>
      previewIn(
        spoken(core, request),
        await core.policies.preview({ ...request.body, policy: rowOf(request.params.id), reach: reachOf(request) }),
      ),
  )
  app.post(
    '/policies/preview',
    {
      config: { access, problems: [...problems, 'unknown-platform'] },
      schema: {
        tags,
        summary: 'See what a policy that is not yet made would change',
        operationId: 'previewNewPolicy',
        body: NewPolicy,
        response: { 200: Preview },
      },
    },
    async (request) =>
      previewIn(spoken(core, request), await core.policies.preview({ created: request.body, reach: reachOf(request) })),
  )
}

const previewIn = (words: Spoken, found: PolicyPreview): PolicyPreview => ({
  ...found,
  features: found.features.map(words.feature),
  conflicts: found.conflicts.map((c) => ({
    ...words.feature(c),
    ...(c.other && { other: words.feature(c.other) }),
  })),
})

function looking(app: Api, core: Core): void {
  app.post(
    '/policies/:id/preview/devices',
    {
      config: { access, problems: [...problems, 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'List the devices behind one count of a preview',
        operationId: 'listPolicyPreviewDevices',
        params: IdParams,
        querystring: PageQuery,
        body: z.strictObject({ ...asking, pick }).meta({ id: 'PolicyPreviewPick' }),
        response: { 200: page('PolicyPreviewDevicePage', Named) },
      },
    },
    (request) =>
      core.policies.previewDevices({
        ...request.body,
        ...request.query,
        policy: rowOf(request.params.id),
        reach: reachOf(request),
      }),
  )
  app.post(
    '/policies/:id/preview/devices/:device',
    {
      config: { access, problems },
      schema: {
        tags,
        summary: 'See what a policy would change on one device, value by value',
        operationId: 'whatIfPolicy',
        params: IdParams.extend({ device: z.string().min(1).max(64) }),
        body: Request,
        response: { 200: WhatIf },
      },
    },
    async (request) => {
      const { id, device } = request.params
      const reach = reachOf(request)
      const no = await core.reports.reached(device, reach)
      const found = await core.policies.whatIf({ ...request.body, policy: rowOf(id), reach }, no)
      return { ...found, features: found.features.map(spoken(core, request).feature) }
    },
  )
}
