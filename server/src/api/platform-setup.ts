/** Setting platforms up: the steps that each platform describes, how they stand, and doing them. */
import type { JsonObject as JsonRecord } from '@muster/contract'
import type { Core } from '@muster/core'
import { z } from 'zod'
import { type Api, actorOf } from './route.ts'
import { JsonObject, JsonSchema, list, platformId, word } from './shapes.ts'
import { readerOf } from './spoken.ts'

const tags = ['Platforms']
const titled = { id: z.string(), title: z.string(), summary: z.string() }
const SetupAction = z
  .object({
    ...titled,
    danger: word(['none', 'confirm', 'destructive']),
    schema: JsonSchema.describe('Of the input; a member with contentEncoding base64 is a file'),
    secret: list(z.string()).describe('Members that are never shown again'),
    examples: list(JsonObject).describe('Of the input'),
    available: z.boolean().describe('It can be done now'),
  })
  .meta({ id: 'SetupAction' })
const SetupStep = z
  .object({
    ...titled,
    state: word(['missing', 'waiting', 'ready', 'attention', 'failed']),
    text: z.string(),
    details: list(z.object({ title: z.string(), value: z.string(), time: z.boolean() })),
    actions: list(SetupAction),
  })
  .meta({ id: 'SetupStep' })
const PlatformSetup = z
  .object({ platform: z.string(), title: z.string(), steps: list(SetupStep) })
  .meta({ id: 'PlatformSetup' })
const SetupAnswer = z
  .object({
    text: z.string(),
    files: list(
      z.object({ name: z.string(), type: z.string(), content: z.string().meta({ contentEncoding: 'base64' }) }),
    ),
  })
  .meta({ id: 'SetupAnswer' })

const word64 = () => z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'is not an id')

export function platformSetupRoutes(app: Api, core: Core): void {
  app.get(
    '/platform-setup',
    {
      config: { access: { permission: 'platform:write' } },
      schema: {
        tags,
        summary: 'See how the set-up of each platform stands',
        operationId: 'listPlatformSetup',
        response: { 200: z.object({ items: list(PlatformSetup) }) },
      },
    },
    async (request) => ({
      items: await core.platforms.setup.list(readerOf(request)),
    }),
  )
  app.post(
    '/platform-setup/:platform/:step/:action',
    {
      config: {
        access: { permission: 'platform:write' },
        problems: ['unknown-platform', 'not-found', 'setup-refused'],
      },
      schema: {
        tags,
        summary: 'Do an action of a platform’s set-up',
        operationId: 'actOnPlatformSetup',
        description: 'The input is as the action’s schema in GET /platform-setup says; files are base64.',
        params: z.object({ platform: platformId(), step: word64(), action: word64() }),
        body: z.strictObject({ input: JsonObject.default({}) }),
        response: { 200: SetupAnswer },
      },
    },
    async (request) => {
      const { text, files } = await core.platforms.setup.act({
        ...request.params,
        input: request.body.input as JsonRecord,
        actor: actorOf(request),
        language: readerOf(request),
      })
      return {
        text,
        files: (files ?? []).map((f) => ({
          name: f.name,
          type: f.type,
          content: Buffer.from(f.bytes.buffer, f.bytes.byteOffset, f.bytes.byteLength).toString('base64'),
        })),
      }
    },
  )
}
