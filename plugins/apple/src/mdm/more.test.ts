/** Several commands of one delivery: the first failure is told at the end, and what is gone already is no failure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedBefore, outcomeOfStep } from './more.ts'

const done = { Status: 'Acknowledged' }
const refused = { Status: 'Error', ErrorChain: [{ ErrorDomain: 'D', ErrorCode: 1, USEnglishDescription: 'No.' }] }
const next = { steps: [{ install: 'b' }] }

test('one more is asked for until nothing is left; the reply of the last says the rest', () => {
  assert.deepEqual(outcomeOfStep({ next }, done), { state: 'again', kept: next })
  assert.equal(outcomeOfStep({}, done), undefined)
  assert.equal(outcomeOfStep(undefined, refused), undefined)
})

test('a failure on the way stops nothing, and is the outcome', () => {
  const first = outcomeOfStep({ next }, refused)
  assert.equal(first?.state, 'again')
  const failed = failedBefore(first?.state === 'again' ? first.kept : undefined)
  assert.deepEqual(failed, { code: 'device-error', text: 'D 1: No.' })
  assert.deepEqual(outcomeOfStep({ failed }, done), { state: 'failed', reason: failed })
  assert.deepEqual(outcomeOfStep({ failed: { code: 'x', text: 'First.' } }, refused), {
    state: 'failed',
    reason: { code: 'x', text: 'First.' },
  })
})

test('what may be gone already is no failure when it is', () => {
  assert.deepEqual(outcomeOfStep({ lenient: true }, refused), { state: 'completed', result: {} })
  assert.deepEqual(outcomeOfStep({ lenient: true, next }, refused), { state: 'again', kept: next })
  assert.equal(failedBefore(null), undefined)
  assert.equal(failedBefore({ steps: [] }), undefined)
})
