/** Schemas that are made when they are looked at: once, and the same as those that stand there from the start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { feature, jsonSchema, operation } from './descriptors.ts'

const head = { title: 'Toy', summary: 'For a test.' }

test('a schema that is a function is made at the first look, once', () => {
  let made = 0
  const make = () => {
    made++
    return z.strictObject({ on: z.boolean() })
  }
  const f = feature({ ...head, id: 'toy', settings: make, merge: { rule: 'priority' }, examples: [{ on: true }] })
  const o = operation({
    ...head,
    id: 'toy.do',
    danger: 'none',
    repeatable: true,
    expiresS: 60,
    params: make,
    result: () => z.object({}),
    examples: [{ params: { on: true }, result: {} }],
  })
  assert.equal(made, 0, 'nobody has looked')
  assert.deepEqual(f.settings.parse({ on: true }), { on: true })
  assert.equal(f.settings, f.settings)
  assert.equal(made, 1)
  assert.equal(o.params.safeParse({ on: 1 }).success, false)
  assert.equal(made, 2)
  assert.deepEqual(jsonSchema(f.settings), jsonSchema(o.params))
  assert.ok(Object.keys(f).includes('settings') && { ...f }.settings === f.settings, 'it is a member like any other')
})

test('a schema that is given stays as it is', () => {
  const settings = z.strictObject({ on: z.boolean() })
  const f = feature({ ...head, id: 'toy', settings, merge: { rule: 'priority' }, examples: [{ on: true }] })
  assert.equal(f.settings, settings)
})

test('a schema that cannot be made says so to whoever looks', () => {
  const broken = feature({
    ...head,
    id: 'toy',
    settings: (): z.ZodType<object> => {
      throw new Error('no such table')
    },
    merge: { rule: 'priority' },
    examples: [{}],
  })
  assert.throws(() => broken.settings, /no such table/)
})
