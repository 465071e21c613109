/** A group's query as rows one can edit: conditions that must all hold, or of which one must. Pure. */
import type { DeviceQuery } from '../../api/index.ts'

export const operators = ['eq', 'ne', 'contains', 'lt', 'le', 'gt', 'ge', 'exists'] as const
export type Operator = (typeof operators)[number]
export type ValueType = 'text' | 'number' | 'boolean'
export interface Field {
  id: string
  title: string
  type: ValueType
}
export interface Condition {
  field: string
  op: Operator
  /** As it was typed. */
  value: string
  /** What the value was when it was read: it stays that where nobody says of which kind the field is. */
  type?: ValueType
}
export interface Rows {
  join: 'and' | 'or'
  conditions: readonly Condition[]
}

/** Which comparisons make sense for a kind of value. */
export function operatorsOf(type: ValueType): readonly Operator[] {
  if (type === 'boolean') return ['eq', 'exists']
  return type === 'number' ? operators.filter((op) => op !== 'contains') : operators
}

/** The rows a query is made of; undefined when it says more than rows can. */
export function rowsOf(query: DeviceQuery | null): Rows | undefined {
  if (query === null) return { join: 'and', conditions: [] }
  const join = 'or' in query ? 'or' : 'and'
  const parts: unknown = 'and' in query ? query.and : 'or' in query ? query.or : [query]
  if (!Array.isArray(parts)) return undefined
  const conditions = parts.map(conditionOf)
  return conditions.every((one) => one !== undefined) ? { join, conditions } : undefined
}

function conditionOf(part: unknown): Condition | undefined {
  if (typeof part !== 'object' || part === null) return undefined
  const { field, op, value } = part as Record<string, unknown>
  const known = operators.find((one) => one === op)
  if (typeof field !== 'string' || known === undefined) return undefined
  if (typeof value === 'object') return undefined
  const type =
    known !== 'exists' && (typeof value === 'number' || typeof value === 'boolean') ? { type: kindOf(value) } : {}
  return { field, op: known, value: value === undefined ? '' : String(value), ...type }
}

const kindOf = (value: number | boolean): ValueType => (typeof value === 'number' ? 'number' : 'boolean')

/** Of which kind the value of a row is: what its field says, while one knows the fields. */
export function typeOf({ field, type }: Condition, fields: readonly Field[]): ValueType {
  return fields.find(({ id }) => id === field)?.type ?? type ?? 'text'
}

/** The query the rows say; undefined while a row is not complete. */
export function queryOf(rows: Rows, fields: readonly Field[]): DeviceQuery | undefined {
  const parts = rows.conditions.map((one) => {
    const value = typedValue(one, typeOf(one, fields))
    return one.field === '' || value === undefined ? undefined : { field: one.field, op: one.op, value }
  })
  const complete = parts.filter((part) => part !== undefined)
  if (complete.length === 0 || complete.length < parts.length) return undefined
  const [only] = complete
  return complete.length === 1 && only !== undefined ? only : rows.join === 'and' ? { and: complete } : { or: complete }
}

function typedValue({ op, value }: Condition, type: ValueType): string | number | boolean | undefined {
  if (op === 'exists' || type === 'boolean') return value !== 'false'
  const text = value.trim()
  if (text === '') return undefined
  if (type !== 'number') return text
  const n = Number(text)
  return Number.isFinite(n) ? n : undefined
}
