/** Google's discovery document, when somebody has it: every request and every answer is held against it at run time, so that the table here cannot be wrong unnoticed. */
import fs from 'node:fs'
import type { Violation } from '../errors.ts'

interface Described {
  readonly type?: string
  readonly $ref?: string
  readonly enum?: readonly string[]
  readonly items?: Described
  readonly additionalProperties?: Described
  readonly properties?: Readonly<Record<string, Described>>
}
interface Method {
  readonly id: string
  readonly httpMethod: string
  readonly flatPath?: string
  readonly path: string
  readonly parameters?: Readonly<Record<string, Described & { location: string; repeated?: boolean }>>
  readonly request?: { readonly $ref: string }
  readonly response?: { readonly $ref: string }
}
interface Resource {
  readonly methods?: Readonly<Record<string, Method>>
  readonly resources?: Readonly<Record<string, Resource>>
}
interface Document extends Resource {
  readonly schemas: Readonly<Record<string, Described>>
}

export interface Discovery {
  /** What the document says against this request; also when it knows no such method. */
  request(method: string, path: string, query: URLSearchParams, body: unknown): Violation[]
  /** What it says against this answer. */
  response(method: string, path: string, body: unknown): Violation[]
}

const everywhere = new Set([
  'alt',
  'fields',
  'key',
  'prettyPrint',
  'quotaUser',
  'access_token',
  'oauth_token',
  '$.xgafv',
])

export function readDiscovery(file: string): Discovery {
  const document = JSON.parse(fs.readFileSync(file, 'utf8')) as Document
  const methods = [...methodsOf(document)].map((method) => ({ method, pattern: patternOf(method) }))
  const find = (verb: string, path: string) =>
    methods.find(({ method, pattern }) => method.httpMethod === verb && pattern.test(path.slice(1)))?.method

  function check(value: unknown, described: Described, at: string, found: Violation[]): void {
    if (value === undefined || value === null) return
    const named = described.$ref === undefined ? described : document.schemas[described.$ref]
    if (named === undefined) throw new Error(`The discovery document has no schema ${described.$ref}.`)
    const wrong = (what: string) => found.push({ field: at, description: `${at}: ${what}` })
    const { type } = named
    if (type === 'array') {
      if (!Array.isArray(value)) wrong('is no list')
      else for (const [i, item] of value.entries()) check(item, named.items ?? {}, `${at}[${i}]`, found)
    } else if (type === 'object') {
      if (typeof value !== 'object' || Array.isArray(value)) wrong('is no object')
      else members(value as Record<string, unknown>, named, at, found)
    } else if (type === 'boolean' || type === 'string') {
      if (typeof value !== type) wrong(`is no ${type}`)
      else if (named.enum && !named.enum.includes(value as string)) wrong(`${String(value)} is no word of it`)
    } else if (type === 'integer' && !Number.isInteger(value)) wrong('is no integer')
    else if (type === 'number' && typeof value !== 'number') wrong('is no number')
  }
  function members(value: Record<string, unknown>, named: Described, at: string, found: Violation[]): void {
    for (const [name, content] of Object.entries(value)) {
      const described = named.properties?.[name] ?? named.additionalProperties
      if (described === undefined) found.push({ field: `${at}.${name}`, description: `${at}.${name}: unknown` })
      else check(content, described, `${at}.${name}`, found)
    }
  }

  return {
    request(verb, path, query, body) {
      const method = find(verb, path)
      const found: Violation[] = []
      if (method === undefined) return [{ field: 'path', description: `The API has no ${verb} ${path}.` }]
      for (const [name, value] of query) {
        const parameter = method.parameters?.[name]
        if (parameter?.location === 'query') checkParameter(name, value, parameter, found)
        else if (!everywhere.has(name))
          found.push({ field: name, description: `${method.id} has no parameter ${name}.` })
      }
      if (method.request !== undefined) check(body ?? {}, method.request, 'body', found)
      return found
    },
    response(verb, path, body) {
      const method = find(verb, path)
      const found: Violation[] = []
      if (method?.response !== undefined) check(body, method.response, 'response', found)
      return found
    },
  }
}

function checkParameter(name: string, value: string, described: Described, found: Violation[]): void {
  const bad =
    (described.enum && !described.enum.includes(value)) ||
    (described.type === 'integer' && !/^-?\d+$/.test(value)) ||
    (described.type === 'boolean' && !/^(true|false)$/.test(value))
  if (bad) found.push({ field: name, description: `Invalid value at '${name}', ${JSON.stringify(value)}` })
}

function* methodsOf(resource: Resource): Iterable<Method> {
  yield* Object.values(resource.methods ?? {})
  for (const below of Object.values(resource.resources ?? {})) yield* methodsOf(below)
}
const patternOf = (m: Method): RegExp =>
  new RegExp(`^${(m.flatPath ?? m.path).replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/:]+')}$`)
