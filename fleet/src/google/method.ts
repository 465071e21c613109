/** One method of a REST API as a row of a table, and what several of them share: field masks, pages, resources without what is only the default. */
import { invalid } from './errors.ts'
import type { Resource } from './estate.ts'
import type { Caller } from './oauth.ts'
import { fieldsOf, type Type } from './schema/index.ts'

export interface Call {
  readonly caller: Caller
  /** From the path, in its order. */
  readonly ids: readonly string[]
  readonly query: URLSearchParams
  readonly body: Resource
}
export interface Method {
  /** `enterprises.policies.patch` */
  readonly id: string
  readonly verb: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `*` stands for an id. */
  readonly path: string
  /** Schema of the body, and what refusals call it. */
  readonly body?: { readonly schema: string; readonly as: string }
  handle(call: Call): object
}

/** The body with what the mask does not name left as it is in `before`. Throws 400 for paths that are none. */
export function masked(
  before: Resource,
  body: Resource,
  call: Call,
  schema: string,
  modifiable?: readonly string[],
): Resource {
  const mask = call.query.get('updateMask')
  const fields = fieldsOf(schema)
  const open = (name: string) => fields.get(name)?.readOnly === false && (modifiable?.includes(name) ?? true)
  if (mask === null || mask === '') {
    const kept = Object.entries(before).filter(([name]) => !open(name))
    const given = Object.entries(body).filter(([name]) => open(name))
    return { ...Object.fromEntries(kept), ...structuredClone(Object.fromEntries(given)) }
  }
  const after = structuredClone(before)
  for (const path of mask.split(',').map(camel)) {
    const [name = ''] = path.split('.')
    if (!open(name)) {
      const description = `Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), "${path}"`
      throw invalid([{ field: 'update_mask', description }])
    }
    move(after, body, path.split('.'))
  }
  return after
}
const camel = (path: string) => path.trim().replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())

function move(to: Resource, from: Resource | undefined, [name = '', ...rest]: readonly string[]): void {
  const value = from?.[name]
  if (rest.length === 0) {
    if (value === undefined || value === null) delete to[name]
    else to[name] = structuredClone(value)
    return
  }
  const below = (to[name] ?? {}) as Resource
  to[name] = below
  move(below, value as Resource | undefined, rest)
}

/** One page and the token of the next. Page tokens are positions: the lists here only grow at their end. */
export function pageOf<T>(
  all: readonly T[],
  query: URLSearchParams,
  standard: number,
): { page: T[]; nextPageToken?: string } {
  const asked = Number(query.get('pageSize') ?? '') || standard
  const size = Math.min(Math.max(asked, 1), 100)
  const token = query.get('pageToken') ?? ''
  const from = token === '' ? 0 : Number(/^p(\d+)$/.exec(token)?.[1] ?? Number.NaN)
  if (Number.isNaN(from)) throw invalid([{ field: 'page_token', description: 'Invalid page token.' }])
  const next = from + size
  return { page: all.slice(from, next), ...(next < all.length ? { nextPageToken: `p${next}` } : {}) }
}

/** As proto3 writes JSON: false, 0, nothing and the unspecified word are left out. */
export function shown(resource: Resource, schema: string): Resource {
  const fields = fieldsOf(schema)
  const kept: Resource = {}
  for (const [name, value] of Object.entries(resource)) {
    const field = fields.get(name)
    if (field === undefined || value === undefined || value === null) continue
    if (!isDefault(value, field.type)) kept[name] = inner(value, field.type)
  }
  return kept
}
function inner(value: unknown, type: Type): unknown {
  if (type.kind === 'schema') return shown(value as Resource, type.name)
  if (type.kind === 'list') return (value as unknown[]).map((v) => inner(v, type.of))
  return value
}
function isDefault(value: unknown, { kind }: Type): boolean {
  if (kind === 'list') return (value as unknown[]).length === 0
  if (kind === 'boolean') return value === false
  if (kind === 'int32' || kind === 'number') return value === 0
  if (kind === 'int64') return value === '0' || value === 0
  if (kind === 'string') return value === ''
  return kind === 'enum' && String(value).endsWith('_UNSPECIFIED')
}
