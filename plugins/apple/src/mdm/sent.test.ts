/** What is remembered of the last command: which one an answer is of, and that one which was not answered is lost, once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSent } from './sent.ts'

const again = { kept: { step: 2 } }

test('what is not answered by the next word is lost, and told once', () => {
  const sent = createSent()
  assert.equal(sent.lost(1), undefined, 'nothing was handed over')
  sent.note(1, { id: 'a', type: 'ProfileList', again })
  assert.equal(sent.lost(2), undefined, 'to another channel')
  assert.deepEqual(sent.lost(1), { id: 'a', kept: again.kept }, 'it is idle')
  assert.equal(sent.lost(1), undefined)
  sent.note(1, { id: 'b', type: 'ProfileList', again })
  assert.deepEqual(sent.lost(1, 'a'), { id: 'b', kept: again.kept }, 'it says the one before once more')
})

test('what was answered is not lost, and neither is what may not be done twice', () => {
  const sent = createSent()
  sent.note(1, { id: 'a', type: 'DeviceLock', again })
  assert.equal(sent.lost(1, 'a'), undefined)
  assert.equal(sent.lost(1), undefined, 'idle after its answer')
  assert.equal(sent.typeOf(1, 'a'), 'DeviceLock', 'a repeated answer is still known')
  // The same id with its next message is under way again.
  sent.note(1, { id: 'a', type: 'SecurityInfo', again })
  assert.deepEqual(sent.lost(1), { id: 'a', kept: again.kept })
  sent.note(1, { id: 'b', type: 'RestartDevice' })
  assert.equal(sent.lost(1), undefined)
  assert.equal(sent.awaited(1, 'b'), true)
})
