/**
 * The schemas as a table that can be asked. Notation: a schema's name on a line of its own, then its fields as `name:type`; `!` behind a name means that only Google writes it.
 * Types: b boolean, s string, i int32, l int64 (as text), n number, t timestamp, d duration, m field mask, * any value, =A|B one of these words, [x] list, {x} map by text, a schema's name.
 */
import { policySchemas } from './policy.ts'
import { resourceSchemas } from './resources.ts'
import { usageLogSchemas } from './usage-logs.ts'

export type Type =
  | { readonly kind: 'boolean' | 'string' | 'int32' | 'int64' | 'number' | 'timestamp' | 'duration' | 'mask' | 'any' }
  | { readonly kind: 'enum'; readonly words: ReadonlySet<string> }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'map'; readonly of: Type }
  | { readonly kind: 'schema'; readonly name: string }
export interface Field {
  readonly name: string
  readonly type: Type
  readonly readOnly: boolean
}
export type Fields = ReadonlyMap<string, Field>

const kinds = {
  b: 'boolean',
  s: 'string',
  i: 'int32',
  l: 'int64',
  n: 'number',
  t: 'timestamp',
  d: 'duration',
  m: 'mask',
  '*': 'any',
} as const

function typeOf(text: string): Type {
  if (text.startsWith('=')) return { kind: 'enum', words: new Set(text.slice(1).split('|')) }
  if (text.startsWith('[')) return { kind: 'list', of: typeOf(text.slice(1, -1)) }
  if (text.startsWith('{')) return { kind: 'map', of: typeOf(text.slice(1, -1)) }
  const kind = kinds[text as keyof typeof kinds]
  return kind === undefined ? { kind: 'schema', name: text } : { kind }
}

function read(...texts: readonly string[]): ReadonlyMap<string, Fields> {
  const schemas = new Map<string, Map<string, Field>>()
  let fields = new Map<string, Field>()
  for (const line of texts.flatMap((text) => text.split('\n')).filter((l) => l !== '')) {
    if (!line.startsWith(' ')) {
      fields = new Map()
      schemas.set(line, fields)
      continue
    }
    for (const word of line.trim().split(' ')) {
      const colon = word.indexOf(':')
      const readOnly = word[colon - 1] === '!'
      const name = word.slice(0, readOnly ? colon - 1 : colon)
      fields.set(name, { name, type: typeOf(word.slice(colon + 1)), readOnly })
    }
  }
  return schemas
}
const all = read(policySchemas, resourceSchemas, usageLogSchemas)

/** Throws RangeError for a schema that is not in the table. */
export function fieldsOf(schema: string): Fields {
  const fields = all.get(schema)
  if (fields === undefined) throw new RangeError(`There is no schema ${schema}.`)
  return fields
}
