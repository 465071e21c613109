/** Filters of the device list come from the address, and nothing else from it reaches the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filtersOf, queryOf, targetOf } from './filters.ts'

test('known filters with a value are taken, all else is left', () => {
  assert.deepEqual(filtersOf(new URLSearchParams('q=ws&platform=linux&liveness=&limit=9999&cursor=x&__proto__=1')), {
    q: 'ws',
    platform: 'linux',
  })
})

test('what all that match is: everything, a group, a query, or devices to be named', () => {
  assert.deepEqual(targetOf({}), { all: true })
  assert.deepEqual(targetOf({ group: '7' }), { groups: ['7'] })
  assert.deepEqual(targetOf({ platform: 'linux' }), { query: { field: 'platform', op: 'eq', value: 'linux' } })
  assert.deepEqual(targetOf({ platform: 'linux', ownership: 'byod' }), {
    query: {
      and: [
        { field: 'platform', op: 'eq', value: 'linux' },
        { field: 'ownership', op: 'eq', value: 'byod' },
      ],
    },
  })
  for (const filters of [
    { q: 'x' },
    { platform: 'linux', q: 'x' },
    { group: '7', platform: 'linux' },
    { liveness: 'inactive' },
  ] as const)
    assert.equal(targetOf(filters), undefined, JSON.stringify(filters))
  assert.equal(queryOf({}), undefined)
})
