/** The titles that a schema gives to the members of its values, to show them in the same words as the form. Pure. */
import { readable } from '../text/index.ts'
import type { Words } from '../ui/index.ts'
import { type Field, fieldsOf, type JsonSchema } from './fields.ts'

export function wordsOf(schema: JsonSchema): Words {
  return within(fieldsOf(schema))
}

function within(field: Field): Words {
  switch (field.kind) {
    case 'group':
      return { members: new Map(field.fields.map((one) => [one.name, titled(one)])) }
    case 'list':
      return { each: within(field.item) }
    case 'record':
      return { each: within(field.value) }
    case 'variant':
      return field.options.map((one) => within(one.field)).reduce(joined, {})
    default:
      return {}
  }
}

/** Without a title of its own a property keeps its name, from which its unit is read. */
function titled(field: Field): Words {
  return field.label === readable(field.name) ? within(field) : { ...within(field), label: field.label }
}

/** What stands in several shapes of a choice is titled as in the first of them. */
function joined(one: Words, other: Words): Words {
  const members = new Map([...(other.members ?? []), ...(one.members ?? [])])
  const each = one.each ?? other.each
  return { ...(members.size > 0 ? { members } : {}), ...(each === undefined ? {} : { each }) }
}
