/** What this server is, and every operation, policy feature and fact it knows: the catalogue that forms are made of. */
import { ownerships } from '@muster/contract'
import type { Core } from '@muster/core'
import { z } from 'zod'
import { version } from '../version.ts'
import type { Api } from './route.ts'
import { Json, JsonSchema, list, word } from './shapes.ts'
import { readerOf } from './spoken.ts'

const tags = ['Server']
const titled = { id: z.string(), title: z.string() }
const About = z
  .object({
    product: z.literal('muster'),
    version: z.string(),
    organisation: z.string(),
    platforms: z.array(z.object(titled)),
  })
  .meta({ id: 'About' })
const Fact = z
  .object({
    ...titled,
    type: z.enum(['string', 'number', 'boolean', 'time', 'list', 'object']),
    unit: z.string().optional(),
    queryable: z.boolean().optional(),
  })
  .meta({ id: 'Fact' })
const CatalogPlatform = z
  .object({
    ...titled,
    installed: z.boolean(),
    channels: list(
      z.object({
        kind: z.string(),
        settings: z
          .enum(['each', 'whole'])
          .describe('Policy settings go one by one, or as one document of all of them'),
        operations: z.array(z.string()),
        features: z.array(z.string()),
      }),
    ).describe('What can be done over each kind of channel that its devices have'),
    deviceTypes: list(z.object({ ...titled, formFactors: list(z.string()) })),
    enrolments: list(z.object({ ...titled, ownerships: list(word(ownerships)) })),
    facts: list(Fact),
    events: list(z.object({ ...titled, severity: word(['info', 'warning', 'critical']) })),
    support: z.object({ operations: z.array(z.string()), features: z.array(z.string()) }),
  })
  .meta({ id: 'CatalogPlatform' })
const CatalogOperation = z
  .object({
    ...titled,
    summary: z.string(),
    danger: word(['none', 'confirm', 'destructive']),
    repeatable: z.boolean(),
    collapse: z.boolean(),
    signed: z.boolean(),
    expiresS: z.number(),
    permission: z.string(),
    secret: list(z.string()).describe('Params that are never shown again'),
    params: JsonSchema,
    result: JsonSchema,
    examples: list(Json).describe('Of the params'),
    platforms: z.array(z.string()),
  })
  .meta({ id: 'CatalogOperation' })
const CatalogFeature = z
  .object({
    ...titled,
    summary: z.string(),
    schema: JsonSchema,
    secret: list(z.string()),
    merge: z.object({ rule: word(['priority', 'union']), lists: list(z.string()).optional() }),
    examples: list(Json),
    platforms: z.array(z.string()),
  })
  .meta({ id: 'CatalogFeature' })
const Catalog = z
  .object({
    platforms: z.array(CatalogPlatform),
    operations: z.array(CatalogOperation),
    features: z.array(CatalogFeature),
    problems: z.array(z.object({ code: z.string(), status: z.int(), text: z.string() }).meta({ id: 'ProblemCode' })),
  })
  .meta({ id: 'Catalog' })

export function aboutRoutes(app: Api, core: Core): void {
  app.get(
    '/about',
    {
      config: { access: { public: 'sign-in pages and agents show it' } },
      schema: { tags, summary: 'See what this server is', operationId: 'getAbout', response: { 200: About } },
    },
    async () => ({
      product: 'muster' as const,
      version,
      organisation: core.configuration.get('organisation').value.name,
      platforms: [...core.registry.platforms.values()].map(({ platform }) => ({
        id: platform.id,
        title: platform.title,
      })),
    }),
  )
  app.get(
    '/catalog',
    {
      config: { access: { permission: 'platform:read' } },
      schema: {
        tags,
        summary: 'Read every operation, feature, fact and error code',
        operationId: 'getCatalog',
        response: { 200: Catalog },
      },
    },
    async (request) => core.platforms.catalog(readerOf(request)),
  )
}
