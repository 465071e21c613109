/** The tests' properties see the same values each time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'

test('two runs of one property see the same values', { skip: process.env.MUSTER_SEED === 'random' }, () => {
  const values = () => {
    const seen: number[] = []
    fc.assert(fc.property(fc.integer(), (n) => seen.push(n) > 0))
    return seen
  }
  assert.deepEqual(values(), values())
})
