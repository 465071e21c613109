/** Filters of the device list come from the address, and nothing else from it reaches the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filtersOf } from './filters.ts'

test('known filters with a value are taken, all else is left', () => {
  assert.deepEqual(filtersOf(new URLSearchParams('q=ws&platform=linux&liveness=&limit=9999&cursor=x&__proto__=1')), {
    q: 'ws',
    platform: 'linux',
  })
})
