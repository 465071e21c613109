/** Filters of the device list come from the address, and nothing else from it reaches the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filtersOf, queryOf, searchOf, targetOf } from './filters.ts'

test('known filters with a value are taken, all else is left', () => {
  assert.deepEqual(filtersOf(new URLSearchParams('q=ws&platform=linux&liveness=&limit=9999&cursor=x&__proto__=1')), {
    q: 'ws',
    platform: 'linux',
  })
})

test('what all that match is: everything, or what the same filters show', () => {
  assert.deepEqual(targetOf({}), { all: true })
  const filters = { platform: 'linux', q: 'x', liveness: 'inactive', group: '7' } as const
  assert.deepEqual(targetOf(filters), { filter: filters })
})

test('filters that are facts of a device are a query, for a group that fills itself', () => {
  assert.deepEqual(queryOf({ platform: 'linux', ownership: 'byod' }), {
    and: [
      { field: 'platform', op: 'eq', value: 'linux' },
      { field: 'ownership', op: 'eq', value: 'byod' },
    ],
  })
  assert.equal(queryOf({ platform: 'linux', q: 'x' }), undefined)
  assert.equal(queryOf({}), undefined)
})

test('a saved query in the address is the query again', () => {
  const filters = { q: 'a b&c', platform: 'linux', compliance: 'violated' } as const
  assert.deepEqual(filtersOf(new URLSearchParams(searchOf(filters))), filters)
})
