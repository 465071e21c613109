/** Reads a JSON Schema (draft 2020-12, as zod writes it) into the fields a person fills in. Pure. */
import { readable } from '../text/index.ts'

export type JsonSchema = { readonly [key: string]: unknown }
type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

interface Base {
  /** Property name; empty for the root and for items of a list. */
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly required: boolean
  readonly nullable: boolean
  readonly default?: Json
}
export interface TextField extends Base {
  readonly kind: 'text'
  readonly multiline: boolean
  readonly secret: boolean
  /** Its value is the content of a file, in base64. */
  readonly file?: true
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}
export interface NumberField extends Base {
  readonly kind: 'number'
  readonly integer: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly above?: number
  readonly below?: number
}
export interface BooleanField extends Base {
  readonly kind: 'boolean'
}
export interface ChoiceField extends Base {
  readonly kind: 'choice'
  readonly options: readonly Json[]
  /** Words for the options, in their order, where the schema gives them titles. */
  readonly labels?: readonly string[]
}
export interface FixedField extends Base {
  readonly kind: 'fixed'
  readonly value: Json
}
export interface ListField extends Base {
  readonly kind: 'list'
  readonly item: Field
  readonly minItems?: number
  readonly maxItems?: number
}
export interface GroupField extends Base {
  readonly kind: 'group'
  readonly fields: readonly Field[]
}
export interface RecordField extends Base {
  readonly kind: 'record'
  readonly value: Field
  readonly keyPattern?: string
}
export interface VariantField extends Base {
  readonly kind: 'variant'
  readonly options: readonly { readonly label: string; readonly field: Field }[]
}
/** A shape that no widget fits: written as JSON. */
export interface JsonField extends Base {
  readonly kind: 'json'
}
export type Field =
  | TextField
  | NumberField
  | BooleanField
  | ChoiceField
  | FixedField
  | ListField
  | GroupField
  | RecordField
  | VariantField
  | JsonField

interface Place {
  name: string
  required: boolean
  root: JsonSchema
  depth: number
}
const deepest = 8
const labelMax = 64

/** The schema with these properties marked as secrets: typed unseen, never shown again. A `*` in a name stands for each item of a list. */
export function withSecrets(schema: JsonSchema, names: readonly string[]): JsonSchema {
  return names.reduce((all, name) => marked(all, name.split('/')), schema)
}

function marked(schema: JsonSchema, [first, ...rest]: readonly string[]): JsonSchema {
  if (first === undefined) return { ...schema, writeOnly: true }
  if (first === '*') return isSchema(schema.items) ? { ...schema, items: marked(schema.items, rest) } : schema
  const { properties } = schema
  const property = isSchema(properties) ? properties[first] : undefined
  if (!isSchema(properties) || !isSchema(property)) return schema
  return { ...schema, properties: { ...properties, [first]: marked(property, rest) } }
}

/** The field tree of a schema. An object gives a `group` whose fields keep the schema's order. */
export function fieldsOf(schema: JsonSchema): Field {
  return read(schema, { name: '', required: true, root: schema, depth: 0 })
}

function read(raw: JsonSchema, place: Place): Field {
  const { schema, nullable } = plain(raw, place.root)
  const base = baseOf(schema, place, nullable)
  if (place.depth > deepest) return { ...base, kind: 'json' }
  if ('const' in schema) return { ...base, kind: 'fixed', value: schema.const as Json }
  const options = optionsOf(schema)
  if (options !== undefined) return { ...base, kind: 'choice', ...options }
  const variants = listOf(schema.anyOf) ?? listOf(schema.oneOf)
  if (variants !== undefined) return { ...base, kind: 'variant', options: variants.map((v) => variant(v, place)) }
  return typed(schema, base, place)
}

function typed(schema: JsonSchema, base: Base, place: Place): Field {
  switch (schema.type) {
    case 'string':
      return text(schema, base)
    case 'number':
    case 'integer':
      return number(schema, base)
    case 'boolean':
      return { ...base, kind: 'boolean' }
    case 'array':
      return isSchema(schema.items) && schema.prefixItems === undefined
        ? {
            ...base,
            kind: 'list',
            item: read(schema.items, { ...place, name: '', required: true, depth: place.depth + 1 }),
            ...bounds(schema, 'minItems', 'maxItems'),
          }
        : { ...base, kind: 'json' }
    case 'object':
      return object(schema, base, place)
    default:
      return { ...base, kind: 'json' }
  }
}

function text(schema: JsonSchema, base: Base): TextField {
  const maxLength = typeof schema.maxLength === 'number' ? schema.maxLength : undefined
  const format = typeof schema.format === 'string' ? schema.format : undefined
  const secret = schema.writeOnly === true || format === 'password'
  const file = schema.contentEncoding === 'base64'
  const multiline = !file && !secret && ((maxLength ?? 0) > 200 || format === 'multiline')
  return {
    ...base,
    kind: 'text',
    multiline,
    secret,
    ...(file ? { file } : {}),
    ...bounds(schema, 'minLength', 'maxLength'),
    ...(format === undefined ? {} : { format }),
    ...(typeof schema.pattern === 'string' ? { pattern: schema.pattern } : {}),
  }
}

