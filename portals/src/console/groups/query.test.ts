/** Rows of the query builder: complete rows become a query, queries of rows come back as the same rows, the rest is left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Condition, type Field, operatorsOf, queryOf, rowsOf } from './query.ts'

const fields: Field[] = [
  { id: 'osVersion', title: 'OS version', type: 'text' },
  { id: 'hardware.cores', title: 'Cores', type: 'number' },
  { id: 'encrypted', title: 'Encrypted', type: 'boolean' },
]

test('values take the kind of their field; an unfinished row makes no query', () => {
  const one = (condition: Condition) => queryOf({ join: 'and', conditions: [condition] }, fields)
  assert.deepEqual(one({ field: 'osVersion', op: 'lt', value: ' 24.04 ' }), {
    field: 'osVersion',
    op: 'lt',
    value: '24.04',
  })
  assert.deepEqual(one({ field: 'hardware.cores', op: 'ge', value: '4' }), {
    field: 'hardware.cores',
    op: 'ge',
    value: 4,
  })
  assert.deepEqual(one({ field: 'encrypted', op: 'eq', value: 'false' }), {
    field: 'encrypted',
    op: 'eq',
    value: false,
  })
  for (const unfinished of [
    { field: '', op: 'eq', value: 'x' },
    { field: 'osVersion', op: 'eq', value: ' ' },
    { field: 'hardware.cores', op: 'eq', value: 'four' },
  ] as const)
    assert.equal(one(unfinished), undefined)
  assert.equal(queryOf({ join: 'and', conditions: [] }, fields), undefined)
})

test('a value stays of the kind that was read while nobody says what its field is', () => {
  for (const query of [
    { field: 'power.battery', op: 'lt', value: 20 },
    {
      and: [
        { field: 'agent.root', op: 'eq', value: true },
        { field: 'os.build', op: 'eq', value: '20' },
      ],
    },
  ] as const)
    assert.deepEqual(queryOf(rowsOf(query as never) ?? { join: 'and', conditions: [] }, []), query)
})

test('what rows cannot say is not shown as rows', () => {
  assert.deepEqual(rowsOf(null), { join: 'and', conditions: [] })
  for (const query of [
    { not: { field: 'name', op: 'eq', value: 'x' } },
    { and: [{ or: [{ field: 'name', op: 'eq', value: 'x' }] }] },
    { field: 'name', op: 'in', value: ['a', 'b'] },
  ] as const)
    assert.equal(rowsOf(query as never), undefined, JSON.stringify(query))
})

test('rows -> query -> rows', () => {
  const condition = fc.constantFrom(...fields).chain((field) =>
    fc.record(
      {
        field: fc.constant(field.id),
        op: fc.constantFrom(...operatorsOf(field.type)),
        value:
          field.type === 'boolean'
            ? fc.constantFrom('true', 'false')
            : field.type === 'number'
              ? fc.integer().map(String)
              : fc.stringMatching(/^[a-z0-9.]{1,12}$/),
      },
      { noNullPrototype: true },
    ),
  )
  fc.assert(
    fc.property(
      fc.constantFrom('and', 'or' as const),
      fc.array(condition, { minLength: 2, maxLength: 5 }),
      (join, conditions) => {
        const wanted = conditions.map((one) => {
          if (one.op === 'exists') return { ...one, value: String(one.value !== 'false') }
          const type = fields.find(({ id }) => id === one.field)?.type
          return type === 'text' ? one : { ...one, type }
        })
        const query = queryOf({ join, conditions: wanted }, fields)
        assert.ok(query !== undefined)
        assert.deepEqual(rowsOf(query), { join, conditions: wanted })
      },
    ),
  )
})
