/** Form values: how they begin, how JSON becomes them, how they become the JSON to send, and what is wrong with them. Pure. */
import type { Field, NumberField, TextField } from './fields.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/**
 * What a widget holds. As JSON, save that a record is a list of pairs (so that a key can be edited), a union names its
 * option, a number being typed may be text, and `undefined` is "not given".
 */
export type FormValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | FormValue[]
  | { [key: string]: FormValue }
  | RecordValue
  | VariantValue
export interface RecordValue {
  pairs: [string, FormValue][]
}
export interface VariantValue {
  option: number
  value: FormValue
}
export interface ValueError {
  /** JSON pointer: `/wifi/0/ssid`. */
  path: string
  code:
    | 'required'
    | 'minLength'
    | 'maxLength'
    | 'pattern'
    | 'number'
    | 'integer'
    | 'minimum'
    | 'maximum'
    | 'above'
    | 'below'
    | 'minItems'
    | 'maxItems'
    | 'key'
    | 'sameKey'
    | 'json'
  limit?: number
}

/** The value a form starts with: the schema's defaults, and what a required field cannot do without. */
export function defaultValue(field: Field): FormValue {
  if (field.default !== undefined) return toForm(field, field.default)
  switch (field.kind) {
    case 'fixed':
      return field.value as FormValue
    case 'group':
      return field.required ? Object.fromEntries(field.fields.map((f) => [f.name, defaultValue(f)])) : undefined
    case 'boolean':
      return field.required ? false : undefined
    case 'list':
      return Array.from({ length: field.required ? (field.minItems ?? 0) : 0 }, () => defaultValue(field.item))
    case 'record':
      return { pairs: [] }
    case 'variant':
      return field.required && field.options[0] !== undefined
        ? { option: 0, value: defaultValue(field.options[0].field) }
        : undefined
    default:
      return undefined
  }
}

/** Known JSON (a saved policy, an example) as form values. What does not fit the field falls back to the default. */
export function toForm(field: Field, json: Json | undefined): FormValue {
  if (json === undefined || json === null)
    return field.kind === 'group' && field.required ? defaultValue({ ...field, default: undefined }) : undefined
  switch (field.kind) {
    case 'group':
      return isObject(json)
        ? Object.fromEntries(
            field.fields.map((f) => [f.name, f.name in json ? toForm(f, json[f.name]) : defaultValue(f)]),
          )
        : defaultValue({ ...field, default: undefined })
    case 'list':
      return Array.isArray(json) ? json.map((item) => toForm(field.item, item)) : []
    case 'record':
      return {
        pairs: isObject(json) ? Object.entries(json).map(([key, value]) => [key, toForm(field.value, value)]) : [],
      }
    case 'variant': {
      const option = Math.max(
        0,
        field.options.findIndex((o) => fits(o.field, json)),
      )
      const chosen = field.options[option]
      return chosen === undefined ? undefined : { option, value: toForm(chosen.field, json) }
    }
    case 'json':
      return JSON.stringify(json, null, 2)
    default:
      return json as FormValue
  }
}

/** The JSON to send: nothing that was not given, no empty optional text, numbers as numbers. */
export function cleanValue(field: Field, value: FormValue): Json | undefined {
  if (value === undefined || value === null) return field.nullable && field.required ? null : undefined
  switch (field.kind) {
    case 'fixed':
      return field.value
    case 'text':
      return value === '' && optional(field) ? undefined : String(value)
    case 'number':
      return numberOf(value)
    case 'list':
      return Array.isArray(value) && !(value.length === 0 && optional(field))
        ? withoutUndefined(value.map((item) => cleanValue(field.item, item)))
        : undefined
    case 'group':
      return isObject(value) ? group(field.fields, value) : undefined
    case 'record':
      return isRecordValue(value) && !(value.pairs.length === 0 && optional(field))
        ? Object.fromEntries(value.pairs.flatMap(([key, v]) => entry(key, cleanValue(field.value, v))))
        : undefined
    case 'variant': {
      const chosen = isVariantValue(value) ? field.options[value.option] : undefined
      return chosen === undefined ? undefined : cleanValue(chosen.field, (value as VariantValue).value)
    }
    case 'json':
      return parsed(String(value))
    default:
      return value as Json
  }
}

/** What is plainly wrong before anything is sent; the server has the last word. */
export function checkValue(field: Field, value: FormValue, path = ''): ValueError[] {
  const absent = value === undefined || value === null || value === ''
  if (absent && !(field.kind === 'text' && value === '' && field.default !== undefined)) {
    const may =
      !field.required || field.nullable || (field.kind === 'text' && (field.minLength ?? 0) === 0 && value === '')
    return may || field.kind === 'fixed' ? [] : [{ path, code: 'required' }]
  }
  switch (field.kind) {
    case 'text':
      return text(field, String(value), path)
    case 'number':
      return number(field, value, path)
    case 'list':
      return [
        ...count(field, (value as FormValue[]).length, path),
        ...(value as FormValue[]).flatMap((item, i) => checkValue(field.item, item, `${path}/${i}`)),
      ]
    case 'group':
      return field.fields.flatMap((f) =>
        checkValue(f, (value as Record<string, FormValue>)[f.name], `${path}/${escaped(f.name)}`),
      )
    case 'record':
      return pairs(field.value, (value as RecordValue).pairs, path, field.keyPattern)
    case 'variant': {
      const { option, value: inner } = value as VariantValue
      const chosen = field.options[option]
      return chosen === undefined ? [{ path, code: 'required' }] : checkValue(chosen.field, inner, path)
    }
    case 'json':
      return parsed(String(value)) === undefined ? [{ path, code: 'json' }] : []
    default:
      return []
  }
}

