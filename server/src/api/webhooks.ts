/** Webhooks: events carried to an address of yours, signed (Standard Webhooks), in order and without loss. */
import { eventTypes } from '@muster/contract'
import { type Core, webhookSettings } from '@muster/core'
import { z } from 'zod'
import { type Api, IfMatch, principalOf, revisionOf, rowOf } from './route.ts'
import { IdParams, page, pageQuery, Reason, time } from './shapes.ts'

const tags = ['Webhooks']
const Webhook = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.string()).describe('Types of events; none named: all'),
    state: z.enum(['active', 'paused']),
    reason: Reason.nullable().describe('Why it is paused'),
    failingSince: time().nullable(),
    lastDeliveredAt: time().nullable(),
    createdAt: time(),
    createdBy: z.string(),
    revision: z.int(),
  })
  .meta({ id: 'Webhook' })
const EventType = z.enum(eventTypes).meta({ id: 'EventType' })
const Draft = webhookSettings.extend({
  events: z.array(EventType).max(100).optional().describe('Types of events; none named: all'),
})
const WithSecret = z
  .object({
    webhook: Webhook,
    secret: z
      .string()
      .describe('Signs each message; shown this once. After a rotation the old one signs too for a day'),
  })
  .meta({ id: 'WebhookSecret' })
const Delivery = z
  .object({
    event: z.string(),
    type: z.string(),
    state: z.enum(['delivered', 'failing']),
    attempts: z.int(),
    status: z.int().nullable(),
    error: z.string().nullable(),
    ms: z.int().describe('How long the last try took'),
    at: time(),
  })
  .meta({ id: 'WebhookDelivery' })
const Tested = z
  .object({ ok: z.boolean(), status: z.int().nullable(), error: z.string().nullable(), ms: z.int() })
  .meta({ id: 'WebhookTested' })
const Replay = z
  .union([
    z.strictObject({ after: z.string().min(1).max(64).describe('Id of the last event not wanted again') }),
    z.strictObject({ since: z.iso.datetime({ offset: true }) }),
  ])
  .meta({ id: 'WebhookReplay' })
const description =
  'Each event is one POST of {type, timestamp, data} with the headers webhook-id, webhook-timestamp and webhook-signature of the Standard Webhooks specification. An answer of 2xx within 10 s takes it; else it is sent again, later and later, and those behind it wait, so that order holds. After a day of failure the webhook is paused and an alert is raised. An event may come twice: webhook-id is the same then. You see through it what you may see on the event stream.'

const read = { access: { permission: 'webhook:read' }, problems: ['not-found'] } as const
const write = {
  access: { permission: 'webhook:write' },
  problems: ['not-found', 'forbidden', 'webhook-address'],
} as const

export function webhookRoutes(app: Api, core: Core): void {
  const { webhooks } = core
  app.get(
    '/webhooks',
    {
      config: { access: { permission: 'webhook:read' } },
      schema: {
        tags,
        summary: 'List webhooks',
        operationId: 'listWebhooks',
        response: { 200: z.object({ items: z.array(Webhook) }).meta({ id: 'WebhookList' }) },
      },
    },
    async () => ({ items: await webhooks.list() }),
  )
  app.post(
    '/webhooks',
    {
      config: { access: { permission: 'webhook:write' }, problems: ['forbidden', 'webhook-address', 'too-many'] },
      schema: {
        tags,
        summary: 'Make a webhook',
        operationId: 'createWebhook',
        description,
        body: Draft.meta({ id: 'WebhookDraft' }),
        response: { 201: WithSecret },
      },
    },
    async (request, reply) => reply.code(201).send(await webhooks.create(request.body, principalOf(request))),
  )
  app.get(
    '/webhooks/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'Read a webhook',
        operationId: 'getWebhook',
        params: IdParams,
        response: { 200: Webhook },
      },
    },
    (request) => webhooks.get(rowOf(request.params.id)),
  )
  app.put(
    '/webhooks/:id',
    {
      config: { ...write, problems: [...write.problems, 'revision-mismatch'] },
      schema: {
        tags,
        summary: 'Change a webhook',
        operationId: 'saveWebhook',
        description: 'From now on it sees what you may see.',
        params: IdParams,
        headers: IfMatch,
        body: Draft,
        response: { 200: Webhook },
      },
    },
    (request) => webhooks.update(rowOf(request.params.id), revisionOf(request), request.body, principalOf(request)),
  )
  app.delete(
    '/webhooks/:id',
    {
      config: write,
      schema: {
        tags,
        summary: 'Remove a webhook',
        operationId: 'removeWebhook',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await webhooks.remove(rowOf(request.params.id), principalOf(request))
      return reply.code(204).send()
    },
  )
  actRoutes(app, core)
  app.get(
    '/webhooks/:id/deliveries',
    {
      config: { ...read, problems: ['not-found', 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'List what was delivered or is failing, newest first',
        operationId: 'listWebhookDeliveries',
        params: IdParams,
        querystring: z.strictObject({ ...pageQuery, state: z.enum(['delivered', 'failing']).optional() }),
        response: { 200: page('WebhookDeliveryPage', Delivery) },
      },
    },
    (request) => webhooks.deliveries(rowOf(request.params.id), request.query),
  )
}

function actRoutes(app: Api, { webhooks }: Core): void {
  app.post(
    '/webhooks/:id/test',
    {
      config: write,
      schema: {
        tags,
        summary: 'Send a test message now',
        operationId: 'testWebhook',
        params: IdParams,
        response: { 200: Tested },
      },
    },
    (request) => webhooks.test(rowOf(request.params.id)),
  )
  app.post(
    '/webhooks/:id/rotate',
    {
      config: write,
      schema: {
        tags,
        summary: 'Make a new secret',
        operationId: 'rotateWebhook',
        params: IdParams,
        response: { 200: WithSecret },
      },
    },
    (request) => webhooks.rotate(rowOf(request.params.id), principalOf(request)),
  )
  app.post(
    '/webhooks/:id/pause',
    {
      config: { ...write, problems: ['not-found', 'wrong-state'] },
      schema: {
        tags,
        summary: 'Pause a webhook',
        operationId: 'pauseWebhook',
        params: IdParams,
        response: { 200: Webhook },
      },
    },
    (request) => webhooks.pause(rowOf(request.params.id), principalOf(request)),
  )
  app.post(
    '/webhooks/:id/resume',
    {
      preValidation: async (request) => {
        request.body ??= { from: 'here' }
      },
      config: { ...write, problems: ['not-found', 'wrong-state'] },
      schema: {
        tags,
        summary: 'Resume a paused webhook',
        operationId: 'resumeWebhook',
        params: IdParams,
        body: z
          .strictObject({
            from: z.enum(['here', 'now']).default('here').describe('now: what happened meanwhile is left out'),
          })
          .meta({ id: 'WebhookResume' }),
        response: { 200: Webhook },
      },
    },
    (request) => webhooks.resume(rowOf(request.params.id), principalOf(request), request.body.from),
  )
  app.post(
    '/webhooks/:id/replay',
    {
      config: { ...write, problems: ['not-found', 'events-gone', 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'Send what happened since an event or a time once more, in order',
        operationId: 'replayWebhook',
        params: IdParams,
        body: Replay,
        response: { 200: Webhook },
      },
    },
    (request) => {
      const from = request.body
      return webhooks.replay(
        rowOf(request.params.id),
        principalOf(request),
        'after' in from ? from : { since: new Date(from.since) },
      )
    },
  )
}
