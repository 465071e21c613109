/** Audit entries in words: what has none stays readable as the code that it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actWords, subjectWords } from './words.ts'

const titles = (operation: string) => (operation === 'device.wipe' ? 'Wipe' : undefined)

test('an act is told in words, an operation by its title, a code without words as it is', () => {
  assert.equal(actWords('policy.publish', titles), 'Policy: published')
  assert.equal(actWords('operation.device.wipe', titles), 'Wipe')
  assert.equal(actWords('operation.gone.away', titles), 'operation.gone.away')
  assert.equal(actWords('device.push-address-dead', titles), 'Device: push address found dead')
  assert.equal(actWords('policy.unheard', titles), 'policy.unheard')
  assert.equal(actWords('odd', titles), 'odd')
})

test('a subject leads to its page', () => {
  assert.deepEqual(subjectWords('device:01a2'), { label: 'Device 01a2', to: '/devices/01a2' })
  assert.deepEqual(subjectWords('user:ada b'), { label: 'User ada b', to: '/users?q=ada+b' })
  assert.deepEqual(subjectWords('licence:de:1'), { label: 'Licence text de:1', to: undefined })
  assert.deepEqual(subjectWords('toy-thing:7'), { label: 'Toy thing 7', to: undefined })
  assert.deepEqual(subjectWords('nothing'), { label: 'nothing' })
})
