/** The tests' properties see the same values each time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'

test('properties are tried with the seed of the run, and with none of their own when it is random', () => {
  const wanted = process.env.MUSTER_SEED ?? '1'
  assert.equal(fc.readConfigureGlobal()?.seed, wanted === 'random' ? undefined : Number(wanted))
})