/** The pointer of a field error the server named, whatever way it wrote it: `/params/text`, `params.text`, `text`, `items[0]`. */
export function pointerOf(path: string, ...prefixes: string[]): string {
  const pointer =
    path.startsWith('/') || path === ''
      ? path
      : `/${path
          .replace(/\[(\d+)\]/g, '.$1')
          .split('.')
          .map(escaped)
          .join('/')}`
  for (const prefix of prefixes) {
    if (pointer === prefix) return ''
    if (pointer.startsWith(`${prefix}/`)) return pointer.slice(prefix.length)
  }
  return pointer
}

/** Where a message about the key itself belongs: no JSON pointer, since a wrong key has none. */
export function keyPath(path: string, i: number): string {
  return `${path}#${i}`
}

export function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function text(field: TextField, value: string, path: string): ValueError[] {
  if (field.minLength !== undefined && value.length < field.minLength)
    return [{ path, code: value === '' ? 'required' : 'minLength', limit: field.minLength }]
  if (field.maxLength !== undefined && value.length > field.maxLength)
    return [{ path, code: 'maxLength', limit: field.maxLength }]
  return field.pattern === undefined || matches(field.pattern, value) ? [] : [{ path, code: 'pattern' }]
}

function number(field: NumberField, value: FormValue, path: string): ValueError[] {
  const n = numberOf(value)
  if (n === undefined) return [{ path, code: 'number' }]
  if (field.integer && !Number.isInteger(n)) return [{ path, code: 'integer' }]
  const over = (code: ValueError['code'], limit: number | undefined, wrong: (l: number) => boolean): ValueError[] =>
    limit !== undefined && wrong(limit) ? [{ path, code, limit }] : []
  return [
    ...over('minimum', field.minimum, (l) => n < l),
    ...over('maximum', field.maximum, (l) => n > l),
    ...over('above', field.above, (l) => n <= l),
    ...over('below', field.below, (l) => n >= l),
  ]
}

function count(field: { minItems?: number; maxItems?: number }, n: number, path: string): ValueError[] {
  if (field.minItems !== undefined && n < field.minItems) return [{ path, code: 'minItems', limit: field.minItems }]
  return field.maxItems !== undefined && n > field.maxItems ? [{ path, code: 'maxItems', limit: field.maxItems }] : []
}

function pairs(value: Field, all: RecordValue['pairs'], path: string, pattern?: string): ValueError[] {
  return all.flatMap(([key, v], i): ValueError[] => {
    const at = `${path}/${escaped(key)}`
    if (key === '' || (pattern !== undefined && !matches(pattern, key)))
      return [{ path: keyPath(path, i), code: key === '' ? 'required' : 'key' }]
    if (all.findIndex(([other]) => other === key) !== i) return [{ path: keyPath(path, i), code: 'sameKey' }]
    return checkValue(value, v, at)
  })
}

function optional(field: Field): boolean {
  return !field.required && field.default === undefined
}
function group(fields: readonly Field[], value: Record<string, FormValue>): Json {
  return Object.fromEntries(fields.flatMap((f) => entry(f.name, cleanValue(f, value[f.name]))))
}
function entry(key: string, value: Json | undefined): [string, Json][] {
  return value === undefined ? [] : [[key, value]]
}
function withoutUndefined(values: (Json | undefined)[]): Json[] {
  return values.filter((value) => value !== undefined)
}
function numberOf(value: FormValue): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const n = Number(value)
  return Number.isFinite(n) ? n : undefined
}
function parsed(source: string): Json | undefined {
  try {
    return JSON.parse(source) as Json
  } catch {
    return undefined
  }
}
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    // A pattern this browser cannot read is left to the server.
    return true
  }
}
function fits(field: Field, json: Json): boolean {
  switch (field.kind) {
    case 'fixed':
      return JSON.stringify(field.value) === JSON.stringify(json)
    case 'text':
      return typeof json === 'string'
    case 'number':
      return typeof json === 'number'
    case 'boolean':
      return typeof json === 'boolean'
    case 'choice':
      return field.options.includes(json)
    case 'list':
      return Array.isArray(json)
    case 'group':
      return (
        isObject(json) &&
        field.fields.every((f) => (f.name in json ? f.kind !== 'fixed' || fits(f, json[f.name] ?? null) : !f.required))
      )
    case 'record':
      return isObject(json)
    default:
      return true
  }
}
function isObject<T>(value: T): value is T & Record<string, never> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function isRecordValue(value: FormValue): value is RecordValue {
  return isObject(value) && Array.isArray((value as { pairs?: unknown }).pairs)
}
function isVariantValue(value: FormValue): value is VariantValue {
  return isObject(value) && typeof (value as { option?: unknown }).option === 'number'
}
