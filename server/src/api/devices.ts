/** Devices: list, one, change, block, disenrol, and what is known of each. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { OperationRecord } from './operations.ts'
import { type Api, actorOf, IfMatch, principalOf, reachOf, revisionOf, rowIn } from './route.ts'
import {
  formFactor,
  IdParams,
  Json,
  JsonObject,
  Named,
  ownership,
  PageQuery,
  page,
  pageQuery,
  platformId,
  Reason,
  text,
  time,
  word,
} from './shapes.ts'
import { spoken } from './spoken.ts'

const tags = ['Devices']
const lifecycle = z.enum(['created', 'active', 'disenrolling', 'removed'])
const liveness = z.enum(['reachable', 'unreachable', 'inactive'])
export const ComplianceWord = z.enum(['compliant', 'violated', 'unknown', 'none'])

const summary = {
  id: z.string(),
  name: z.string(),
  platform: z.string(),
  ownership: ownership(),
  formFactor: formFactor(),
  manufacturer: z.string().nullable(),
  model: z.string().nullable(),
  osName: z.string().nullable(),
  osVersion: z.string().nullable(),
  serial: z.string().nullable(),
  owner: Named.nullable(),
  lifecycle,
  blocked: z.boolean(),
  liveness: liveness.describe('Whether it is heard from as often as it promised'),
  lastSeen: time().nullable(),
  compliance: ComplianceWord,
  open: z.int().describe('Operations that are not settled'),
  encrypted: z.boolean().nullable(),
  rooted: z.boolean().nullable(),
  agentVersion: z.string().nullable(),
  enrolledAt: time().nullable(),
}
export const DeviceSummary = z.object(summary).meta({ id: 'DeviceSummary' })
const DevicePage = page('DevicePage', DeviceSummary)
const Availability = z
  .object({
    id: z.string(),
    title: z.string(),
    danger: z.enum(['none', 'confirm', 'destructive']),
    available: z.boolean(),
    reason: Reason.optional(),
  })
  .meta({
    id: 'OperationAvailability',
    description: 'Whether this operation can be sent to this device by you, and if not, why',
  })
const Device = z
  .object({
    ...summary,
    facts: JsonObject,
    factsAt: time().nullable(),
    identifiers: z.array(z.object({ kind: z.string(), value: z.string(), since: time() })),
    channels: z.array(z.object({ name: z.string() })),
    groups: z.array(Named),
    enrolment: z
      .object({
        epoch: z.int(),
        state: word(lifecycle.options),
        activatedAt: time().nullable(),
        deadline: time().nullable(),
        reason: z.string().nullable(),
        licence: z.string().nullable().describe('Version of the licence that was accepted'),
      })
      .nullable(),
    expectInS: z.number().describe('Seconds after which silence means something'),
    operations: z.array(Availability),
    revision: z.int(),
  })
  .meta({ id: 'Device' })
const DeviceChange = z
  .strictObject({
    name: text(200, 1).optional(),
    owner: z.string().max(64).nullable().optional().describe('User id; null: nobody'),
    ownership: ownership().optional(),
  })
  .refine(
    (c) => (c.name === undefined) !== (c.owner === undefined && c.ownership === undefined),
    'takes either a name, or owner and ownership',
  )
  .meta({ id: 'DeviceChange' })
/** Ids in one word of the address: `ids=a,b`. */
const ids = z
  .string()
  .max(200 * 37)
  .transform((s) => s.split(','))
  .pipe(z.array(z.uuid()).max(200))
const filter = {
  q: text(200).optional().describe('Part of name, serial, model, owner or operating system'),
  platform: platformId().optional(),
  ownership: ownership().optional(),
  liveness: liveness.optional(),
  lifecycle: lifecycle.optional().describe('Without it, removed devices are left out'),
  compliance: ComplianceWord.optional(),
  group: z.string().max(20).optional().describe('Group id'),
  owner: z.string().max(64).optional().describe('User id'),
  formFactor: formFactor().optional(),
}
export const DeviceFilter = z.strictObject(filter).meta({
  id: 'DeviceFilter',
  description: 'What the list of devices is narrowed to; all that are set must match',
})
const DeviceQuery = z.strictObject({
  ...pageQuery,
  ...filter,
  ids: ids
    .optional()
    .describe('Only these devices (ids with commas between, at most 200), removed ones too; other filters do not count')
    .meta({ type: 'string' }),
})

const OperationPage = page('OperationPage', OperationRecord)
const DeviceEventPage = page(
  'DeviceEventPage',
  z
    .object({ at: time(), type: z.string(), severity: z.enum(['info', 'warning', 'critical']), data: Json })
    .meta({ id: 'DeviceEvent' }),
)
const MessagePage = page(
  'MessagePage',
  z
    .object({
      id: z.string(),
      at: time(),
      channel: z.string(),
      direction: z.enum(['in', 'out']),
      outcome: z.string(),
      size: z.int().describe('Bytes on the wire'),
      content: z.string().optional().describe('Only with content=true'),
    })
    .meta({ id: 'Message' }),
)
const MessageQuery = z.strictObject({
  ...pageQuery,
  content: z.enum(['true', 'false']).default('false').describe('Open the contents; each look is audited'),
})

