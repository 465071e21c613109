/** The whole API, from its own description: every route, parameter and body as it is declared, and then bent. And OAuth's forms. */
import type { Endpoint } from '../endpoint.ts'
import { mutate, nasty } from '../mutate.ts'
import { mutateJson } from '../mutate-json.ts'
import type { Random } from '../random.ts'
import type { OpenApi, OpenApiOperation, Target } from '../target.ts'
import { request } from '../wire.ts'

type Schema = Record<string, unknown> & { $ref?: string; type?: string | string[]; enum?: unknown[]; const?: unknown }

/** A value that fits the schema, more or less. */
function sampleOf(schema: unknown, api: OpenApi, r: Random, depth = 0): unknown {
  if (typeof schema !== 'object' || schema === null || depth > 8) return r.pick([null, 1, 'x', {}])
  const s = schema as Schema
  if (s.$ref !== undefined) return sampleOf(api.components.schemas[s.$ref.split('/').pop() ?? ''], api, r, depth + 1)
  if (s.const !== undefined) return s.const
  if (s.enum) return r.pick(s.enum)
  for (const choice of [s.anyOf, s.oneOf]) if (Array.isArray(choice)) return sampleOf(r.pick(choice), api, r, depth + 1)
  if (Array.isArray(s.allOf)) return Object.assign({}, ...s.allOf.map((part) => sampleOf(part, api, r, depth + 1)))
  switch (Array.isArray(s.type) ? r.pick(s.type) : s.type) {
    case 'object': {
      const required = new Set((s.required as string[] | undefined) ?? [])
      const entries = Object.entries((s.properties ?? {}) as Record<string, unknown>)
      return Object.fromEntries(
        entries.filter(([k]) => required.has(k) || r.once(2)).map(([k, v]) => [k, sampleOf(v, api, r, depth + 1)]),
      )
    }
    case 'array':
      return Array.from({ length: r.below(4) }, () => sampleOf(s.items, api, r, depth + 1))
    case 'integer':
    case 'number':
      return r.pick([0, 1, 7, s.minimum ?? -1, s.maximum ?? 2 ** 31])
    case 'boolean':
      return r.once(2)
    case 'null':
      return null
    default:
      return r.once(6)
        ? r.pick(nasty)
        : r.pick(['x', 'a name', '7', 'linux', 'device.lock', 'linux.banner', 'device:read', '2026-05-01T10:00:00Z'])
  }
}

interface Route {
  method: string
  path: string
  operation: OpenApiOperation
}
const routesOf = new WeakMap<OpenApi, Route[]>()
function routes(api: OpenApi): Route[] {
  const known = routesOf.get(api)
  if (known) return known
  const all = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  routesOf.set(api, all)
  return all
}

/** An id of the right kind, of another kind, or none at all. */
function idFor(path: string, t: Target, r: Random): string {
  const kind = path.split('/').find((part) => part in t.ids) ?? ''
  const own = t.ids[kind] ?? '1'
  return encodeURIComponent(
    r
      .pick([own, own, '00000000-0000-7000-8000-000000000000', '0', '-1', '99999999999999999999', '1e3', ...nasty])
      .toWellFormed(),
  )
}

/** Without these three the attacked server would lose what the attack itself lives by. */
const spared = (x: Route) =>
  x.path.endsWith('/session') ||
  (x.method === 'DELETE' && /\/(devices|clients)\//.test(x.path)) ||
  x.path.endsWith('/events')

function call(r: Random, t: Target, only: (x: Route) => boolean) {
  const { method, path, operation } = r.pick(routes(t.api).filter((x) => !spared(x) && only(x)))
  const target = path.replace(/\{[^}]+\}/g, () => idFor(path, t, r))
  const query = (operation.parameters ?? [])
    .filter((p) => p.in === 'query' && r.once(2))
    .map((p) => {
      const value = r.once(2) ? r.pick(nasty) : String(sampleOf(p.schema, t.api, r))
      return `${encodeURIComponent(r.once(10) ? r.pick(nasty).toWellFormed() : p.name)}=${encodeURIComponent(value.toWellFormed())}`
    })
  const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  const text = schema === undefined ? undefined : JSON.stringify(sampleOf(schema, t.api, r))
  const body = text === undefined || r.once(5) ? text : mutateJson(text, r)
  const own: [string, string][] = r.once(4)
    ? [
        ['Cookie', t.cookie],
        ['X-Muster-CSRF', t.csrf],
      ]
    : [['Authorization', `Bearer ${t.admin}`]]
  const more: [string, string][] = [
    ...(body === undefined ? [] : [['Content-Type', 'application/json'] as [string, string]]),
    ...(r.once(2) ? [['If-Match', r.pick(['"1"', '"999999999"', '*', 'W/"1"', '1'])] as [string, string]] : []),
    ...(r.once(6) ? [['Idempotency-Key', r.pick(['a', 'x'.repeat(300), 'é'])] as [string, string]] : []),
  ]
  return { bytes: request(method, query.length > 0 ? `${target}?${query.join('&')}` : target, [...own, ...more], body) }
}

const forms = [
  'grant_type=client_credentials&scope=platform:read',
  'grant_type=refresh_token&refresh_token=x',
  'grant_type=authorization_code&code=x&redirect_uri=http://a&code_verifier=y',
  'grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x',
  'token=x&token_type_hint=access_token',
  'scope=openid+device:read&resource=http://a',
  'user_code=ABCD-EFGH&xsrf=x',
  'response_type=code&client_id=x&redirect_uri=http://a&code_challenge=x&code_challenge_method=S256&prompt=none&max_age=-1&claims={"id_token":{}}',
].map((f) => new Uint8Array(Buffer.from(f)))
const oauth = [
  '/token',
  '/token/introspection',
  '/token/revocation',
  '/device/auth',
  '/device',
  '/auth',
  '/request',
  '/session/end',
  '/me',
  '/jwks',
  '/interaction/x/login',
  '/interaction/x/confirm',
]

export const rest: readonly Endpoint[] = [
  { name: 'api-writes', weight: 5, make: (r, t) => call(r, t, (x) => x.method !== 'GET') },
  { name: 'api-reads', weight: 4, make: (r, t) => call(r, t, (x) => x.method === 'GET') },
  {
    name: 'oauth-forms',
    weight: 3,
    make: (r, t) => {
      const form = r.once(4) ? r.pick(forms) : mutate(r.pick(forms), r, forms)
      const own: [string, string][] = r.once(4)
        ? []
        : [['Authorization', `Basic ${Buffer.from(t.client).toString('base64')}`]]
      const get = r.once(3)
      const path = `/oauth2${r.pick(oauth)}`
      const query = [...form]
        .map((b) => `%${b.toString(16).padStart(2, '0')}`)
        .join('')
        .replaceAll('%3d', '=')
        .replaceAll('%26', '&')
      if (get) return { bytes: request('GET', `${path}?${query.slice(0, 8_000)}`, own) }
      return {
        bytes: request(
          'POST',
          path,
          [...own, ['Content-Type', r.once(8) ? 'text/plain' : 'application/x-www-form-urlencoded']],
          form,
        ),
      }
    },
  },
]
