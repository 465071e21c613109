/** The packed table of credentials, against a plain map: nothing is found that was not put, and what is asked for stays. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createCredentials, type Kind } from './credentials.ts'

const hash = (n: number) => createHash('sha256').update(String(n)).digest()
const kind = fc.constantFrom<Kind[]>('certificate', 'bearer', 'key')

test('it answers as a map of kind and hash would', () => {
  const step = fc.record({
    kind,
    n: fc.nat({ max: 400 }),
    put: fc.option(
      fc.record({ channel: fc.integer({ min: 1, max: 2 ** 32 - 1 }), version: fc.nat(), untilS: fc.nat() }),
    ),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const table = createCredentials()
      const model = new Map<string, object>()
      for (const s of steps) {
        if (s.put) {
          table.put(s.kind, hash(s.n), s.put)
          model.set(`${s.kind} ${s.n}`, { ...s.put })
        }
        const found = table.get(s.kind, hash(s.n))
        assert.deepEqual(found && { ...found }, model.get(`${s.kind} ${s.n}`))
      }
      assert.equal(table.size(), model.size)
    }),
    { numRuns: 30 },
  )
})

test('memory is bounded, and those asked for lately stay', () => {
  const table = createCredentials(1_000)
  for (let n = 0; n < 10_000; n += 1) {
    table.put('bearer', hash(n), { channel: n + 1, version: 1, untilS: 9 })
    assert.equal(table.get('bearer', hash(0))?.channel, 1)
    assert.ok(table.size() <= 1_000)
  }
  assert.equal(table.get('bearer', hash(9_999))?.channel, 10_000)
  assert.equal(table.get('bearer', hash(5_000)), undefined)
  table.clear()
  assert.deepEqual([table.size(), table.get('bearer', hash(9_999))], [0, undefined])
})

test('a life without end is kept, a channel number that does not fit is not', () => {
  const table = createCredentials()
  table.put('key', hash(1), { channel: 1, version: 1, untilS: 8.64e12 })
  assert.equal(table.get('key', hash(1))?.untilS, 0xffff_ffff)
  table.put('key', hash(2), { channel: 2 ** 32, version: 1, untilS: 1 })
  assert.equal(table.get('key', hash(2)), undefined)
})
