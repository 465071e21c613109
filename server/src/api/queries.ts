/** Saved queries: filters of the device list kept by name, one's own or shared. */
import type { Core } from '@muster/core'
import { z } from 'zod'
import { DeviceFilter } from './devices.ts'
import { type Api, IfMatch, principalOf, revisionOf } from './route.ts'
import { IdParams, page, pageQuery, text, time } from './shapes.ts'

const tags = ['Devices']
const QueryInput = z
  .strictObject({
    name: text(120, 1),
    shared: z.boolean().default(false).describe("Everybody's, for which `query:write` is needed; else only your own"),
    filter: DeviceFilter,
  })
  .meta({ id: 'SavedQueryDraft' })
const SavedQuery = z
  .object({
    id: z.string(),
    name: z.string(),
    shared: z.boolean(),
    filter: DeviceFilter,
    revision: z.int(),
    createdAt: time(),
    createdBy: z.string(),
  })
  .meta({ id: 'SavedQuery', description: 'A filter of the device list with a name' })
/** One's own need no permission beyond reading devices; the core asks for `query:write` where one is shared. */
const access = { permission: 'device:read' }

export function queryRoutes(app: Api, core: Core): void {
  app.get(
    '/queries',
    {
      config: { access, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List saved queries: shared ones and your own',
        operationId: 'listQueries',
        querystring: z.strictObject({
          ...pageQuery,
          name: text(120, 1).optional().describe('Only those of this name, whatever the case'),
        }),
        response: { 200: page('SavedQueryPage', SavedQuery) },
      },
    },
    (request) => core.queries.list(principalOf(request), request.query),
  )
  app.post(
    '/queries',
    {
      config: { access, problems: ['already-exists', 'too-many', 'forbidden'] },
      schema: {
        tags,
        summary: 'Save a query of the device list',
        operationId: 'createQuery',
        body: QueryInput,
        response: { 201: SavedQuery },
      },
    },
    async (request, reply) => reply.code(201).send(await core.queries.create(principalOf(request), request.body)),
  )
  app.get(
    '/queries/:id',
    {
      config: { access, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Read a saved query',
        operationId: 'getQuery',
        params: IdParams,
        response: { 200: SavedQuery },
      },
    },
    (request) => core.queries.get(principalOf(request), request.params.id),
  )
  app.put(
    '/queries/:id',
    {
      config: { access, problems: ['not-found', 'revision-mismatch', 'already-exists', 'forbidden'] },
      schema: {
        tags,
        summary: 'Rename or change a saved query, share it, or take it back',
        operationId: 'saveQuery',
        params: IdParams,
        headers: IfMatch,
        body: QueryInput,
        response: { 200: SavedQuery },
      },
    },
    (request) => core.queries.change(principalOf(request), request.params.id, revisionOf(request), request.body),
  )
  app.delete(
    '/queries/:id',
    {
      config: { access, problems: ['not-found', 'forbidden'] },
      schema: {
        tags,
        summary: 'Remove a saved query',
        operationId: 'removeQuery',
        params: IdParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await core.queries.remove(principalOf(request), request.params.id)
      return reply.code(204).send()
    },
  )
}
