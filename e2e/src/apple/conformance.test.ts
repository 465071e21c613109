/** Each word of Apple's platform through a real core, by the suite that every platform passes. */
import assert from 'node:assert/strict'
import { conformance } from '@muster/contract/testing'
import { createHarness } from '@muster/core/testing'
import { installedPlatforms } from '@muster/server'

const apple = installedPlatforms.find((p) => p.id === 'apple')
assert.ok(apple, 'Apple is not installed')
conformance(apple, createHarness({ owned: true }))
