/** Policies as tables: the policy's own name, its title and its values. The form and what is written both come from them. */
import { type FeatureDescriptor, feature, type JsonObject } from '@muster/contract'
import { z } from 'zod'
import { type Availability, notHome } from './availability.ts'
import { policy, type WantedNode } from './node.ts'
import { type NodeFeature, type NodeOptions, nodeFeature } from './row.ts'
import { anySet, looseType, setOne } from './words.ts'

/** `yes`: 1 and 0; `admx`: enabled and disabled, as group policy has it; words with their numbers; a range; one line of text; lines with what stands between them. */
type Values =
  | 'yes'
  | 'admx'
  | 'text'
  | Readonly<Record<string, number>>
  | readonly [number, number]
  | { readonly lines: string; readonly max?: number }
export type Entry = readonly [title: string, values: Values, build?: number, hint?: string]
type Settings = Readonly<Record<string, boolean | string | number | readonly string[]>>

const longestText = 8_000
const text = z
  .string()
  .min(1)
  .max(longestText)
  .refine(
    (t) => t.isWellFormed() && !/(?![\t\n\r\u007f-\u009f])\p{Cc}|[\ufffe\uffff]/u.test(t),
    'has characters that cannot be sent',
  )

function isLines(values: Values): values is { readonly lines: string; readonly max?: number } {
  return (
    typeof values === 'object' && !Array.isArray(values) && typeof (values as { lines?: unknown }).lines === 'string'
  )
}

/** Hundreds of settings have a few kinds of values: each kind is made once, and starting stays cheap. */
const kinds = new Map<Values, z.ZodType>()
function kindOf(values: Values): z.ZodType {
  const found = kinds.get(values) ?? made(values)
  kinds.set(values, found)
  return found
}
function made(values: Values): z.ZodType {
  if (values === 'yes' || values === 'admx') return z.boolean()
  if (values === 'text') return text
  if (isLines(values))
    return z
      .array(text.max(1_000).refine((t) => !t.includes(values.lines), `has ${JSON.stringify(values.lines)} in it`))
      .min(1)
      .max(values.max ?? 200)
  if (Array.isArray(values)) {
    const [least, most] = values as readonly [number, number]
    return z.number().int().min(least).max(most)
  }
  return z.enum(Object.keys(values) as [string, ...string[]])
}

export function typeOf([title, values, build, hint]: Entry): z.ZodType {
  const since = build === undefined ? undefined : `From build ${build}`
  const description = [hint, since].filter((t) => t !== undefined).join('. ')
  const type = kindOf(values).optional()
  z.globalRegistry.add(type, description ? { title, description } : { title })
  return type
}

/** As the device has it: a number, text, or an element of group policy. */
export function wireValue([, values]: Entry, value: Settings[string]): string | number {
  if (values === 'yes') return value === true ? 1 : 0
  if (values === 'admx') return value === true ? '<enabled/>' : '<disabled/>'
  if (isLines(values)) return Array.isArray(value) ? value.join(values.lines) : `${value}`
  if (typeof value === 'string' && values !== 'text')
    return (values as Readonly<Record<string, number>>)[value] ?? value
  return typeof value === 'number' ? value : `${value}`
}

/** A table by `Area/Policy`, so that no two of its settings are one node. */
export type Table = Readonly<Record<string, Entry>>

export function nodesOf(table: Table, settings: object): WantedNode[] {
  const given = settings as Settings
  return Object.entries(table).flatMap(([key, entry]) => {
    const name = nameOf(key)
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined || value === null) return []
    const at = key.split('/')
    return [policy(at[0] ?? '', at.slice(1).join('/'), wireValue(entry, value), entry[2])]
  })
}
/** The setting is called as the policy is. */
const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1)
export const shapeOf = (table: Table): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(table).map(([key, entry]) => [nameOf(key), typeOf(entry)]))

/** A feature that is a table and nothing else. */
export function tableFeature(
  d: Pick<FeatureDescriptor, 'id' | 'title' | 'summary'> & { examples: readonly JsonObject[] },
  table: Table,
  more: Partial<NodeOptions<JsonObject>> & { to?: Availability } = {},
): NodeFeature {
  const settings = looseType<JsonObject>(z.strictObject(shapeOf(table)).refine(anySet, setOne))
  return nodeFeature(feature<JsonObject>({ ...d, settings, merge: { rule: 'priority' } }), {
    to: notHome,
    nodes: (s) => nodesOf(table, s),
    ...more,
  })
}
