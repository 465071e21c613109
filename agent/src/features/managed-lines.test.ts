import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dropLines, hasLines, putLines } from './managed-lines.ts'

const silences = (line: string) => line.startsWith('deny')
const text = fc
  .array(fc.constantFrom('deny = 3', 'deny', '# deny = 3', '', ' x', 'unlock_time = 600', 'ü\r'), { maxLength: 8 })
  .chain((lines) => fc.constantFrom(lines.join('\n'), `${lines.join('\n')}\n`))
const where = fc.constantFrom('top' as const, 'bottom' as const)
const own = fc.array(fc.constantFrom('deny = 5', 'even_deny_root'), { minLength: 1, maxLength: 3 })

test('dropping gives back exactly what was there; putting twice is putting once', () => {
  fc.assert(
    fc.property(text, own, own, where, (before, first, second, place) => {
      const put = putLines(before, { lines: first, silences, where: place })
      assert.equal(dropLines(put), before)
      assert.equal(
        putLines(put, { lines: second, silences, where: place }),
        putLines(before, { lines: second, silences, where: place }),
      )
      assert.ok(hasLines(put) && !hasLines(before))
    }),
  )
})

test('what others write meanwhile stays, above and below our lines', () => {
  const put = putLines('deny = 3\nx = 1\n', { lines: ['deny = 5'], silences, where: 'bottom' })
  const edited = `# hello\n${put}y = 2\n`
  assert.equal(dropLines(edited), '# hello\ndeny = 3\nx = 1\ny = 2\n')
})

test('what somebody made of our marks is cleared away at once, and not a part each time', () => {
  for (const mangled of [
    '#muster# #muster# deny = 3\n',
    '#muster# # muster: begin (managed: changes in here are overwritten)\ndeny = 5\n# muster: end\nx = 1\n',
  ]) {
    const m = { lines: ['deny = 5'], silences, where: 'top' as const }
    const put = putLines(mangled, m)
    assert.equal(putLines(put, m), put)
    assert.equal(dropLines(put), dropLines(mangled))
    assert.equal(dropLines(dropLines(mangled)), dropLines(mangled))
  }
})

test('only ours is in force', () => {
  const put = putLines('deny = 3\n', { lines: ['deny = 5'], silences, where: 'top' })
  assert.deepEqual(
    put.split('\n').filter((l) => l !== '' && !l.startsWith('#')),
    ['deny = 5'],
  )
})
