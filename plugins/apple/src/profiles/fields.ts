/** Settings as a table: each in our words, with Apple's key and how a value is written. The form and the payload both come from it. */
import type { Json, JsonObject } from '@muster/contract'
import { z } from 'zod'

export interface Field<Z extends z.ZodType = z.ZodType> {
  /** Apple's key; `/` leads into a dictionary; empty: what is written joins the dictionary around it. */
  readonly key: string
  readonly type: Z
  write?(value: never): Json
}
export type Fields = Readonly<Record<string, Field>>
type Shape<F extends Fields> = { [N in keyof F]: F[N]['type'] }

export function field<Z extends z.ZodType>(
  key: string,
  type: Z,
  write?: (value: NonNullable<z.output<Z>>) => Json,
): Field<Z> {
  return write ? { key, type, write } : { key, type }
}

/** The types alone, to stand in an object among others. */
export function shape<F extends Fields>(fields: F): Shape<F> {
  return Object.fromEntries(Object.entries(fields).map(([name, f]) => [name, f.type])) as Shape<F>
}
/** The fields as an object that takes nothing else. */
export const objectOf = <F extends Fields>(fields: F) => z.strictObject(shape(fields))

/** Of a table that is made as the program starts, whose names the compiler cannot know. */
export const looseType = (type: z.ZodType): z.ZodType<JsonObject> => type as z.ZodType<JsonObject>

/** A dictionary of its own, or (key '') a part of the form alone. */
export function group<F extends Fields>(key: string, title: string, fields: F) {
  return field(key, objectOf(fields).optional().meta({ title }), (value) => written(fields, value as JsonObject))
}

export function list<F extends Fields>(key: string, title: string, max: number, fields: F) {
  return field(key, z.array(objectOf(fields)).min(1).max(max).meta({ title }), (value) =>
    (value as JsonObject[]).map((v) => written(fields, v)),
  )
}

/** What is not set is not written: the device keeps what it has. */
export function written(fields: Fields, settings: Readonly<JsonObject>): JsonObject {
  const found: JsonObject = {}
  for (const [name, f] of Object.entries(fields)) {
    const value = Object.hasOwn(settings, name) ? settings[name] : undefined
    if (value !== undefined && value !== null) put(found, f.key, f.write ? f.write(value as never) : value)
  }
  return found
}

function put(into: JsonObject, key: string, value: Json): void {
  const [first = '', ...rest] = key.split('/')
  if (key === '') Object.assign(into, value)
  else if (rest.length === 0) into[first] = value
  else {
    const below = (into[first] ?? {}) as JsonObject
    put(below, rest.join('/'), value)
    into[first] = below
  }
}
