/** The server's configuration, and licence texts. */
import { jsonSchema } from '@muster/contract'
import { type Core, configurationKeys } from '@muster/core'
import { z } from 'zod'
import { type Api, actorOf, IfMatch, revisionOf } from './route.ts'
import { Json, JsonSchema, list, page, pageQuery, platformId, text, time } from './shapes.ts'

const Entry = z
  .object({
    key: z.string(),
    value: Json,
    revision: z.int().describe('0: the default, never changed'),
    changedAt: time().nullable(),
    changedBy: z.string().nullable(),
    schema: JsonSchema.describe('Of the value'),
  })
  .meta({ id: 'ConfigurationEntry' })
const Licence = z
  .object({
    id: z.string(),
    platform: z.string(),
    language: z.string(),
    version: z.string(),
    text: z.string(),
    createdAt: time(),
  })
  .meta({ id: 'Licence' })
const NewLicence = z
  .strictObject({
    platform: platformId(),
    language: z.string().min(2).max(35).describe('en, pt-BR'),
    version: text(64, 1),
    text: text(200_000, 1),
  })
  .meta({ id: 'NewLicence' })

export function configurationRoutes(app: Api, core: Core): void {
  const tags = ['Configuration']
  app.get(
    '/configuration',
    {
      config: { access: { permission: 'configuration:read' } },
      schema: {
        tags,
        summary: 'Read the configuration',
        operationId: 'listConfiguration',
        response: { 200: z.object({ items: list(Entry) }).meta({ id: 'ConfigurationList' }) },
      },
    },
    async () => ({ items: core.configuration.list().map(described) }),
  )
  app.put(
    '/configuration/:key',
    {
      config: { access: { permission: 'configuration:write' }, problems: ['not-found', 'revision-mismatch'] },
      schema: {
        tags,
        summary: 'Change one entry',
        operationId: 'saveConfiguration',
        params: z.object({ key: z.string().min(1).max(64) }),
        headers: IfMatch,
        body: z.strictObject({ value: Json }).meta({ id: 'ConfigurationValue' }),
        response: { 200: Entry },
      },
    },
    async (request) =>
      described(
        await core.configuration.put(request.params.key, request.body.value, {
          revision: revisionOf(request),
          actor: actorOf(request),
        }),
      ),
  )
}

type Setting = ReturnType<Core['configuration']['list']>[number]
/** A setting with what its form is made of. */
function described(setting: Setting) {
  return { ...setting, schema: { ...jsonSchema(configurationKeys[setting.key]) } }
}

export function licenceRoutes(app: Api, core: Core): void {
  const tags = ['Licences']
  app.get(
    '/licences',
    {
      config: { access: { permission: 'licence:read' }, problems: ['invalid-cursor'] },
      schema: {
        tags,
        summary: 'List licence texts, newest first',
        operationId: 'listLicences',
        querystring: z.strictObject({ ...pageQuery, platform: platformId().optional() }),
        response: { 200: page('LicencePage', Licence) },
      },
    },
    (request) => core.enrollment.licences.list(request.query),
  )
  app.post(
    '/licences',
    {
      config: { access: { permission: 'licence:write' }, problems: ['unknown-platform', 'already-exists'] },
      schema: {
        tags,
        summary: 'Add a licence text',
        operationId: 'createLicence',
        description: 'A version is never changed: a newer one is added, and devices that enrol accept the newest.',
        body: NewLicence,
        response: { 201: Licence },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await core.enrollment.licences.create({ ...request.body, actor: actorOf(request) })),
  )
}
