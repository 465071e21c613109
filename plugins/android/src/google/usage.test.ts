/** What a lost device tells by itself: once, in whatever order and however often it comes; nothing hostile throws. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '@muster/contract'
import fc from 'fast-check'
import { placeFact, usageTurn } from './usage.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 0, 2, 10, minute)).toISOString()
const place = (minute: number, latitude: number) => ({
  eventTime: at(minute),
  eventType: 'LOST_MODE_LOCATION',
  lostModeLocationEvent: { location: { latitude, longitude: 13.4 }, batteryLevel: 40 },
})
const batch = (...usageLogEvents: Json[]) => ({ device: 'enterprises/LC1/devices/a', usageLogEvents })

test('places, calls and attempts are told; the last place is kept', () => {
  const call = { eventTime: at(5), eventType: 'LOST_MODE_OUTGOING_PHONE_CALL', lostModeOutgoingPhoneCallEvent: {} }
  const tried = { eventTime: at(6), eventType: 'STOP_LOST_MODE_USER_ATTEMPT' }
  const turn = usageTurn(batch(place(2, 52.5), call, place(1, 52.4), tried), { facts: {} })
  assert.deepEqual(
    turn?.events?.map((e) => [e.type, e.at]),
    [
      ['android.lost-located', at(1)],
      ['android.lost-located', at(2)],
      ['android.lost-called', at(5)],
      ['android.lost-end-tried', at(6)],
    ],
  )
  const kept = { latitude: 52.5, longitude: 13.4, battery: 40, at: at(2), heard: at(6) }
  assert.deepEqual(turn?.facts, { [placeFact]: kept })
  assert.equal(turn?.partial, true)
})

test('the same again, and what is older than what was heard, is nothing', () => {
  const facts = usageTurn(batch(place(2, 52.5)), { facts: {} })?.facts ?? {}
  assert.equal(usageTurn(batch(place(2, 52.5), place(1, 1)), { facts }), undefined)
  assert.equal(usageTurn(batch(place(3, 52.6)), { facts })?.events?.length, 1)
})

test('what is none is passed over: other logs, places off the earth, times that are none', () => {
  const off = place(1, 91)
  const without = { eventTime: 'soon', eventType: 'STOP_LOST_MODE_USER_ATTEMPT' }
  assert.equal(
    usageTurn(batch(off, without, { eventTime: at(1), eventType: 'ADB_SHELL_COMMAND' }, 7), { facts: {} }),
    undefined,
  )
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (events, kept) => {
      const turn = usageTurn({ usageLogEvents: events as Json }, { facts: { [placeFact]: kept as Json } as JsonObject })
      assert.ok(turn === undefined || (turn.events?.length ?? 0) > 0)
    }),
  )
})
