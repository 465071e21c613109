/** The budget in numbers, and the states of what waits: properties over anything that may come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { configurationKeys } from '../configuration/index.ts'
import { dayLimit, type Guard, guardedAs, strictest, within } from './budget.ts'
import { type ApprovalState, type ApprovalStep, approvalStates, refusalOf } from './states.ts'

const usual = configurationKeys.guard.parse({})
const number = fc.nat(1_000)
const budget = fc.record({
  tenMinutes: number,
  day: number,
  sharePercent: fc.integer({ min: 0, max: 100 }),
  atLeast: number,
})
const guard: fc.Arbitrary<Guard> = fc.record({
  wipes: budget,
  removals: budget,
  approvalHours: fc.integer({ min: 1, max: 168 }),
  settleHours: fc.nat(720),
})

test('unless told, nobody wipes more than 2 in ten minutes, or 5 or a hundredth of the fleet in a day', () => {
  const { wipes } = usual
  assert.deepEqual(
    [1, 50, 199, 200, 499, 500, 100_000].map((fleet) => dayLimit(wipes, fleet)),
    [1, 1, 1, 2, 4, 5, 5],
  )
  assert.equal(within(wipes, 100_000, { tenMinutes: 0, day: 0 }, 2), true)
  assert.equal(within(wipes, 100_000, { tenMinutes: 0, day: 0 }, 3), false)
  assert.equal(within(wipes, 100_000, { tenMinutes: 1, day: 3 }, 1), true)
  assert.equal(within(wipes, 100_000, { tenMinutes: 0, day: 5 }, 1), false)
  assert.equal(within(wipes, 10, { tenMinutes: 1, day: 1 }, 1), false)
})

test('however it is cut into sends, no more goes than by one', () => {
  fc.assert(
    fc.property(
      budget,
      fc.nat(100_000),
      fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 }),
      (b, fleet, sends) => {
        let gone = 0
        for (const devices of sends) if (within(b, fleet, { tenMinutes: gone, day: gone }, devices)) gone += devices
        assert.ok(gone <= Math.min(b.tenMinutes, dayLimit(b, fleet)))
      },
    ),
  )
})

test('of several guards each number is as strict as in the strictest', () => {
  fc.assert(
    fc.property(guard, guard, fc.nat(10_000), number, fc.integer({ min: 1, max: 100 }), (a, b, fleet, day, devices) => {
      const both = strictest([a, b])
      for (const kind of ['wipes', 'removals'] as const)
        if (within(both[kind], fleet, { tenMinutes: day, day }, devices))
          for (const one of [a, b]) assert.ok(within(one[kind], fleet, { tenMinutes: day, day }, devices))
      assert.equal(both.settleHours, Math.max(a.settleHours, b.settleHours))
      assert.deepEqual(JSON.parse(JSON.stringify(strictest([a]))), JSON.parse(JSON.stringify(a)))
    }),
  )
})

test('what is declared destructive is a wipe, letting go is a removal, the rest is free', () => {
  assert.equal(guardedAs({ id: 'device.wipe', danger: 'destructive' }), 'wipe')
  assert.equal(guardedAs({ id: 'device.disenrol', danger: 'confirm' }), 'removal')
  assert.equal(guardedAs({ id: 'device.reboot', danger: 'confirm' }), undefined)
})

test('whatever happens in whatever order: it is decided once, and never approved by who asked', () => {
  const people = fc.constantFrom('user:ada', 'user:eve', 'client:ci')
  const step: fc.Arbitrary<ApprovalStep> = fc.oneof(
    fc.record({ to: fc.constantFrom('approved' as const, 'declined' as const, 'withdrawn' as const), by: people }),
    fc.constant({ to: 'expired' as const }),
  )
  fc.assert(
    fc.property(people, people, fc.array(step, { maxLength: 12 }), (actor, person, steps) => {
      let state: ApprovalState = 'waiting'
      let moves = 0
      for (const s of steps) {
        const refused = refusalOf({ state, actor, person }, s)
        if (refused === 'settled') assert.notEqual(state, 'waiting')
        if (refused !== undefined) continue
        if (s.to === 'approved') assert.ok(s.by !== actor && s.by !== person)
        state = s.to
        moves++
      }
      assert.ok(moves <= 1 && approvalStates.includes(state))
    }),
  )
})
