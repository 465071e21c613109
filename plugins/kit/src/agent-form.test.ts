/** The quick reader of syncs says the same as the readers that judge: which words are told, which bytes are plain, and whose token it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainBearer, readPlainSync, timeText } from './agent-form.ts'
import { wordsOf } from './agent-told.ts'

const bytes = (text: string) => Buffer.from(text)
const at = '"at":"2026-01-01T00:00:00Z"'

test('what a sync tells is what it is remembered by, whatever its result says', () => {
  const text = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.constantFrom(',"take":7}', '"take":1', '}],"take":10}'))
  const tail = fc.constantFrom('"take":10}', '"take":0}', '"take":3,"waitS":50}')
  fc.assert(
    fc.property(fc.nat(), text, tail, (sequence, said, end) => {
      const body = `{"sequence":${sequence},${at},"results":[{"id":"o1-2","state":"completed","text":${JSON.stringify(said)}}],${end}`
      const read = readPlainSync(bytes(body))
      assert.ok(read)
      assert.deepEqual([read.words, read.id, read.sequence], [wordsOf(body), 'o1-2', String(sequence)])
    }),
  )
})

test('the same bytes are read once, others anew; what is not surely plain is not read', () => {
  const one = bytes(`{"sequence":1,${at},"take":10}`)
  const read = readPlainSync(one)
  assert.deepEqual([read?.id, read?.words, read?.take, read?.waitS], [undefined, '', 10, 0])
  assert.equal(readPlainSync(one), read)
  for (const odd of [
    `{"sequence":1,${at},"take":10} `,
    `{"sequence":1,${at},"take":101}`,
    `{"sequence":01,${at},"take":1}`,
    `{"sequence":1,${at},"results":[{"id":"o1-2","text":"ü"}],"take":1}`,
    `{"sequence":1,${at},"results":[{"id":"o1-2","text":"${'x'.repeat(5_000)}"}],"take":1}`,
  ])
    assert.equal(readPlainSync(bytes(odd)), undefined, odd.slice(0, 80))
  assert.equal(readPlainSync(bytes(`{"sequence":2,${at},"take":1}`))?.sequence, '2')
})

test('a token is taken as it stands, or left to the long way', () => {
  assert.equal(plainBearer({ authorization: 'Bearer abc' }), 'abc')
  for (const authorization of [undefined, '', 'bearer abc', 'Basic abc', 'Bearer', 'Bearer\tabc'])
    assert.equal(plainBearer({ authorization }), undefined)
})

test('a time is spelt anew when it is another', () => {
  for (const ms of [0, 0, 1, 1_790_000_000_123, 1_790_000_000_123, 1_790_000_000_124, 0])
    assert.equal(timeText(new Date(ms)), new Date(ms).toISOString())
})
