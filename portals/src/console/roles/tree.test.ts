/** The tree of permissions: wholes, leaves, and taking one leaf out of a whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { branchesOf, given, toggleAll, toggleBranch, toggleLeaf } from './tree.ts'

const ids = ['device:read', 'device:write', 'operation:device.lock', 'operation:device.wipe', 'audit:read']
const branches = branchesOf(ids.map((id) => ({ id, title: id })))
const effective = (held: readonly string[]) => ids.filter((id) => given(held, id))

test('branches by noun, operations last', () => {
  assert.deepEqual(
    branches.map((one) => [one.noun, one.leaves.length]),
    [
      ['audit', 1],
      ['device', 2],
      ['operation', 2],
    ],
  )
})

test('a leaf turned below a whole leaves the others given', () => {
  const [, device] = branches
  assert.ok(device !== undefined)
  assert.deepEqual(toggleLeaf(['device:*', 'audit:read'], device, 'device:write'), ['audit:read', 'device:read'])
  assert.deepEqual(toggleBranch(['device:read', 'audit:read'], device), ['audit:read', 'device:*'])
  assert.deepEqual(toggleAll(['audit:read']), ['*'])
  assert.deepEqual(toggleAll(['*']), [])
})

test('turning a leaf changes that leaf alone, and twice changes nothing', () => {
  const held = fc.uniqueArray(fc.constantFrom(...ids, 'device:*', 'operation:*'))
  const leaf = fc.constantFrom(...branches.flatMap((branch) => branch.leaves.map(({ id }) => ({ branch, id }))))
  fc.assert(
    fc.property(held, leaf, (before, { branch, id }) => {
      const after = toggleLeaf(before, branch, id)
      assert.equal(given(after, id), before.includes(`${branch.noun}:*`) ? false : !given(before, id))
      for (const other of ids) if (other !== id) assert.equal(given(after, other), given(before, other), other)
      assert.deepEqual(effective(toggleLeaf(after, branch, id)), effective(before))
    }),
  )
})
