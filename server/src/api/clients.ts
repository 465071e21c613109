/** API clients: programs with scopes of their own. A secret is shown once. */
import { type Core, clientGrants } from '@muster/core'
import { z } from 'zod'
import { type Api, principalOf } from './route.ts'
import { IdParams, PageQuery, page, text, time } from './shapes.ts'

const tags = ['API clients']
const Client = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    public: z.boolean(),
    grants: z.array(z.string()),
    redirectUris: z.array(z.string()),
    createdAt: time(),
    owner: z
      .object({ id: z.string(), name: z.string() })
      .nullable()
      .describe('The user who made it, also through another client'),
    rotatedAt: time(),
    revoked: z.boolean(),
  })
  .meta({ id: 'ApiClient' })
const NewClient = z
  .strictObject({
    name: text(200, 1),
    scopes: z
      .array(z.string().max(128))
      .min(1)
      .max(500)
      .describe('Permissions that its tokens may hold; only those you hold yourself'),
    grants: z.array(z.enum(clientGrants)).min(1).optional().describe('client_credentials, unless said'),
    redirectUris: z.array(z.string().max(500)).max(20).optional(),
    public: z.boolean().optional().describe("No secret: a program on a person's machine"),
  })
  .meta({ id: 'NewApiClient' })

export function clientRoutes(app: Api, core: Core): void {
  const { clients } = core.access
  app.get(
    '/clients',
    {
      config: { access: { permission: 'client:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List API clients',
        operationId: 'listClients',
        querystring: PageQuery,
        response: { 200: page('ApiClientPage', Client) },
      },
    },
    (request) => clients.list(request.query),
  )
  app.post(
    '/clients',
    {
      config: { access: { permission: 'client:write' }, problems: ['forbidden'] },
      schema: {
        tags,
        summary: 'Make an API client',
        operationId: 'createClient',
        body: NewClient,
        response: {
          201: z
            .object({ client: Client, secret: z.string().optional().describe('Shown this once') })
            .meta({ id: 'ApiClientCreated' }),
        },
      },
    },
    async (request, reply) => reply.code(201).send(await clients.create(request.body, principalOf(request))),
  )
  app.get(
    '/clients/:id',
    {
      config: { access: { permission: 'client:read' }, problems: ['not-found'] },
      schema: {
        tags,
        summary: 'Read an API client',
        operationId: 'getClient',
        params: ClientParams,
        response: { 200: Client },
      },
    },
    (request) => clients.get(request.params.id),
  )
  app.post(
    '/clients/:id/rotate',
    {
      config: { access: { permission: 'client:write' }, problems: ['not-found', 'wrong-state', 'forbidden'] },
      schema: {
        tags,
        summary: 'Give an API client a new secret',
        operationId: 'rotateClient',
        params: ClientParams,
        querystring: z.strictObject({
          grace: z.coerce
            .number()
            .int()
            .min(0)
            .max(7 * 86400)
            .default(0)
            .describe('Seconds that the old secret stays good'),
        }),
        response: { 200: z.object({ secret: z.string().describe('Shown this once') }).meta({ id: 'ApiClientSecret' }) },
      },
    },
    (request) => clients.rotate(request.params.id, principalOf(request), request.query.grace),
  )
  app.delete(
    '/clients/:id',
    {
      config: { access: { permission: 'client:write' }, problems: ['not-found', 'wrong-state', 'forbidden'] },
      schema: {
        tags,
        summary: 'Revoke an API client and its tokens',
        operationId: 'revokeClient',
        params: ClientParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await clients.revoke(request.params.id, principalOf(request))
      return reply.code(204).send()
    },
  )
}
const ClientParams = IdParams.extend({ id: z.string().min(1).max(128) })
