/** Queries as clients write them, and as nobody should. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { queryOf } from './query.ts'

const message = Buffer.concat([Buffer.from([0x30, 0x82, 0x01, 0x00]), Buffer.alloc(256, 0xfe)])
const escaped = (bytes: Buffer) => [...bytes].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')
const found = (query: string) => Buffer.from(queryOf(query).message)

test('base64, bare and escaped, with line ends, for URLs, and with a plus that became a space', () => {
  const text = message.toString('base64')
  const spaced = Buffer.from(`\u00fb\u00ef\u00be${message.toString('latin1')}`, 'latin1').toString('base64')
  assert.ok(spaced.includes('+'))
  for (const query of [
    `operation=PKIOperation&message=${text}`,
    `message=${encodeURIComponent(text)}&operation=PKIOperation`,
    `operation=PKIOperation&message=${encodeURIComponent(text.replace(/.{64}/g, '$&\r\n'))}`,
    `operation=PKIOperation&message=${message.toString('base64url')}`,
  ]) {
    assert.equal(queryOf(query).operation, 'PKIOperation')
    assert.deepEqual(found(query), message)
  }
  assert.deepEqual(found(`message=${spaced.replaceAll('+', '%20')}`), Buffer.from(spaced, 'base64'))
})

test('a whole DER message in percent signs, no UTF-8 and 7 kB long', () => {
  const long = Buffer.concat([Buffer.from([0x30, 0x82, 0x09, 0x1a]), Buffer.alloc(2330, 0x82)])
  const query = `message=${escaped(long)}&operation=PKIOperation`
  assert.ok(query.length > 7000)
  assert.throws(() => decodeURIComponent(query), URIError)
  assert.deepEqual(found(query), long)
  assert.equal(queryOf(query).operation, 'PKIOperation')
})

test('what cannot be read is simply not there', () => {
  for (const query of [
    '',
    '&&',
    '=',
    'message',
    'message=%',
    'message=!!',
    'operation',
    `message=${'A'.repeat(70_000)}`,
  ])
    assert.equal(found(query).length, 0, query.slice(0, 20))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const { operation, message: bytes } = queryOf(text)
      assert.ok(typeof operation === 'string' && bytes instanceof Uint8Array)
    }),
  )
})

test('any bytes that begin as DER come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (rest) => {
      const bytes = Buffer.concat([Buffer.from([0x30, 0x82]), rest])
      assert.deepEqual(found(`message=${escaped(bytes)}`), bytes)
      assert.deepEqual(found(`message=${encodeURIComponent(bytes.toString('base64'))}`), bytes)
    }),
  )
})
