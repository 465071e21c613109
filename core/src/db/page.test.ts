/** Cursors come back as they went; anything else is refused. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { isProblem } from '@muster/contract'
import fc from 'fast-check'
import { isUuid, rowNo, uuidv7 } from './id.ts'
import { cursorOf, pageOf, readCursor, readNo } from './page.ts'

const refused = (e: unknown) => isProblem(e) && e.code === 'invalid-cursor'

test('a cursor comes back as it went', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 100 }).filter((s) => !s.includes('\0'))
  fc.assert(
    fc.property(
      fc.array(fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
        minLength: 1,
        maxLength: 4,
      }),
      (values) => {
        assert.deepEqual(readCursor(cursorOf(values), values.length), values)
      },
    ),
  )
})

test('a cursor that no list gave is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (s) => {
      assert.throws(() => readCursor(s, ['no', 'text', 'id']), refused)
    }),
  )
  const kinds = ['no', 'text', 'time', 'id', 'boolean'] as const
  const good = [1, 'a', '2026-01-02T03:04:05.678Z', uuidv7(), true]
  assert.deepEqual(readCursor(cursorOf(good), kinds), good)
  const bad = [1.5, 'a\0b', '2026-13-45T03:04:05.678Z', 'x', 1]
  for (let i = 0; i < bad.length; i++) assert.throws(() => readCursor(cursorOf(good.with(i, bad[i]!)), kinds), refused)
  assert.throws(() => readNo(cursorOf([null])), refused)
  assert.throws(() => readNo(cursorOf(['1'])), refused)
  assert.throws(() => readNo(Buffer.from('{"length":1}').toString('base64url')), refused)
  assert.throws(() => readNo(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]).toString('base64url')), refused)
})

test('a page has a next only when there is more', () => {
  const page = (rows: number[]) => pageOf(rows, 2, String, (r) => [r])
  assert.deepEqual(page([]), { items: [], next: undefined })
  assert.deepEqual(page([1, 2]), { items: ['1', '2'], next: undefined })
  assert.equal(readNo(page([1, 2, 3]).next), 2)
})

test('ids sort by time and are version 7', () => {
  const a = uuidv7(1_700_000_000_000)
  const b = uuidv7(1_700_000_000_001)
  assert.ok(a < b && isUuid(a))
  assert.match(a, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/)
  assert.equal(new Set(Array.from({ length: 1000 }, () => uuidv7())).size, 1000)
  assert.equal(rowNo('42'), 42)
  for (const bad of ['0', '-1', '01', '1.5', '9007199254740993', '1e3', '', ' 1']) assert.equal(rowNo(bad), undefined)
})
