/** Wire ids: what is written is read back, and nothing else is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { operationWireId, readOperationWireId } from './ids.ts'

test('every id is read back as it was written', () => {
  const no = fc.integer({ min: 1, max: 2 ** 50 })
  fc.assert(
    fc.property(no, no, (channel, activity) =>
      assert.deepEqual(readOperationWireId(operationWireId(channel, activity)), { channel, activity }),
    ),
  )
})
test('anything else is nobody’s; a second way to write an id is none', () => {
  for (const text of [
    '',
    'o',
    'o1',
    'o1-',
    'o-1',
    'O1-1',
    'o01-1',
    'o1-01',
    's1-1',
    'o1-1 ',
    'o1-1\n',
    'o1-1-1',
    'ozzzzzzzzzzz-1',
    'o1-٣',
  ])
    assert.equal(readOperationWireId(text), undefined, text)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readOperationWireId(text)
      assert.ok(read === undefined || operationWireId(read.channel, read.activity) === text)
    }),
  )
})
