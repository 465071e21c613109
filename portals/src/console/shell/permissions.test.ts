/** Permissions as the server writes them: exact, or with a final star. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holds, holdsSome } from './permissions.ts'

test('exact, star and everything', () => {
  assert.ok(holds(['device:read'], 'device:read'))
  assert.ok(holds(['device:*'], 'device:write'))
  assert.ok(holds(['*'], 'policy:publish'))
})

test('nothing more than was given', () => {
  assert.ok(!holds([], 'device:read'))
  assert.ok(!holds(['device:read'], 'device:write'))
  assert.ok(!holds(['device:*'], 'devices:read'))
  assert.ok(!holds(['device:read'], 'device:readall'))
})

test('a permission for one operation is a permission for some', () => {
  for (const permission of ['*', 'operation:*', 'operation:device.lock', 'op*'])
    assert.ok(holdsSome([permission], 'operation:'), permission)
  assert.ok(!holdsSome(['device:*', 'policy:read'], 'operation:'))
})
