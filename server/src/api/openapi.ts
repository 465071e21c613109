/** The API description (OpenAPI 3.1), made from the routes themselves: shapes, permissions as scopes, and the problems each may answer with. */
import swagger from '@fastify/swagger'
import { type ProblemCode, problemList } from '@muster/contract'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { RouteAccess } from '../gateway/index.ts'
import { version } from '../version.ts'
import { tidyComponents } from './openapi-components.ts'
import { sessionPaths } from './session.ts'

export interface DescriptionOptions {
  /** Every permission there is, with its words: the scopes of the API. */
  permissions: readonly { id: string; title: string }[]
}

const statuses = new Map(problemList().map((p) => [p.code, p]))
const always: readonly ProblemCode[] = ['throttled', 'database-away', 'internal-error']

export async function describeApi(app: FastifyInstance, o: DescriptionOptions): Promise<void> {
  const toJson = createJsonSchemaTransform({ zodToJsonConfig: { override } })
  const toComponents = createJsonSchemaTransformObject({ zodToJsonConfig: { override } })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Muster',
        version,
        description:
          'The HTTP API of Muster. Errors are problem+json (RFC 9457) with stable codes; lists answer `items` and `next`, which goes back in as `cursor`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: schemes(o) },
    },
    hideUntagged: true,
    transform: (document) => {
      const { schema, url } = toJson(document)
      const { access, problems } = document.route.config ?? {}
      if (!document.schema || document.schema.hide) return { schema, url }
      return { schema: withAccess(schema, access, problems), url }
    },
    transformObject: (document) => {
      const whole = toComponents(document)
      return tidyComponents({ ...whole, paths: worded({ ...whole.paths, ...sessionPaths }) } as typeof whole)
    },
  })
}

function schemes(o: DescriptionOptions) {
  const scopes = Object.fromEntries(o.permissions.map((p) => [p.id, p.title]))
  return {
    oauth2: {
      type: 'oauth2' as const,
      flows: {
        clientCredentials: { tokenUrl: '/oauth2/token', scopes },
        authorizationCode: {
          authorizationUrl: '/oauth2/auth',
          tokenUrl: '/oauth2/token',
          refreshUrl: '/oauth2/token',
          scopes,
        },
      },
    },
    session: {
      type: 'apiKey' as const,
      in: 'cookie' as const,
      name: '__Host-muster',
      description: 'The console; unsafe methods also need the header X-Muster-CSRF',
    },
  }
}

/** Security and problem answers that follow from what the route declared. */
function withAccess(
  schema: FastifySchema,
  access: RouteAccess | undefined,
  more: readonly ProblemCode[] = [],
): FastifySchema {
  const known = access !== undefined && ('permission' in access || 'principal' in access)
  const permission = access && 'permission' in access ? access.permission : undefined
  const codes: ProblemCode[] = [...more, ...always]
  if (known) codes.push('unauthenticated', 'token-expired', 'token-revoked')
  if (permission) codes.push('forbidden')
  if (schema.body || schema.querystring || schema.headers || schema.params) codes.push('invalid-request')
  if (schema.params) codes.push('invalid-path')
  if (schema.body) codes.push('malformed-json', 'body-too-large', 'unsupported-media-type')
  const scopes = permission ? [permission] : []
  return {
    ...schema,
    security: known ? [{ oauth2: scopes }, { session: [] }] : [],
    ...(permission ? { 'x-permission': permission } : {}),
    response: { ...(schema.response as object | undefined), ...problemAnswers(codes) },
  } as FastifySchema
}

function problemAnswers(codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus = new Map<number, string[]>()
  for (const code of [...new Set(codes)].sort()) {
    const status = statuses.get(code)?.status ?? 500
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [status, { description: list.map((c) => `\`${c}\``).join(', '), content }]),
  )
}

const words: Record<string, string> = { 200: 'Done', 201: 'Made', 202: 'Begun', 204: 'Done' }
/** Gives every answer a description of its own. */
function worded<P extends object>(paths: P): P {
  const operations = Object.values(paths).flatMap(
    (p: object) => Object.values(p) as { responses?: Record<string, { description?: string }> }[],
  )
  for (const { responses } of operations) {
    for (const [status, answer] of Object.entries(responses ?? {}))
      if (answer.description === 'Default Response') answer.description = words[status] ?? 'Done'
  }
  return paths
}

/** Answers may grow: only what callers send is closed. Shapes we wrote by hand (`anyOf` in meta) stand as written. */
function override(ctx: { zodSchema: object; jsonSchema: Record<string, unknown>; io?: string }): void {
  const { jsonSchema } = ctx
  const def = (ctx.zodSchema as { _zod: { def: { type: string; catchall?: object } } })._zod.def
  if (def.type === 'object' && !def.catchall) delete jsonSchema.additionalProperties
  if (def.type === 'readonly') delete jsonSchema.readOnly
  if (def.type === 'undefined') jsonSchema.type = 'null'
  if (def.type === 'record') delete jsonSchema.propertyNames
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (def.type === 'record' && jsonSchema.anyOf) {
    delete jsonSchema.type
    delete jsonSchema.additionalProperties
  }
}
