/** The table of transitions, every state with every word a device can say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '@muster/contract'
import fc from 'fast-check'
import { bounds, finalStates, type OpenRow, onReport, openStates } from './transitions.ts'

const reason = { code: 'x', text: 'x' }
const words: Record<Outcome['state'], Outcome> = {
  completed: { state: 'completed', result: 1 },
  failed: { state: 'failed', reason },
  acknowledged: { state: 'acknowledged' },
  deferred: { state: 'deferred', reason },
  again: { state: 'again', kept: 'k' },
  returned: { state: 'returned', reason },
  unreadable: { state: 'unreadable', reason },
}
const row = (o: Partial<OpenRow>): OpenRow => ({
  state: 'sent',
  attempts: 1,
  agains: 0,
  unreadable: 0,
  cancelling: false,
  ...o,
})
const next = (r: OpenRow, said: Outcome) => {
  const step = onReport(r, said)
  return 'state' in step ? step.state : step.kind
}
const all = (o: Partial<OpenRow>) =>
  Object.fromEntries(Object.entries(words).map(([word, said]) => [word, next(row(o), said)]))

test('what was never handed over cannot be reported on', () => {
  for (const state of openStates)
    for (const said of Object.values(words))
      assert.deepEqual(onReport(row({ state, attempts: 0 }), said), { kind: 'unmatched', why: 'unsent' })
})

test('sent, and pending or put off after it was sent: the device’s word', () => {
  const table = {
    completed: 'completed',
    failed: 'failed',
    acknowledged: 'acknowledged',
    deferred: 'deferred',
    again: 'pending',
    returned: 'pending',
  }
  assert.deepEqual(all({ state: 'sent' }), { ...table, unreadable: 'sent' })
  assert.deepEqual(all({ state: 'pending' }), { ...table, unreadable: 'pending' })
  assert.deepEqual(all({ state: 'deferred' }), { ...table, unreadable: 'deferred' })
})

test('acknowledged ends by a result alone; nothing hands it over again', () => {
  assert.deepEqual(all({ state: 'acknowledged' }), {
    completed: 'completed',
    failed: 'failed',
    acknowledged: 'acknowledged',
    deferred: 'unchanged',
    again: 'unchanged',
    returned: 'unchanged',
    unreadable: 'acknowledged',
  })
})

test('what is being cancelled ends by a result, or as cancelled where it would have gone out again', () => {
  for (const state of ['sent', 'acknowledged'] as const) {
    assert.deepEqual(all({ state, cancelling: true }), {
      completed: 'completed',
      failed: 'failed',
      acknowledged: 'acknowledged',
      deferred: 'cancelled',
      again: 'cancelled',
      returned: 'cancelled',
      unreadable: state,
    })
  }
})

test('counts: returned and again take the attempt back, again and unreadable have an end', () => {
  assert.deepEqual(onReport(row({ attempts: 3 }), words.returned), {
    kind: 'keep',
    state: 'pending',
    attempts: 2,
    agains: 0,
    unreadable: 0,
    dueInS: bounds.returnedS,
    reason,
  })
  assert.deepEqual(onReport(row({ attempts: 3, agains: 15 }), words.again), {
    kind: 'keep',
    state: 'pending',
    attempts: 2,
    agains: 16,
    unreadable: 0,
    kept: 'k',
  })
  assert.equal(next(row({ agains: 16 }), words.again), 'failed')
  assert.equal(next(row({ unreadable: 1 }), words.unreadable), 'sent')
  assert.equal(next(row({ unreadable: 2 }), words.unreadable), 'failed')
})

test('a device names its own time, within reason', () => {
  const dueIn = (retryAfterS?: number) => {
    const step = onReport(row({}), { state: 'deferred', reason, retryAfterS })
    return step.kind === 'keep' ? step.dueInS : undefined
  }
  assert.deepEqual(
    [dueIn(), dueIn(5), dueIn(0), dueIn(-9), dueIn(1e300), dueIn(Number.NaN), dueIn(Number.POSITIVE_INFINITY)],
    [bounds.deferS, 5, 0, 0, bounds.longestS, bounds.deferS, bounds.deferS],
  )
})

test('whatever is said in whatever order: counts stay within bounds, and a row that was settled is heard of no more', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...Object.values(words)), { maxLength: 80 }),
      fc.boolean(),
      (said, cancelling) => {
        let r = row({ cancelling })
        for (const s of said) {
          const step = onReport(r, s)
          if (step.kind === 'settle') {
            assert.ok((finalStates as readonly string[]).includes(step.state))
            return
          }
          if (step.kind === 'keep')
            r = { ...r, state: step.state, attempts: step.attempts, agains: step.agains, unreadable: step.unreadable }
          // Each second attempt is a redelivery: the row is taken again.
          if (r.state === 'pending' || r.state === 'deferred') r = { ...r, state: 'sent', attempts: r.attempts + 1 }
          assert.ok(r.agains <= bounds.agains && r.unreadable < bounds.unreadable && r.attempts >= 0)
          assert.ok((openStates as readonly string[]).includes(r.state))
        }
      },
    ),
  )
})