/** The safe-integer limits that a plain integer carries are no bounds to show. */
function number(schema: JsonSchema, base: Base): NumberField {
  const real = (value: unknown) =>
    typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined
  const found = {
    minimum: real(schema.minimum),
    maximum: real(schema.maximum),
    above: real(schema.exclusiveMinimum),
    below: real(schema.exclusiveMaximum),
  }
  const set = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
  return { ...base, kind: 'number', integer: schema.type === 'integer', ...set }
}

function object(schema: JsonSchema, base: Base, place: Place): Field {
  if (isSchema(schema.properties) && Object.keys(schema.properties).length > 0) {
    const required = Array.isArray(schema.required) ? schema.required : []
    const fields = Object.entries(schema.properties).flatMap(([name, property]) =>
      isSchema(property)
        ? [read(property, { ...place, name, required: required.includes(name), depth: place.depth + 1 })]
        : [],
    )
    return { ...base, kind: 'group', fields }
  }
  if (isSchema(schema.additionalProperties) && Object.keys(schema.additionalProperties).length > 0) {
    const value = read(schema.additionalProperties, { ...place, name: '', required: true, depth: place.depth + 1 })
    const keys =
      isSchema(schema.propertyNames) && typeof schema.propertyNames.pattern === 'string'
        ? { keyPattern: schema.propertyNames.pattern }
        : {}
    return { ...base, kind: 'record', value, ...keys }
  }
  const open = schema.additionalProperties !== false && schema.properties === undefined
  return open ? { ...base, kind: 'json' } : { ...base, kind: 'group', fields: [] }
}

function variant(schema: JsonSchema, place: Place): { label: string; field: Field } {
  const field = read(schema, { ...place, required: true, depth: place.depth + 1 })
  const tag = field.kind === 'group' ? field.fields.find((f) => f.kind === 'fixed') : undefined
  if (tag?.kind === 'fixed' && field.label === readable(place.name))
    return { label: readable(String(tag.value)), field }
  return { label: field.label === readable(place.name) ? readable(field.kind) : field.label, field }
}

/** Follows `$ref`, joins `allOf`, and takes "or null" out of a union. */
function plain(raw: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  let schema = raw
  for (let hops = 0; typeof schema.$ref === 'string' && hops < deepest; hops++) {
    const { $ref, ...beside } = schema
    schema = { ...pointed(String($ref), root), ...beside }
  }
  const all = listOf(schema.allOf)
  if (all !== undefined) {
    const { allOf: _, ...beside } = schema
    schema = Object.assign({}, ...all.map((part) => plain(part, root).schema), beside) as JsonSchema
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== 'null')
    if (types.length === 1)
      return { schema: { ...schema, type: types[0] }, nullable: types.length < schema.type.length }
  }
  for (const word of ['anyOf', 'oneOf'] as const) {
    const parts = listOf(schema[word])
    const rest = parts?.filter((part) => part.type !== 'null')
    if (parts === undefined || rest === undefined || rest.length === parts.length) continue
    const { [word]: _, ...beside } = schema
    const [only] = rest
    if (rest.length === 1 && only !== undefined)
      return { schema: { ...plain(only, root).schema, ...beside }, nullable: true }
    return { schema: { ...beside, [word]: rest }, nullable: true }
  }
  return { schema, nullable: false }
}

function pointed(reference: string, root: JsonSchema): JsonSchema {
  let at: unknown = reference === '#' || reference.startsWith('#/') ? root : undefined
  for (const part of reference.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    at = isSchema(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }
  return isSchema(at) ? at : {}
}

function baseOf(schema: JsonSchema, place: Place, nullable: boolean): Base {
  const description = typeof schema.description === 'string' ? schema.description.trim() : undefined
  const title = typeof schema.title === 'string' ? schema.title : undefined
  // A short description without a sentence in it names the field better than its property name does.
  const names =
    title === undefined &&
    description !== undefined &&
    description.length <= labelMax &&
    !/[.,;!?]/.test(description.replace(/\([^)]*\)/g, ''))
  const label = title ?? (names ? description : readable(place.name))
  const fallback = 'default' in schema ? { default: schema.default as Json } : {}
  return {
    name: place.name,
    label,
    ...(description !== undefined && !names ? { hint: description } : {}),
    required: place.required && !('default' in schema),
    nullable,
    ...fallback,
  }
}

/** Values of an enumeration, or of a union made of constants alone, each with its title when all have one. */
function optionsOf(schema: JsonSchema): { options: Json[]; labels?: string[] } | undefined {
  if (Array.isArray(schema.enum)) return { options: schema.enum as Json[] }
  const parts = listOf(schema.anyOf) ?? listOf(schema.oneOf)
  if (!parts?.every((part) => 'const' in part)) return undefined
  const labels = parts.map((part) => part.title).filter((title) => typeof title === 'string')
  return { options: parts.map((part) => part.const as Json), ...(labels.length === parts.length ? { labels } : {}) }
}

/** A schema of one choice among values with words of their own. */
export function oneOf(options: readonly { value: string; label: string }[], more: JsonSchema = {}): JsonSchema {
  return options.length === 0
    ? { ...more, enum: [] }
    : { ...more, oneOf: options.map(({ value, label }) => ({ const: value, title: label })) }
}

function bounds<K extends string>(schema: JsonSchema, ...names: K[]): { [P in K]?: number } {
  return Object.fromEntries(
    names.filter((name) => typeof schema[name] === 'number').map((name) => [name, schema[name]]),
  ) as { [P in K]?: number }
}
function listOf(value: unknown): JsonSchema[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(isSchema) ? value : undefined
}
function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
