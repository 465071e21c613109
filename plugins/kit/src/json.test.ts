import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProblem } from '@muster/contract'
import fc from 'fast-check'
import { z } from 'zod'
import { readJson } from './json.ts'

const any = z.unknown()
const read = (body: string | Uint8Array, max = 1000) => readJson(Buffer.from(body), max, any)

test('each kind of bad body has its own code', () => {
  const cases: [string, string | Uint8Array][] = [
    ['malformed-json', ''],
    ['malformed-json', '{"a":'],
    ['malformed-json', '\ufeff{}'],
    ['malformed-json', Buffer.from([0x22, 0xff, 0x22])],
    ['malformed-json', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['malformed-json', '{"a":"\\u0000"}'],
    ['malformed-json', '{"\\u0000":1}'],
    ['malformed-json', '["\\ud800"]'],
    ['body-too-large', `"${'x'.repeat(1000)}"`],
    ['body-too-deep', `${'['.repeat(33)}${']'.repeat(33)}`],
    ['body-too-deep', '['.repeat(900)],
  ]
  for (const [code, body] of cases) assert.throws(() => read(body), { code }, JSON.stringify(String(body)).slice(0, 60))
  assert.throws(
    () => readJson(Buffer.from('{"a":1}'), 100, z.object({ a: z.string() })),
    (e) => {
      assert.ok(isProblem(e) && e.code === 'invalid-request')
      assert.equal((e.extra.errors as { path: string }[])[0]?.path, 'a')
      return true
    },
  )
})

test('good ones are read', () => {
  assert.deepEqual(read('{"a":"\\\\u0000 [[[[ \\" {{{{","b":"\\ud83d\\ude00"}'), {
    a: '\\u0000 [[[[ " {{{{',
    b: '\u{1f600}',
  })
  assert.deepEqual(read(`${'['.repeat(32)}${']'.repeat(32)}`), JSON.parse(`${'['.repeat(32)}${']'.repeat(32)}`))
})

test('any bytes: a value or a Problem', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.json().map((s) => Buffer.from(s)),
        fc.string({ unit: 'binary' }).map((s) => Buffer.from(s)),
      ),
      (bytes) => {
        try {
          read(bytes)
        } catch (e) {
          assert.ok(isProblem(e) && e.status < 500)
        }
      },
    ),
  )
})
