/** Form values: defaults, cleaning, checking, and the way back from saved JSON. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldsOf, type JsonSchema } from './fields.ts'
import { checkValue, cleanValue, defaultValue, type FormValue, type Json, pointerOf, toForm } from './values.ts'

const message: JsonSchema = {
  type: 'object',
  properties: {
    title: { type: 'string', maxLength: 120, default: '' },
    text: { type: 'string', minLength: 1, maxLength: 4000 },
    loud: { type: 'boolean' },
    units: { type: 'array', items: { type: 'string', minLength: 1 }, maxItems: 2 },
    env: { type: 'object', additionalProperties: { type: 'string' } },
    at: { type: 'object', properties: { hour: { type: 'integer', minimum: 0, maximum: 23 } }, required: ['hour'] },
  },
  required: ['text'],
  additionalProperties: false,
}
const field = fieldsOf(message)
const codes = (value: FormValue) => checkValue(field, value).map((error) => `${error.path} ${error.code}`)

test('a form starts with the defaults and nothing else', () => {
  assert.deepEqual(defaultValue(field), {
    title: '',
    text: undefined,
    loud: undefined,
    units: [],
    env: { pairs: [] },
    at: undefined,
  })
})

test('only what was given is sent', () => {
  const start = defaultValue(field) as Record<string, FormValue>
  assert.deepEqual(cleanValue(field, { ...start, text: 'Hello' }), { title: '', text: 'Hello' })
  assert.deepEqual(
    cleanValue(field, {
      ...start,
      text: 'Hello',
      loud: false,
      units: ['a', ''],
      env: { pairs: [['A', 'b']] },
      at: { hour: 3 },
    }),
    { title: '', text: 'Hello', loud: false, units: ['a', ''], env: { A: 'b' }, at: { hour: 3 } },
  )
})

test('what is plainly wrong is told at its field', () => {
  const start = defaultValue(field) as Record<string, FormValue>
  assert.deepEqual(codes(start), ['/text required'])
  assert.deepEqual(codes({ ...start, text: '' }), ['/text required'])
  assert.deepEqual(codes({ ...start, text: 'x'.repeat(4001) }), ['/text maxLength'])
  assert.deepEqual(codes({ ...start, text: 'x', units: ['a', '', 'c'] }), ['/units maxItems', '/units/1 required'])
  assert.deepEqual(codes({ ...start, text: 'x', at: { hour: 24 } }), ['/at/hour maximum'])
  assert.deepEqual(codes({ ...start, text: 'x', at: { hour: 1.5 } }), ['/at/hour integer'])
  assert.deepEqual(codes({ ...start, text: 'x', at: { hour: 'soon' } }), ['/at/hour number'])
  assert.deepEqual(codes({ ...start, text: 'x', at: {} }), ['/at/hour required'])
  assert.deepEqual(
    codes({
      ...start,
      text: 'x',
      env: {
        pairs: [
          ['', 'a'],
          ['B', 'b'],
          ['B', 'c'],
        ],
      },
    }),
    ['/env#0 required', '/env#2 sameKey'],
  )
})

test('numbers typed as text are numbers; other text is none', () => {
  const number = fieldsOf({ type: 'object', properties: { n: { type: 'number' } }, required: ['n'] })
  assert.deepEqual(cleanValue(number, { n: '1.5' }), { n: 1.5 })
  assert.deepEqual(cleanValue(number, { n: 'x' }), {})
  assert.deepEqual(cleanValue(number, { n: Number.NaN }), {})
})

test('null is sent only where it must be', () => {
  const nullable = fieldsOf({
    type: 'object',
    properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] }, b: { type: ['string', 'null'] } },
    required: ['a'],
  })
  assert.deepEqual(cleanValue(nullable, { a: undefined, b: undefined }), { a: null })
  assert.deepEqual(checkValue(nullable, { a: undefined, b: undefined }), [])
})

test('a choice of shapes keeps the constant that names it', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      via: {
        anyOf: [
          { type: 'object', properties: { type: { const: 'a' }, n: { type: 'integer' } }, required: ['type', 'n'] },
          { type: 'object', properties: { type: { const: 'b' } }, required: ['type'] },
        ],
      },
    },
    required: ['via'],
  }
  const form = fieldsOf(schema)
  assert.deepEqual(cleanValue(form, { via: { option: 0, value: { type: 'a', n: 4 } } }), { via: { type: 'a', n: 4 } })
  assert.deepEqual(toForm(form, { via: { type: 'b' } }), { via: { option: 1, value: { type: 'b' } } })
  assert.deepEqual(cleanValue(form, toForm(form, { via: { type: 'b' } })), { via: { type: 'b' } })
  assert.deepEqual(
    checkValue(form, { via: { option: 0, value: { type: 'a' } } }).map((error) => error.path),
    ['/via/n'],
  )
})

test('a shape without a widget is JSON text', () => {
  const form = fieldsOf({ type: 'object', properties: { any: {} }, required: ['any'] })
  assert.deepEqual(cleanValue(form, { any: '{"a":[1]}' }), { any: { a: [1] } })
  assert.deepEqual(
    checkValue(form, { any: '{' }).map((error) => error.code),
    ['json'],
  )
})

test('pointers: every way a server writes a path', () => {
  for (const path of ['/params/units/0', 'params.units.0', 'params.units[0]', '/units/0', 'units.0'])
    assert.equal(pointerOf(path, '/params'), '/units/0')
  assert.equal(pointerOf('/params', '/params'), '')
  assert.equal(pointerOf('/parameters', '/params'), '/parameters')
})

test('a pattern this side cannot read is left to the server', () => {
  const form = fieldsOf({
    type: 'object',
    properties: { a: { type: 'string', pattern: '(?<' }, b: { type: 'string', pattern: '^[a-z]+$' } },
  })
  assert.deepEqual(checkValue(form, { a: 'x', b: 'X' }), [{ path: '/b', code: 'pattern' }])
})

const json = fc.letrec<{ any: JsonSchema }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constant({ type: 'string' } as JsonSchema),
    fc.constant({ type: 'integer', minimum: 0 } as JsonSchema),
    fc.constant({ type: 'boolean' } as JsonSchema),
    fc.constant({ enum: ['a', 'b'] } as JsonSchema),
    tie('any').map((items): JsonSchema => ({ type: 'array', items })),
    tie('any').map((value): JsonSchema => ({ type: 'object', additionalProperties: value })),
    fc
      .dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('any'), { minKeys: 1, maxKeys: 3 })
      .map((properties): JsonSchema => ({ type: 'object', properties, required: Object.keys(properties) })),
  ),
})).any

/** Some JSON that fits the schema. */
function fitting(schema: JsonSchema): fc.Arbitrary<Json> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as string[]))
  if (schema.type === 'string') return fc.string()
  if (schema.type === 'integer') return fc.nat()
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'array') return fc.array(fitting(schema.items as JsonSchema), { maxLength: 3 })
  if (schema.properties !== undefined)
    return fc
      .record(
        Object.fromEntries(
          Object.entries(schema.properties as Record<string, JsonSchema>).map(([name, s]) => [name, fitting(s)]),
        ),
      )
      .map((value) => ({ ...value }) as Json)
  return fc
    .dictionary(fc.stringMatching(/^[a-z~/]{1,5}$/), fitting(schema.additionalProperties as JsonSchema), { maxKeys: 3 })
    .map((value) => ({ ...value }) as Json)
}

test('saved JSON survives the form unchanged, and is never found wrong', () => {
  const both = json.chain((schema) => fc.tuple(fc.constant(schema), fitting(schema)))
  fc.assert(
    fc.property(both, ([schema, value]) => {
      const root = fieldsOf({ type: 'object', properties: { x: schema }, required: ['x'] })
      const form = toForm(root, { x: value })
      assert.deepEqual(checkValue(root, form), [])
      assert.deepEqual(cleanValue(root, form), { x: value })
    }),
  )
})

test('whatever is typed, cleaning gives JSON and never throws', () => {
  fc.assert(
    fc.property(json, fc.oneof(fc.constant(undefined), fc.jsonValue()), (schema, typed) => {
      const root = fieldsOf({ type: 'object', properties: { x: schema }, required: ['x'] })
      const cleaned = cleanValue(root, { x: typed as FormValue })
      assert.ok(cleaned === undefined || JSON.stringify(cleaned) !== undefined)
    }),
  )
})
