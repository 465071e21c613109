/** Schemas as zod writes them become the fields that a form shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Field, fieldsOf, type JsonSchema, oneOf, withSecrets } from './fields.ts'

const object = (properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
function fields(schema: JsonSchema): readonly Field[] {
  const root = fieldsOf(schema)
  assert.equal(root.kind, 'group')
  return root.kind === 'group' ? root.fields : []
}
function only(schema: JsonSchema, required = true): Field {
  const [field] = fields(object({ x: schema }, required ? ['x'] : []))
  assert.ok(field)
  return field
}

test('strings: one line, many lines, secrets, bounds', () => {
  assert.deepEqual(only({ type: 'string', minLength: 1, maxLength: 120 }), {
    name: 'x',
    label: 'X',
    required: true,
    nullable: false,
    kind: 'text',
    multiline: false,
    secret: false,
    minLength: 1,
    maxLength: 120,
  })
  const long = only({ type: 'string', maxLength: 4000 })
  assert.ok(long.kind === 'text' && long.multiline)
  for (const secret of [
    only({ type: 'string', format: 'password' }),
    only({ type: 'string', writeOnly: true, maxLength: 5000 }),
  ])
    assert.ok(secret.kind === 'text' && secret.secret && !secret.multiline)
})

test('secrets are marked by their paths, in each item of a list too', () => {
  const item = { type: 'object', properties: { ssid: { type: 'string' }, psk: { type: 'string' } } }
  const schema = { type: 'object', properties: { key: { type: 'string' }, list: { type: 'array', items: item } } }
  const root = fieldsOf(withSecrets(schema, ['key', 'list/*/psk', 'list/*/none/x', 'none']))
  assert.ok(root.kind === 'group')
  const [key, list] = root.fields
  assert.ok(key?.kind === 'text' && key.secret)
  assert.ok(list?.kind === 'list' && list.item.kind === 'group')
  assert.deepEqual(
    list.item.fields.map((f) => f.kind === 'text' && f.secret),
    [false, true],
  )
})

test('a file is a field of one line whose value is base64', () => {
  const field = only({ type: 'string', format: 'base64', contentEncoding: 'base64', maxLength: 100_000 })
  assert.ok(field.kind === 'text' && field.file === true && !field.multiline)
})

test('numbers: bounds are kept, the safe-integer limits of a plain integer are not', () => {
  const plain = only({ type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 })
  assert.deepEqual(plain, { name: 'x', label: 'X', required: true, nullable: false, kind: 'number', integer: true })
  const bounded = only({ type: 'number', exclusiveMinimum: 0, maximum: 5.5 })
  assert.ok(
    bounded.kind === 'number' &&
      bounded.above === 0 &&
      bounded.maximum === 5.5 &&
      !bounded.integer &&
      bounded.minimum === undefined,
  )
})

test('labels: title, then a short description, then the property name; a long description is the hint', () => {
  const named = fields(
    object({
      maxAge: { type: 'integer', title: 'Age' },
      minLength: { type: 'integer', description: 'Minimum length (letters, digits)' },
      maxFailed_attempts: { type: 'integer', description: 'Failures until the account locks. 0 means never.' },
    }),
  )
  assert.deepEqual(
    named.map((f) => [f.label, f.hint]),
    [
      ['Age', undefined],
      ['Minimum length (letters, digits)', undefined],
      ['Max failed attempts', 'Failures until the account locks. 0 means never.'],
    ],
  )
})

test('a default makes a field optional to fill in, never "required"', () => {
  const field = only({ type: 'integer', default: 8 })
  assert.equal(field.required, false)
  assert.equal(field.default, 8)
})

test('enumerations and unions of constants are choices', () => {
  const choice = only({ type: 'string', enum: ['no', 'yes'] })
  assert.ok(choice.kind === 'choice')
  assert.deepEqual(choice.options, ['no', 'yes'])
  const constants = only({ anyOf: [{ const: 1 }, { const: 'two' }] })
  assert.ok(constants.kind === 'choice')
  assert.deepEqual(constants.options, [1, 'two'])
})

test('"or null" is nullable, not a choice of shapes', () => {
  const text = only({ anyOf: [{ type: 'string' }, { type: 'null' }] })
  assert.ok(text.kind === 'text' && text.nullable)
  const number = only({ type: ['integer', 'null'], minimum: 1 })
  assert.ok(number.kind === 'number' && number.nullable && number.minimum === 1)
})

test('lists, records and groups nest', () => {
  const list = only({ type: 'array', minItems: 1, maxItems: 5, items: object({ ssid: { type: 'string' } }, ['ssid']) })
  assert.ok(
    list.kind === 'list' &&
      list.minItems === 1 &&
      list.maxItems === 5 &&
      list.item.kind === 'group' &&
      list.item.fields[0]?.name === 'ssid',
  )
  const record = only({
    type: 'object',
    propertyNames: { type: 'string', pattern: '^[a-z]+$' },
    additionalProperties: { type: 'integer' },
  })
  assert.ok(record.kind === 'record' && record.value.kind === 'number' && record.keyPattern === '^[a-z]+$')
})

test('unions of objects name their shapes by their constant', () => {
  const field = only({
    anyOf: [
      object({ type: { const: 'wpa2-psk' }, key: { type: 'string' } }, ['type', 'key']),
      object({ type: { const: 'open' } }, ['type']),
    ],
  })
  assert.ok(field.kind === 'variant')
  assert.deepEqual(
    field.options.map((o) => o.label),
    ['Wpa2 psk', 'Open'],
  )
})

test('references and allOf are followed; a reference to nothing or without an end is written as JSON', () => {
  const schema = {
    ...object({
      a: { $ref: '#/$defs/port' },
      b: { allOf: [{ $ref: '#/$defs/port' }, { maximum: 10 }] },
      c: { $ref: '#/$defs/none' },
    }),
    $defs: { port: { type: 'integer', minimum: 1 } },
  }
  const [a, b, c] = fields(schema)
  assert.ok(a?.kind === 'number' && a.minimum === 1)
  assert.ok(b?.kind === 'number' && b.minimum === 1 && b.maximum === 10)
  assert.equal(c?.kind, 'json')
  const endless: JsonSchema = {
    $ref: '#/$defs/node',
    $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
  }
  assert.equal(fieldsOf(endless).kind, 'group')
  assert.equal(fieldsOf({ $ref: '#/$defs/self', $defs: { self: { $ref: '#/$defs/self' } } }).kind, 'json')
})

test('what no widget fits is written as JSON; an empty closed object asks nothing', () => {
  assert.equal(only({}).kind, 'json')
  assert.equal(only({ type: 'array', prefixItems: [{ type: 'string' }] }).kind, 'json')
  assert.equal(only({ type: 'object', additionalProperties: {} }).kind, 'json')
  const empty = fieldsOf({ type: 'object', properties: {}, additionalProperties: false })
  assert.ok(empty.kind === 'group' && empty.fields.length === 0)
})

test('a choice among values with words of their own keeps both', () => {
  const field = fieldsOf(
    oneOf(
      [
        { value: '7', label: 'Berlin' },
        { value: '9', label: 'Lyon' },
      ],
      { title: 'Group' },
    ),
  )
  assert.ok(field.kind === 'choice')
  assert.deepEqual([field.label, field.options, field.labels], ['Group', ['7', '9'], ['Berlin', 'Lyon']])
  const none = fieldsOf(oneOf([]))
  assert.ok(none.kind === 'choice' && none.options.length === 0)
  const untitled = fieldsOf({ oneOf: [{ const: 1 }, { const: 2, title: 'Two' }] })
  assert.ok(untitled.kind === 'choice' && untitled.labels === undefined)
})