export function deviceRoutes(app: Api, core: Core): void {
  reading(app, core)
  changing(app, core)
  history(app, core)
}

function reading(app: Api, core: Core): void {
  app.get(
    '/devices',
    {
      config: { access: { permission: 'device:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List devices',
        operationId: 'listDevices',
        querystring: DeviceQuery,
        response: { 200: DevicePage },
      },
    },
    (request) => core.reports.list({ ...request.query, reach: reachOf(request) }),
  )
  app.get(
    '/devices/:id',
    {
      config: { access: { permission: 'device:read' }, problems: ['not-found'] },
      schema: { tags, summary: 'Read a device', operationId: 'getDevice', params: IdParams, response: { 200: Device } },
    },
    async (request) => {
      const found = await core.reports.page(request.params.id, principalOf(request))
      return { ...found, operations: found.operations.map(spoken(core, request).operation) }
    },
  )
}

function changing(app: Api, core: Core): void {
  app.patch(
    '/devices/:id',
    {
      config: {
        access: { permission: 'device:write' },
        problems: ['not-found', 'revision-mismatch', 'wrong-state', 'forbidden'],
      },
      schema: {
        tags,
        summary: 'Rename a device or change its owner or ownership',
        description:
          'A new owner or ownership begins a new epoch: what is queued for the old one is cancelled. Nobody becomes the owner to gain permissions.',
        operationId: 'changeDevice',
        params: IdParams,
        headers: IfMatch,
        body: DeviceChange,
        response: { 200: Device },
      },
    },
    async (request) => {
      const { name, owner, ownership } = request.body
      const by = { actor: actorOf(request), revision: revisionOf(request) }
      const { id } = request.params
      await core.reports.reached(id, reachOf(request))
      if (name !== undefined) await core.devices.rename(id, name, by)
      else {
        const person = owner == null ? owner : rowIn('owner', owner)
        if (person != null) await core.access.demandForOwner(principalOf(request), id, person)
        await core.enrollment.setOwnership({ device: id, ownership, owner: person, ...by })
      }
      const found = await core.reports.page(request.params.id, principalOf(request))
      return { ...found, operations: found.operations.map(spoken(core, request).operation) }
    },
  )
  app.post(
    '/devices/:id/block',
    {
      config: { access: { permission: 'device:write' }, problems: ['not-found', 'wrong-state'] },
      schema: {
        tags,
        summary: 'Block a device, or let it in again',
        description: 'A blocked device may report, but nothing is handed to it.',
        operationId: 'blockDevice',
        params: IdParams,
        body: z.strictObject({ blocked: z.boolean() }).meta({ id: 'DeviceBlock' }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await core.reports.reached(request.params.id, reachOf(request))
      await core.enrollment.block({ device: request.params.id, on: request.body.blocked, actor: actorOf(request) })
      return reply.code(204).send()
    },
  )
  app.delete(
    '/devices/:id',
    {
      config: { access: { permission: 'device:remove' }, problems: ['not-found', 'wrong-state', 'approval-needed'] },
      schema: {
        tags,
        summary: 'Disenrol a device',
        operationId: 'disenrolDevice',
        description:
          'The device undoes what Muster manages and confirms; at the latest after 24 hours its credentials die.',
        params: IdParams,
        response: { 202: z.object({ state: lifecycle }).meta({ id: 'Disenrolment' }) },
      },
    },
    async (request, reply) => {
      await core.reports.reached(request.params.id, reachOf(request))
      const done = await core.enrollment.disenrol({ device: request.params.id, actor: actorOf(request) })
      return reply.code(202).send(done)
    },
  )
}

function history(app: Api, core: Core): void {
  app.get(
    '/devices/:id/operations',
    {
      config: { access: { permission: 'activity:read' }, problems: ['not-found', 'invalid-cursor'] },
      schema: {
        tags,
        summary: "List a device's operations, newest first",
        operationId: 'listDeviceOperations',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: OperationPage },
      },
    },
    async (request) => {
      const no = await core.reports.reached(request.params.id, reachOf(request))
      const found = await core.operations.ofDevice(no, request.query)
      return { ...found, items: found.items.map(spoken(core, request).ofOperation) }
    },
  )
  app.get(
    '/devices/:id/events',
    {
      config: { access: { permission: 'device:read' }, problems: ['not-found', 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'List what a device reported as it happened',
        operationId: 'listDeviceEvents',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: DeviceEventPage },
      },
    },
    async (request) =>
      core.reports.events(await core.reports.reached(request.params.id, reachOf(request)), request.query),
  )
  app.get(
    '/devices/:id/messages',
    {
      config: { access: { permission: 'message:read' }, problems: ['not-found', 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'List the messages exchanged with a device',
        operationId: 'listDeviceMessages',
        params: IdParams,
        querystring: MessageQuery,
        response: { 200: MessagePage },
      },
    },
    async (request) => {
      const { content, ...rest } = request.query
      const no = await core.reports.reached(request.params.id, reachOf(request))
      return core.reports.messages(
        { no, id: request.params.id },
        { ...rest, reader: content === 'true' ? actorOf(request) : undefined },
      )
    },
  )
}
