/** Android's words, tables and rows pass the suite that every platform passes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceDisenrol, deviceWipeCorporate, type JsonObject } from '@muster/contract'
import { conformance } from '@muster/contract/testing'
import { android } from './index.ts'

/** Only what has a half of its own can be given back to its user. */
const halves: readonly string[] = [deviceDisenrol.id, deviceWipeCorporate.id]
const facts = (id: string): JsonObject => ({
  'android.mode': halves.includes(id) ? 'profile-owner' : 'device-owner',
  'android.companyOwned': true,
  'android.apiLevel': 35,
})

conformance(android, undefined, { facts })

test('what Google cannot do is said with its reason, of operations and of settings', () => {
  const { operations, features } = android.rows({})
  for (const [id, rows] of Object.entries(operations))
    if (!rows.some((r) => r.channel === 'device'))
      assert.match(rows[0]?.elsewhere?.text ?? '', /^Google’s API has no such command./, id)
  for (const [id, rows] of Object.entries(features))
    assert.ok(
      rows.some((r) => r.channel === 'device'),
      id,
    )
})
