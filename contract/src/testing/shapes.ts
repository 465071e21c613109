/** What an outcome and a verdict must look like, whatever a device said. */
import assert from 'node:assert/strict'
import type { Json, Outcome, Verdict } from '../index.ts'

const states = ['completed', 'failed', 'acknowledged', 'deferred', 'again', 'returned', 'unreadable']
const reasoned = ['failed', 'deferred', 'returned', 'unreadable']
const verdicts = ['verified', 'drifted', 'failed', 'not-applicable', 'unknown']

export function assertOutcome(o: Outcome): void {
  assert.ok(states.includes(o.state), `not a state of an outcome: ${JSON.stringify(o)}`)
  if (reasoned.includes(o.state)) assertReason(o)
  if (o.state === 'again') assert.notEqual(o.kept, undefined, 'again without what is kept')
  if (o.state === 'deferred' && o.retryAfterS !== undefined) assert.equal(typeof o.retryAfterS, 'number')
  assertJson(o)
}

export function assertVerdict(v: Verdict): void {
  assert.ok(verdicts.includes(v.state), `not a state of a verdict: ${JSON.stringify(v)}`)
  if (v.state !== 'verified') assertReason(v)
  assertJson(v)
}

function assertReason(o: object): void {
  const reason = 'reason' in o ? o.reason : undefined
  assert.ok(
    typeof reason === 'object' && reason !== null && 'code' in reason && 'text' in reason,
    `without a reason: ${JSON.stringify(o)}`,
  )
  assert.match(String(reason.code), /^[a-z][a-z0-9-]*$/, 'a reason has a code in lower case with dashes')
  assert.equal(typeof reason.text, 'string')
}

/** Nothing but what survives being written down. */
function assertJson(value: unknown): void {
  const plain = JSON.parse(JSON.stringify(value)) as Json
  assert.deepEqual(plain, JSON.parse(JSON.stringify(plain)))
}

/** So that a function that writes to what it was given is found out. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const v of Object.values(value)) frozen(v)
  }
  return value
}
