/** Policies: written as drafts, published as versions, put in order, taken back. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { policyPreviewRoutes } from './policy-preview.ts'
import { Assignment, NewPolicy, PolicyDraft, PolicyFeature } from './policy-shapes.ts'
import { type Api, actorOf, IfMatch, MayMatch, revisionOf, rowIn, rowOf } from './route.ts'
import { IdParams, id, list, page, pageQuery, platformId, time } from './shapes.ts'

const tags = ['Policies']
const Policy = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    platform: z.string(),
    priority: z.int(),
    state: z.enum(['active', 'inactive']),
    version: z.int().describe('What devices get; 0 before the first publish'),
    revision: z.int().describe('Of the draft, for If-Match'),
    unpublished: z.boolean().describe('The draft differs from the published version'),
    assignment: Assignment,
    features: list(PolicyFeature),
    createdAt: time(),
    createdBy: z.string(),
  })
  .meta({ id: 'Policy', description: 'A policy with its draft; secrets are masked' })
const PolicyVersions = z
  .object({
    items: list(
      z
        .object({
          version: z.int(),
          assignment: Assignment,
          features: list(PolicyFeature),
          author: z.string(),
          at: time(),
        })
        .meta({ id: 'PolicyVersion' }),
    ),
  })
  .meta({ id: 'PolicyVersionList' })
const Published = z
  .object({ id: z.string(), version: z.int(), devices: z.int().describe('How many devices the policy now reaches') })
  .meta({ id: 'PolicyPublished' })
const checks = ['unknown-feature', 'unsupported-feature', 'invalid-settings'] as const

export function policyRoutes(app: Api, core: Core): void {
  authoring(app, core)
  publishing(app, core)
  policyPreviewRoutes(app, core)
}

function authoring(app: Api, core: Core): void {
  app.get(
    '/policies',
    {
      config: { access: { permission: 'policy:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List policies in their order',
        operationId: 'listPolicies',
        querystring: z.strictObject({ ...pageQuery, platform: platformId().optional() }),
        response: { 200: page('PolicyPage', Policy) },
      },
    },
    (request) => core.policies.list(request.query),
  )
  app.post(
    '/policies',
    {
      config: { access: { permission: 'policy:write' }, problems: [...checks, 'unknown-platform', 'already-exists'] },
      schema: {
        tags,
        summary: 'Make a policy (a draft, not published)',
        operationId: 'createPolicy',
        body: NewPolicy,
        response: { 201: Policy },
      },
    },
    async (request, reply) => reply.code(201).send(await core.policies.create(request.body, actorOf(request))),
  )
  app.get(
    '/policies/:id',
    {
      config: { access: { permission: 'policy:read' }, problems: ['not-found'] },
      schema: { tags, summary: 'Read a policy', operationId: 'getPolicy', params: IdParams, response: { 200: Policy } },
    },
    (request) => core.policies.get(rowOf(request.params.id)),
  )
  app.put(
    '/policies/:id',
    {
      config: {
        access: { permission: 'policy:write' },
        problems: [...checks, 'not-found', 'revision-mismatch', 'already-exists'],
      },
      schema: {
        tags,
        summary: 'Save the draft',
        operationId: 'savePolicy',
        description: 'When somebody saved meanwhile nothing is overwritten (412).',
        params: IdParams,
        headers: IfMatch,
        body: PolicyDraft,
        response: { 200: Policy },
      },
    },
    (request) => {
      const { platform: _fixed, ...changes } = request.body
      return core.policies.saveDraft(rowOf(request.params.id), revisionOf(request), changes, actorOf(request))
    },
  )
  app.delete(
    '/policies/:id',
    {
      config: { access: { permission: 'policy:write' }, problems: ['not-found', 'wrong-state'] },
      schema: {
        tags,
        summary: 'Remove an inactive policy',
        operationId: 'removePolicy',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await core.policies.remove(rowOf(request.params.id), actorOf(request))
      return reply.code(204).send()
    },
  )
  app.get(
    '/policies/:id/versions',
    {
      config: { access: { permission: 'policy:read' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'List the published versions, newest first',
        operationId: 'listPolicyVersions',
        params: IdParams,
        response: { 200: PolicyVersions },
      },
    },
    async (request) => ({ items: await core.policies.versions(rowOf(request.params.id)) }),
  )
}

function publishing(app: Api, core: Core): void {
  const config = {
    access: { permission: 'policy:publish' },
    problems: ['not-found', 'wrong-state', 'conflict', 'second-publisher-needed'] as const,
  }
  app.post(
    '/policies/:id/publish',
    {
      config: { ...config, problems: [...config.problems, ...checks, 'revision-mismatch'] },
      schema: {
        tags,
        summary: 'Publish the draft as the next version; one that was not changed makes none',
        operationId: 'publishPolicy',
        description: 'With the revision of the draft that was looked at, no other is published (412).',
        params: IdParams,
        headers: MayMatch,
        response: { 200: Published },
      },
    },
    (request) => {
      const revision = request.headers['if-match'] === undefined ? undefined : revisionOf(request)
      return core.policies.publish(rowOf(request.params.id), actorOf(request), revision)
    },
  )
  app.post(
    '/policies/:id/activate',
    {
      config,
      schema: {
        tags,
        summary: 'Let a published policy count',
        operationId: 'activatePolicy',
        params: IdParams,
        response: { 200: Published },
      },
    },
    (request) => core.policies.activate(rowOf(request.params.id), actorOf(request)),
  )
  app.post(
    '/policies/:id/deactivate',
    {
      config,
      schema: {
        tags,
        summary: 'Let a policy count no more',
        operationId: 'deactivatePolicy',
        params: IdParams,
        response: { 200: Policy },
      },
    },
    (request) => core.policies.deactivate(rowOf(request.params.id), actorOf(request)),
  )
  app.post(
    '/policies/:id/rollback',
    {
      config,
      schema: {
        tags,
        summary: 'Make an older version the newest',
        operationId: 'rollbackPolicy',
        params: IdParams,
        body: z.strictObject({ version: z.int().min(1) }).meta({ id: 'PolicyRollback' }),
        response: { 200: Published },
      },
    },
    (request) => core.policies.rollback(rowOf(request.params.id), request.body.version, actorOf(request)),
  )
  app.put(
    '/policies/order',
    {
      config: { access: { permission: 'policy:publish' }, problems: ['unknown-platform', 'conflict'] },
      schema: {
        tags,
        summary: "Set the order of a platform's policies: the first wins",
        operationId: 'orderPolicies',
        body: z
          .strictObject({ platform: platformId(), ids: z.array(id()).min(1).max(10_000) })
          .meta({ id: 'PolicyOrder' }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const order = request.body.ids.map((one, i) => rowIn(`ids.${i}`, one))
      await core.policies.reorder(request.body.platform, order, actorOf(request))
      return reply.code(204).send()
    },
  )
}
