/** The device query language: a small tree of conditions on facts and columns, checked here and compiled to one boolean of SQL. */
import { Problem } from '@muster/contract'
import sql, { join, raw, type Sql } from 'sql-template-tag'
import { z } from 'zod'
import { fieldErrors, plainText } from '../db/index.ts'

export type Scalar = string | number | boolean
export const operators = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'contains', 'in', 'exists'] as const
export type Operator = (typeof operators)[number]
export interface Condition {
  field: string
  op: Operator
  value?: Scalar | Scalar[]
}
export type Query = { and: Query[] } | { or: Query[] } | { not: Query } | Condition

const queryLimits = { depth: 8, nodes: 100, values: 200 } as const

type ColumnType = 'text' | 'boolean' | 'user'
/** Fields that are columns of a device; every other field is the fact of that name. `owner` is a user's id. */
const columns = new Map<string, { column: string; type: ColumnType }>([
  ['platform', { column: 'platform', type: 'text' }],
  ['ownership', { column: 'ownership', type: 'text' }],
  ['lifecycle', { column: 'lifecycle', type: 'text' }],
  ['name', { column: 'name', type: 'text' }],
  ['formFactor', { column: 'form_factor', type: 'text' }],
  ['manufacturer', { column: 'manufacturer', type: 'text' }],
  ['model', { column: 'model', type: 'text' }],
  ['osName', { column: 'os_name', type: 'text' }],
  ['osVersion', { column: 'os_version', type: 'text' }],
  ['serial', { column: 'serial', type: 'text' }],
  ['agentVersion', { column: 'agent_version', type: 'text' }],
  ['encrypted', { column: 'encrypted', type: 'boolean' }],
  ['rooted', { column: 'rooted', type: 'boolean' }],
  ['blocked', { column: 'blocked', type: 'boolean' }],
  ['owner', { column: 'owner', type: 'user' }],
])

const scalar = z.union([plainText(1000), z.number(), z.boolean()])
const condition = z
  .strictObject({
    field: plainText(128, 1),
    op: z.enum(operators),
    value: z.union([scalar, z.array(scalar).min(1).max(queryLimits.values)]).optional(),
  })
  .superRefine((c, ctx) => {
    const wrong = misfit(c)
    if (wrong) ctx.addIssue({ code: 'custom', path: ['value'], message: wrong })
  })
const schema: z.ZodType<Query> = z.lazy(() =>
  z.union([
    z.strictObject({ and: z.array(schema).min(1).max(queryLimits.nodes) }),
    z.strictObject({ or: z.array(schema).min(1).max(queryLimits.nodes) }),
    z.strictObject({ not: schema }),
    condition,
  ]),
)

/** The query, checked; Problem `invalid-query` with the reason. Depth and size are measured before anything recurses. */
export function checkQuery(value: unknown): Query {
  const wrong = oversize(value)
  if (wrong) throw new Problem('invalid-query', { reason: wrong })
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new Problem('invalid-query', { reason: reasonOf(value), errors: fieldErrors(read.error) })
}

/** A boolean over the device `alias`. Never null: a condition on what a device does not have is false, and `not` of it true. */
export function querySql(query: Query, alias = 'd'): Sql {
  if (!/^[a-z_]+$/.test(alias)) throw new Error(`not an alias: ${alias}`)
  if ('and' in query)
    return sql`(${join(
      query.and.map((q) => querySql(q, alias)),
      ' and ',
    )})`
  if ('or' in query)
    return sql`(${join(
      query.or.map((q) => querySql(q, alias)),
      ' or ',
    )})`
  if ('not' in query) return sql`not ${querySql(query.not, alias)}`
  const known = columns.get(query.field)
  return known
    ? columnSql(query, raw(`${alias}.${known.column}`), known.type)
    : factSql(query, { facts: raw(`${alias}.facts`), outline: raw(`${alias}.outline`) })
}

/** A value that is a version: numbers with dots, compared number by number. 22.10 is above 22.9, and 22.04.0 equals 22.04. */
const version = /^[0-9]{1,15}(\.[0-9]{1,15}){0,15}$/
const comparison = { lt: raw('<'), le: raw('<='), gt: raw('>'), ge: raw('>=') } as const

function columnSql(c: Condition, column: Sql, type: ColumnType): Sql {
  switch (c.op) {
    case 'exists':
      return c.value === false ? sql`(${column} is null)` : sql`(${column} is not null)`
    case 'ne':
      return sql`not ${columnSql({ ...c, op: 'eq' }, column, type)}`
    case 'contains':
      return sql`coalesce(strpos(lower(${column}), lower(${c.value}::text)) > 0, false)`
    case 'eq':
    case 'in': {
      const values = [c.value].flat()
      if (type === 'text') return sql`coalesce(${column} = any(${values}::text[]), false)`
      if (type === 'boolean') return sql`coalesce(${column} = any(${values}::boolean[]), false)`
      return sql`coalesce(${column} = any(${values}::bigint[]), false)`
    }
    default:
      return orderedText(column, c.op, String(c.value))
  }
}

