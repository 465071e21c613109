/** Differences between versions: only what differs, additions and removals whole, order of members of no matter. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { changesOf, moved, type Said } from './diff.ts'

const banner = (settings: Record<string, string | number>, more = {}) => ({
  feature: 'linux.banner',
  settings,
  ...more,
})

test('only what differs is told', () => {
  const before: Said = { assignment: { ownership: ['cope'] }, features: [banner({ text: 'a', size: 1 })] }
  const after: Said = {
    assignment: { ownership: ['cope'], groups: [] },
    features: [banner({ size: 1, text: 'b' }, { action: 'warn' })],
  }
  assert.deepEqual(changesOf(before, after), [
    { part: 'linux.banner', name: 'text', before: 'a', after: 'b' },
    { part: 'linux.banner', name: 'action', before: 'enforce', after: 'warn' },
  ])
  assert.deepEqual(changesOf(before, before), [])
})

test('a feature that comes or goes is told whole, an assignment by its part', () => {
  const none: Said = { assignment: {}, features: [] }
  const one: Said = { assignment: { groups: ['3'] }, features: [banner({ text: 'a' })] }
  assert.deepEqual(changesOf(none, one), [
    { part: 'assignment', name: 'groups', before: undefined, after: ['3'] },
    { part: 'linux.banner', name: '', before: undefined, after: { text: 'a', action: 'enforce', graceS: 0 } },
  ])
  assert.equal(changesOf(one, none).length, 2)
})

test('moving keeps everyone, and there and back is where it was', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }), fc.nat(), (ids, at) => {
      const id = ids[at % ids.length] ?? ''
      const down = moved(ids, id, 1)
      if (down === undefined) return assert.equal(ids.at(-1), id)
      assert.deepEqual([...down].sort(), [...ids].sort())
      assert.deepEqual(moved(down, id, -1), ids)
    }),
  )
})
