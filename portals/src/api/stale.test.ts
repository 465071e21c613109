/** An event makes stale what it changed, and of devices only those it names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventTypes, staleKeys } from './stale.ts'

test('a report of some devices touches the list and those devices alone', () => {
  const keys = staleKeys({ type: 'device.reported', data: { devices: ['a', 'b'] } })
  assert.deepEqual(keys, [['devices'], ['summary'], ['device', 'a'], ['device', 'b']])
})

test('an event that names no device touches every device read', () => {
  assert.deepEqual(staleKeys({ type: 'policy.changed', data: { policy: 1 } }), [
    ['policies'],
    ['policy'],
    ['audit'],
    ['device'],
  ])
})

test('unknown events touch nothing; every event listened to touches something', () => {
  assert.deepEqual(staleKeys({ type: 'something.else', data: {} }), [])
  for (const type of eventTypes) assert.notEqual(staleKeys({ type, data: {} }).length, 0, type)
})