/** `outline` is the narrow copy of the facts, in which lists and objects stand empty. */
function factSql(c: Condition, d: { facts: Sql; outline: Sql }): Sql {
  const fact = sql`(${d.outline} -> ${c.field}::text)`
  const text = sql`(${d.outline} ->> ${c.field}::text)`
  const is = (type: string) => sql`jsonb_typeof(${fact}) = ${type}`
  switch (c.op) {
    case 'exists': {
      const present = sql`coalesce(jsonb_typeof(${fact}) <> 'null', false)`
      return c.value === false ? sql`not ${present}` : present
    }
    case 'ne':
      return sql`not ${factSql({ ...c, op: 'eq' }, d)}`
    case 'eq':
      // Containment is equality here (a scalar under a key), and the index serves it.
      return sql`(${d.outline} @> ${JSON.stringify({ [c.field]: c.value })}::jsonb)`
    case 'in':
      return sql`coalesce(${fact} = any(${[c.value].flat().map((v) => JSON.stringify(v))}::jsonb[]), false)`
    case 'contains':
      return sql`coalesce(case when ${is('string')} then strpos(lower(${text}), lower(${c.value}::text)) > 0 when ${is('array')} then (${d.facts} -> ${c.field}::text) @> ${JSON.stringify([c.value])}::jsonb end, false)`
    default:
      if (typeof c.value === 'number')
        return sql`coalesce(case when ${is('number')} then ${fact}::numeric ${comparison[c.op]} ${String(c.value)}::numeric end, false)`
      return sql`coalesce(case when ${is('string')} then ${orderedText(text, c.op, String(c.value))} end, false)`
  }
}

/** A value that reads as a version compares as one, with texts that begin with one; any other text compares by its bytes (ISO times order). */
function orderedText(text: Sql, op: 'lt' | 'le' | 'gt' | 'ge', value: string): Sql {
  if (!version.test(value)) return sql`coalesce(${text} collate "C" ${comparison[op]} ${value}::text, false)`
  const parts = (of: Sql) =>
    sql`string_to_array(regexp_replace(substring(${of} from '^[0-9]{1,15}(?:[.][0-9]{1,15})*'), '([.]0+)+$', ''), '.')::bigint[]`
  // Most are short and plain, and need no regular expression, which would be four fifths of the cost.
  const plain = sql`length(${text}) between 1 and 15 and translate(${text}, '0123456789', '') in ('', '.', '..') and not ${text} like any (array['.%', '%.', '%..%', '%.0%'])`
  const own = sql`(case when ${plain} then string_to_array(${text}, '.')::bigint[] else ${parts(text)} end)`
  return sql`coalesce(${own} ${comparison[op]} ${parts(sql`${value}::text`)}, false)`
}

/** Why operator, field and value do not go together; undefined when they do. */
function misfit(c: { field: string; op: Operator; value?: Scalar | Scalar[] }): string | undefined {
  const values = [c.value].flat()
  const every = (type: string) => values.every((v) => typeof v === type)
  if (c.op === 'exists')
    return c.value === undefined || typeof c.value === 'boolean' ? undefined : 'exists takes true or false'
  if (c.value === undefined) return `${c.op} needs a value`
  if (c.op === 'in' ? !Array.isArray(c.value) : Array.isArray(c.value))
    return c.op === 'in' ? 'in takes a list' : `${c.op} takes one value`
  if (c.op === 'contains' && !every('string')) return 'contains takes a text'
  const ordered = c.op in comparison
  if (ordered && every('boolean')) return `${c.op} takes a number or a text`
  const type = columns.get(c.field)?.type
  if (type === 'boolean') return every('boolean') && c.op !== 'contains' ? undefined : `${c.field} is true or false`
  if (type === 'text') return every('string') ? undefined : `${c.field} is a text`
  if (type === 'user')
    return !ordered && c.op !== 'contains' && values.every((v) => typeof v === 'string' && /^[1-9]\d{0,15}$/.test(v))
      ? undefined
      : 'owner is compared with user ids'
  return undefined
}

/** Measured without recursion, so that a hostile depth cannot exhaust the stack. */
function oversize(value: unknown): string | undefined {
  const open: { node: unknown; depth: number }[] = [{ node: value, depth: 1 }]
  for (let nodes = 1, next = open.pop(); next; nodes++, next = open.pop()) {
    if (nodes > queryLimits.nodes) return `more than ${queryLimits.nodes} conditions`
    if (next.depth > queryLimits.depth) return `nested deeper than ${queryLimits.depth}`
    if (next.node === null || typeof next.node !== 'object') continue
    const { and, or, not } = next.node as Record<string, unknown>
    for (const list of [and, or])
      if (Array.isArray(list))
        for (const node of list.slice(0, queryLimits.nodes + 1)) open.push({ node, depth: next.depth + 1 })
    if (not !== undefined) open.push({ node: not, depth: next.depth + 1 })
  }
  return undefined
}

/** The first condition that is wrong, in words: a union's own error says little. */
function reasonOf(value: unknown): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return 'a query is an object with and, or, not, or field'
  const node = value as Record<string, unknown>
  for (const list of [node.and, node.or, node.not === undefined ? undefined : [node.not]]) {
    if (!Array.isArray(list)) continue
    const bad = list.find((n) => !schema.safeParse(n).success)
    if (bad !== undefined) return reasonOf(bad)
    return list.length === 0 ? 'an empty list of conditions' : 'and, or and not stand alone in their object'
  }
  const read = condition.safeParse(value)
  return read.success
    ? 'not a query'
    : read.error.issues.map((i) => [i.path.join('.'), i.message].filter(Boolean).join(': ')).join('; ')
}
