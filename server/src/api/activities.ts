/** Activities: an administrator's act on many devices, its progress, and taking it back. */
import { approvalStates, type Core } from '@muster/core'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { DeviceQueryExpression } from './device-query.ts'
import { DeviceFilter } from './devices.ts'
import { OperationRecord, operationState } from './operations.ts'
import { type Api, actorOf, principalOf, reachOf, rowOf } from './route.ts'
import { IdParams, id, Json, JsonObject, page, pageQuery, text, time, word } from './shapes.ts'
import { spoken } from './spoken.ts'

const tags = ['Activities']
const ids = () => z.array(id()).min(1).max(10_000)
const Target = z
  .union([
    z.strictObject({ devices: ids() }),
    z.strictObject({ groups: ids() }),
    z.strictObject({ users: ids() }),
    z.strictObject({ roles: ids() }),
    z.strictObject({ query: DeviceQueryExpression }),
    z.strictObject({ filter: DeviceFilter }),
    z.strictObject({ activity: id(), states: z.array(operationState).min(1).max(20) }),
    z.strictObject({ all: z.literal(true) }),
  ])
  .meta({
    id: 'Target',
    description:
      'Which devices; always only those within your reach. A filter means every active device that the list shows with it, however many; an activity, the devices where it stands in one of these states',
  })
const ActivityRequest = z
  .strictObject({
    operation: z.string().min(1).max(128).describe('Operation id: device.inventory'),
    params: JsonObject.default({}),
    target: Target,
    deadline: z.iso.datetime({ offset: true }).optional().describe("Without it, the operation's own"),
    urgent: z.boolean().default(false),
    expect: z
      .int()
      .min(1)
      .optional()
      .describe('The number of devices that the preview showed: when it is another by now, nothing is sent (409)'),
  })
  .meta({ id: 'ActivityRequest' })
const Refused = z
  .object({ device: z.string(), code: z.string(), text: z.string() })
  .meta({ id: 'Refused', description: 'A device that the target names but the operation cannot be sent to' })
const ActivityCreated = z
  .object({
    id: z.string(),
    targets: z.int(),
    refused: z.array(Refused),
    approval: z
      .literal('waiting')
      .optional()
      .describe('It would destroy more than one person may alone: it waits until another administrator approves it'),
  })
  .meta({ id: 'ActivityCreated' })
const ActivityPreview = z
  .object({
    devices: z.int().describe('Devices the target reaches'),
    targets: z.int().describe('Those it would be sent to'),
    refused: z.array(Refused),
  })
  .meta({ id: 'ActivityPreview' })
const Activity = z
  .object({
    id: z.string(),
    operation: z.string(),
    title: z.string(),
    params: Json.describe('Secrets are masked'),
    actor: z.string(),
    target: Json,
    createdAt: time(),
    deadline: time(),
    cancelledAt: time().nullable(),
    urgent: z.boolean(),
    targets: z.int(),
    counts: z.record(z.string(), z.int()).describe('Devices by state'),
    refused: z.array(Refused),
    approval: word(approvalStates)
      .nullable()
      .describe('What became of asking a second administrator; null: nobody had to be asked'),
  })
  .meta({ id: 'Activity' })
const ActivityQuery = z.strictObject({
  ...pageQuery,
  operation: z.string().max(128).optional(),
  actor: text(200).optional().describe('user:anna, client:ci'),
})
const Idempotency = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A repeat with the same key and body gives the first answer again'),
})

const sending = [
  'unknown-operation',
  'invalid-params',
  'empty-target',
  'targets-changed',
  'invalid-target',
  'invalid-query',
  'wipe-byod',
  'forbidden',
] as const
export function activityRoutes(app: Api, core: Core): void {
  sendingRoutes(app, core)
  followingRoutes(app, core)
}

function sendingRoutes(app: Api, core: Core): void {
  app.post(
    '/activities',
    {
      config: { access: { principal: true }, problems: [...sending, 'idempotency-mismatch'] },
      schema: {
        tags,
        summary: 'Send an operation',
        operationId: 'createActivity',
        description:
          'Needs the permission `operation:<operation id>`. Answered 201, it is durable and will be tried until its deadline.',
        headers: Idempotency,
        body: ActivityRequest,
        response: { 201: ActivityCreated },
      },
    },
    async (request, reply) => {
      const made = await core.operations.send({
        ...request.body,
        principal: principalOf(request),
        idempotencyKey: request.headers['idempotency-key'],
      })
      return reply
        .code(201)
        .header('location', `${request.url.split('?')[0]}/${made.id}`)
        .send(made)
    },
  )
  app.post(
    '/activities/preview',
    {
      config: { access: { principal: true }, problems: sending },
      schema: {
        tags,
        summary: 'See what an operation would reach, without sending it',
        operationId: 'previewActivity',
        body: ActivityRequest,
        response: { 200: ActivityPreview },
      },
    },
    (request) => core.operations.preview({ ...request.body, principal: principalOf(request) }),
  )
}

const onlooker = (request: FastifyRequest) => ({ actor: actorOf(request), reach: reachOf(request) })

function followingRoutes(app: Api, core: Core): void {
  app.get(
    '/activities',
    {
      config: { access: { permission: 'activity:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List activities, newest first',
        operationId: 'listActivities',
        querystring: ActivityQuery,
        response: { 200: page('ActivityPage', Activity) },
      },
    },
    async (request) => {
      const found = await core.operations.activities({ ...request.query, by: onlooker(request) })
      return { ...found, items: found.items.map(spoken(core, request).ofOperation) }
    },
  )
  app.get(
    '/activities/:id',
    {
      config: { access: { permission: 'activity:read' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Read an activity and its progress',
        operationId: 'getActivity',
        params: IdParams,
        response: { 200: Activity },
      },
    },
    async (request) =>
      spoken(core, request).ofOperation(await core.operations.activity(rowOf(request.params.id), onlooker(request))),
  )
  app.get(
    '/activities/:id/devices',
    {
      config: { access: { permission: 'activity:read' }, problems: ['not-found', 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'List how an activity stands on each device',
        operationId: 'listActivityDevices',
        params: IdParams,
        querystring: z.strictObject({ ...pageQuery, state: operationState.optional() }),
        response: { 200: page('ActivityDevicePage', OperationRecord) },
      },
    },
    async (request) => {
      const found = await core.operations.ofActivity(rowOf(request.params.id), reachOf(request), request.query)
      return { ...found, items: found.items.map(spoken(core, request).ofOperation) }
    },
  )
  app.post(
    '/activities/:id/cancel',
    {
      config: { access: { principal: true }, problems: ['not-found', 'forbidden'] },
      schema: {
        tags,
        summary: 'Cancel what has not begun',
        operationId: 'cancelActivity',
        description:
          'Needs the permission of its operation. What a device may have begun is only marked: it ends by its report.',
        params: IdParams,
        response: { 200: z.object({ cancelled: z.int(), cancelling: z.int() }).meta({ id: 'ActivityCancelled' }) },
      },
    },
    (request) => core.operations.cancel(rowOf(request.params.id), principalOf(request)),
  )
}
