/** Groups of devices: static members, or a query over what devices are. */
import { type Core, reachFor } from '@muster/core'
import { z } from 'zod'
import { DeviceQueryExpression } from './device-query.ts'
import { DeviceSummary } from './devices.ts'
import { type Api, actorOf, IfMatch, principalOf, reachOf, revisionOf } from './route.ts'
import { IdParams, PageQuery, page, pageQuery, text, time } from './shapes.ts'

const tags = ['Groups']
const GroupInput = z
  .strictObject({
    name: text(120, 1),
    description: text(2000).default(''),
    query: DeviceQueryExpression.nullable()
      .optional()
      .describe('With it, the group fills itself; without, devices are added'),
  })
  .meta({ id: 'GroupDraft' })
const Group = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    query: DeviceQueryExpression.nullable(),
    devices: z.int(),
    revision: z.int(),
    createdAt: time(),
  })
  .meta({ id: 'Group' })
const device = () => z.array(z.uuid()).max(10_000).default([])

export function groupRoutes(app: Api, core: Core): void {
  app.get(
    '/groups',
    {
      config: { access: { permission: 'group:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List groups',
        operationId: 'listGroups',
        querystring: z.strictObject({ ...pageQuery, q: text(200).optional() }),
        response: { 200: page('GroupPage', Group) },
      },
    },
    (request) => core.groups.list(request.query),
  )
  app.post(
    '/groups',
    {
      config: { access: { permission: 'group:write' }, problems: ['already-exists', 'invalid-query'] },
      schema: { tags, summary: 'Make a group', operationId: 'createGroup', body: GroupInput, response: { 201: Group } },
    },
    async (request, reply) => reply.code(201).send(await core.groups.create(request.body, actorOf(request))),
  )
  app.get(
    '/groups/:id',
    {
      config: { access: { permission: 'group:read' }, problems: ['not-found'] },
      schema: { tags, summary: 'Read a group', operationId: 'getGroup', params: IdParams, response: { 200: Group } },
    },
    (request) => core.groups.get(request.params.id),
  )
  app.put(
    '/groups/:id',
    {
      config: {
        access: { permission: 'group:write' },
        problems: ['not-found', 'revision-mismatch', 'already-exists', 'invalid-query', 'forbidden'],
      },
      schema: {
        tags,
        summary: 'Change a group',
        operationId: 'saveGroup',
        description:
          'Letting devices into a group for which roles are held takes the permissions of those roles, everywhere.',
        params: IdParams,
        headers: IfMatch,
        body: GroupInput,
        response: { 200: Group },
      },
    },
    (request) =>
      core.groups.update(request.params.id, revisionOf(request), request.body, actorOf(request), principalOf(request)),
  )
  app.delete(
    '/groups/:id',
    {
      config: { access: { permission: 'group:write' }, problems: ['not-found', 'in-use'] },
      schema: {
        tags,
        summary: 'Remove a group',
        operationId: 'removeGroup',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await core.groups.remove(request.params.id, actorOf(request))
      return reply.code(204).send()
    },
  )
  app.get(
    '/groups/:id/devices',
    {
      config: { access: { permission: 'device:read' }, problems: ['not-found', 'invalid-cursor'] },
      schema: {
        tags,
        summary: 'List the devices in a group',
        operationId: 'listGroupDevices',
        params: IdParams,
        querystring: PageQuery,
        response: { 200: page('GroupDevicePage', DeviceSummary) },
      },
    },
    async (request) => {
      await core.groups.get(request.params.id)
      return core.reports.list({ ...request.query, group: request.params.id, reach: reachOf(request) })
    },
  )
  app.post(
    '/groups/:id/devices',
    {
      config: {
        access: { permission: 'group:write' },
        problems: ['not-found', 'wrong-state', 'invalid-target', 'forbidden'],
      },
      schema: {
        tags,
        summary: 'Add devices to a static group and take others out',
        operationId: 'changeGroupDevices',
        description:
          'Letting devices into a group for which roles are held takes the permissions of those roles, everywhere.',
        params: IdParams,
        body: z.strictObject({ add: device(), remove: device() }).meta({ id: 'GroupMembers' }),
        response: { 200: z.object({ added: z.int(), removed: z.int() }).meta({ id: 'GroupMembersChanged' }) },
      },
    },
    (request) =>
      core.groups.change(request.params.id, {
        ...request.body,
        reach: reachFor(principalOf(request), 'device:read'),
        actor: actorOf(request),
        by: principalOf(request),
      }),
  )
  app.post(
    '/groups/preview',
    {
      config: { access: { permission: 'group:read' }, problems: ['invalid-query'] },
      schema: {
        tags,
        summary: 'Count the devices a query finds',
        operationId: 'previewGroup',
        body: z.strictObject({ query: DeviceQueryExpression }).meta({ id: 'GroupPreview' }),
        response: { 200: z.object({ devices: z.int() }).meta({ id: 'GroupPreviewed' }) },
      },
    },
    async (request) => ({
      devices: await core.groups.preview(request.body.query, reachFor(principalOf(request), 'device:read')),
    }),
  )
}
