/** The schema of a setting with the catalogue's words in it, so that its form speaks the reader's language. Pure. */
import type { JsonSchema } from '../../schema-form/index.ts'
import { phrase } from '../../text/index.ts'

/** Words are looked up as `config.<key>.<property>` and `config.<key>.<property>.hint`; what has none stays as it is. */
export function titled(key: string, schema: JsonSchema): JsonSchema {
  const { properties } = schema
  if (typeof properties !== 'object' || properties === null) return schema
  const named = Object.entries(properties as Record<string, JsonSchema>).map(([name, property]) => {
    const title = phrase(`config.${key}.${name}`)
    const hint = phrase(`config.${key}.${name}.hint`)
    return [
      name,
      {
        ...property,
        ...(title === undefined ? {} : { title }),
        ...(hint === undefined ? {} : { description: hint }),
      },
    ] as const
  })
  return { ...schema, properties: Object.fromEntries(named) }
}
