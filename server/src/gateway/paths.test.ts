/** What a plain path is: nothing that two readers could read differently gets through, and nothing plain is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pathFault } from './paths.ts'

const plain = fc.stringMatching(/^[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]{0,10}$/)
const encoded = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .filter((s) => s.isWellFormed() && !/[/\\;%\p{Cc}]/u.test(s) && !/^\.{1,2}$/.test(s))
  .map(encodeURIComponent)
const path = fc.array(fc.oneof(plain, encoded), { maxLength: 5 }).map((s) => `/${s.join('/')}`)

test('plain paths pass, with any query', () => {
  fc.assert(
    fc.property(
      path,
      fc.string(),
      (p, query) =>
        assert.equal(pathFault(p), undefined) === undefined && assert.equal(pathFault(`${p}?${query}`), undefined),
    ),
  )
  for (const p of [
    '/',
    '/a',
    '/a/',
    '/a/...',
    '/a/.b',
    '/a/b..',
    '/%C3%A4',
    '/a%20b',
    '/%F0%9F%98%80',
    '/?a=//..;%2f',
    '/a.b/c',
  ])
    assert.equal(pathFault(p), undefined, p)
})

test('each trick is refused wherever it stands', () => {
  const tricks = [
    ';',
    '\\',
    '%2f',
    '%2F',
    '%5c',
    '%3b',
    '%00',
    '%0a',
    '%7f',
    '%',
    '%1',
    '%zz',
    '%25',
    '%252f',
    '%c0%af',
    '%e2%82',
    '%ff',
    '%80',
    '%ed%a0%80',
    '%f4%90%80%80',
    '#',
    ' ',
    '\0',
    'ä',
    '\x7f',
  ]
  fc.assert(
    fc.property(path, fc.constantFrom(...tricks), plain, (p, trick, tail) =>
      assert.notEqual(pathFault(`${p}/x${trick}${tail}`), undefined),
    ),
    { numRuns: 500 },
  )
})

test('empty and dot segments are refused in every spelling', () => {
  const dots = fc.constantFrom('.', '..', '%2e', '%2E', '.%2e', '%2e.', '%2e%2E', '')
  fc.assert(
    fc.property(path, dots, fc.constantFrom('/x', '/'), (p, dot, tail) =>
      assert.notEqual(pathFault(`${p.replace(/\/$/, '')}/${dot}${tail}`), undefined),
    ),
  )
  for (const p of ['/..', '/.', '/a/..', '/a/..?x', '/a/%2e%2e', '//', '/a//', '*', '', 'a', 'http://x/'])
    assert.notEqual(pathFault(p), undefined, p)
})

test('whatever passes names the same segments before and after decoding and normalising', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('/', '.', '%', '2', 'e', 'E', 'f', '5', 'c', '0', 'a', ';', '\\', '?'),
        maxLength: 14,
      }),
      (s) => {
        const target = `/${s}`
        if (pathFault(target) !== undefined) return
        const raw = target.split('?', 1)[0]!
        const segments = raw.split('/').map(decodeURIComponent)
        assert.deepEqual(new URL(raw, 'http://x').pathname.split('/').map(decodeURIComponent), segments)
        assert.ok(segments.every((x) => !/[/\\;\0]/.test(x) && x !== '.' && x !== '..'))
      },
    ),
    { numRuns: 5_000 },
  )
})
