/** Errors of Google's are sorted by what has to be done, whatever the answer looks like. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '@muster/contract'
import fc from 'fast-check'
import { errorOf } from './errors.ts'
import { deviceFacts } from './facts.ts'
import { readMessage } from './notifications.ts'

const google = (code: number, status: string, more: object = {}): Json => ({
  error: { code, status, message: `It is ${status}.`, ...more } as Json,
})

test('by status, and by the words where a status says too little', () => {
  const kinds = [
    [400, 'INVALID_ARGUMENT', 'refused'],
    [401, 'UNAUTHENTICATED', 'access'],
    [403, 'PERMISSION_DENIED', 'access'],
    [404, 'NOT_FOUND', 'missing'],
    [409, 'ABORTED', 'conflict'],
    [429, 'RESOURCE_EXHAUSTED', 'quota'],
    [500, 'INTERNAL', 'away'],
    [503, 'UNAVAILABLE', 'away'],
  ] as const
  for (const [code, status, kind] of kinds) assert.equal(errorOf(code, google(code, status), null).kind, kind)
  assert.equal(errorOf(403, google(403, 'x', { errors: [{ reason: 'rateLimitExceeded' }] }), null).kind, 'quota')
})

test('the field is named', () => {
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ field: 'policy.passwordPolicies', description: 'is too long' }],
    },
  ]
  const e = errorOf(400, google(400, 'INVALID_ARGUMENT', { details }), null)
  assert.deepEqual(e.fields, ['policy.passwordPolicies'])
  assert.match(e.reason.text, /policy\.passwordPolicies: is too long/)
  assert.equal(e.reason.code, 'google-refused')
})

test('how long to wait, from the header or the details', () => {
  assert.equal(errorOf(429, null, '7').retryAfterS, 7)
  const details = [{ retryDelay: '3.5s' }]
  assert.equal(errorOf(429, google(429, 'x', { details }), null).retryAfterS, 3.5)
  assert.equal(errorOf(503, null, 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterS, undefined)
})

test('anything may come back, and nothing of it throws', () => {
  const any = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<Json>
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 599 }), any, (status, body) => {
      const e = errorOf(status, body, null)
      assert.match(e.reason.code, /^google-[a-z]+$/)
      assert.ok(e.reason.text.length <= 1000)
    }),
  )
})

const parts = [
  'hardwareInfo',
  'softwareInfo',
  'networkInfo',
  'nonComplianceDetails',
  'applicationReports',
  'securityPosture',
]
test('whatever a device is said to be becomes facts, bounded and plain', () => {
  // JSON writes -0 as 0.
  const any = fc.jsonValue({ maxDepth: 4 }).filter((v) => !Object.is(v, -0)) as fc.Arbitrary<Json>
  const device = fc.dictionary(fc.oneof(fc.constantFrom(...parts, 'name', 'state', 'apiLevel'), fc.string()), any)
  fc.assert(
    fc.property(device, (d) => {
      const facts = deviceFacts(d, { name: 'x', version: 1 })
      assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts)
      for (const value of Object.values(facts)) if (typeof value === 'string') assert.ok(value.length <= 1000)
    }),
  )
})

test('messages that are none are passed over', () => {
  const any = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>
  fc.assert(
    fc.property(any, any, fc.string(), (message, data, text) => {
      readMessage(message)
      readMessage({ attributes: { notificationType: 'COMMAND' }, data })
      const told = readMessage({ attributes: { notificationType: 'COMMAND' }, data: text })
      assert.ok(told === undefined || told.type === 'COMMAND')
    }),
  )
})
