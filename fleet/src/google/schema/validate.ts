/** Whether a body has the shape that Google's front end takes: names, types, words of enumerations; its refusals are worded as Google's are, with proto names. */
import type { Violation } from '../errors.ts'
import { type Field, fieldsOf, type Type } from './table.ts'

const most = 2 ** 31
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
const duration = /^-?\d+(\.\d{1,9})?s$/
const int64 = /^-?\d{1,19}$/
const protoPackage = 'type.googleapis.com/google.android.devicemanagement.v1'

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v)

/** All that is wrong with it. `at` is the proto name of the body: `policy`. */
export function violationsOf(value: unknown, schema: string, at: string): Violation[] {
  const found: Violation[] = []
  object(value, schema, at, found)
  return found
}

function object(value: unknown, schema: string, at: string, found: Violation[]): void {
  if (!isObject(value)) {
    found.push(refused(at, `${protoPackage}.${schema}`, value))
    return
  }
  const fields = fieldsOf(schema)
  for (const [name, content] of Object.entries(value)) {
    const field = fields.get(name)
    if (field === undefined) {
      const description = `Invalid JSON payload received. Unknown name "${name}" at '${at}': Cannot find field.`
      found.push({ field: at, description })
    } else if (content !== null) any(content, field, field.type, schema, `${at}.${snake(name)}`, found)
  }
}

function any(value: unknown, field: Field, type: Type, schema: string, at: string, found: Violation[]): void {
  if (type.kind === 'schema') object(value, type.name, at, found)
  else if (type.kind === 'list') {
    // A single value is taken for a list of one by nobody here: senders that rely on it are refused.
    if (!Array.isArray(value)) found.push(refused(at, nameOf(type.of, field, schema), value))
    else for (const [i, item] of value.entries()) any(item, field, type.of, schema, `${at}[${i}]`, found)
  } else if (type.kind === 'map') {
    if (!isObject(value)) found.push(refused(at, 'type.googleapis.com/google.protobuf.Struct', value))
    else
      for (const [key, item] of Object.entries(value)) any(item, field, type.of, schema, `${at}[${key}].value`, found)
  } else if (!fits(value, type)) found.push(refused(at, nameOf(type, field, schema), value))
}

function fits(value: unknown, type: Plain): boolean {
  switch (type.kind) {
    case 'any':
      return true
    case 'boolean':
      return typeof value === 'boolean'
    case 'number':
      return typeof value === 'number'
    case 'int32':
      return typeof value === 'number' && Number.isInteger(value) && value >= -most && value < most
    case 'int64':
      return (typeof value === 'string' && int64.test(value)) || (typeof value === 'number' && Number.isInteger(value))
    case 'enum':
      return typeof value === 'string' && type.words.has(value)
    case 'timestamp':
      return typeof value === 'string' && timestamp.test(value)
    case 'duration':
      return typeof value === 'string' && duration.test(value)
    default:
      return typeof value === 'string'
  }
}

/** What Google calls the type in its refusals: an enumeration is named after the field, within its message. */
function nameOf(type: Type, field: Field, schema: string): string {
  switch (type.kind) {
    case 'enum':
      return `${protoPackage}.${schema}.${pascal(field.name)}`
    case 'schema':
      return `${protoPackage}.${type.name}`
    case 'boolean':
      return 'TYPE_BOOL'
    case 'int32':
      return 'TYPE_INT32'
    case 'int64':
      return 'TYPE_INT64'
    case 'timestamp':
      return 'type.googleapis.com/google.protobuf.Timestamp'
    case 'duration':
      return 'type.googleapis.com/google.protobuf.Duration'
    default:
      return 'TYPE_STRING'
  }
}

/** What is neither made of others nor named. */
type Plain = Exclude<Type, { readonly kind: 'schema' | 'list' | 'map' }>

const refused = (field: string, type: string, value: unknown): Violation => ({
  field,
  description: `Invalid value at '${field}' (${type}), ${JSON.stringify(value)}`,
})
