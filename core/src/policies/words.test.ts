import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillVariables, type Json, type Outcome, type Verdict, variablesOf } from '@muster/contract'
import fc from 'fast-check'
import { judged, leaseEnded, limits, type Row, reported, transitions } from './machine.ts'
import { settingStates } from './model.ts'
import { documentId, isSettingId, parseSettingId, settingId } from './wire-id.ts'

const reason = { code: 'x', text: 'X' }
const outcome = fc.constantFrom<Outcome>(
  { state: 'completed' },
  { state: 'failed', reason },
  { state: 'failed', reason: { code: 'not-applicable', text: 'No.' } },
  { state: 'acknowledged' },
  { state: 'deferred', reason },
  { state: 'again', kept: 1 },
  { state: 'returned', reason },
  { state: 'unreadable', reason },
)
const verdict = fc.constantFrom<Verdict>(
  { state: 'verified' },
  { state: 'drifted', reason },
  { state: 'failed', reason },
  { state: 'not-applicable', reason },
  { state: 'unknown', reason },
)
const anyRow = fc
  .record({
    state: fc.constantFrom(...settingStates),
    attempts: fc.integer({ min: 0, max: 6 }),
    agains: fc.integer({ min: 0, max: 17 }),
    unreadable: fc.integer({ min: 0, max: 3 }),
    lost: fc.integer({ min: 0, max: 5 }),
    stale: fc.boolean(),
    verb: fc.constantFrom('put' as const, 'drop' as const),
  })
  .map(
    (r): Row => ({
      feature: 'f',
      delivery: 1,
      hash: 'h',
      set: 1,
      reason: null,
      evidence: null,
      tries: 0,
      placed: true,
      ref: null,
      kept: null,
      due: true,
      leaseOver: false,
      ...r,
    }),
  )

test('reports and verdicts move only along the table', () => {
  fc.assert(
    fc.property(anyRow, outcome, verdict, (row, o, v) => {
      const steps = [reported(row, o), judged(row, v), ...(row.state === 'sent' ? [leaseEnded(row)] : [])]
      for (const step of steps) {
        if (step === undefined || step === 'same' || 'unmatched' in step) continue
        const to = step.row.state ?? row.state
        assert.ok(to === row.state || transitions[row.state].includes(to), `${row.state} -> ${to}`)
      }
    }),
  )
})

test('what was never sent cannot be answered, what is settled stays', () => {
  fc.assert(
    fc.property(anyRow, outcome, (row, o) => {
      const step = reported(row, o)
      if (row.state === 'pending' && row.attempts === 0) assert.deepEqual(step, { unmatched: 'unsent' })
      if (row.state === 'verified' || row.state === 'drifted' || row.state === 'failed')
        assert.ok(step === 'same' || 'unmatched' in step)
    }),
  )
})

test('what a device said of a setting that it refused stays when the setting is then not found on it', () => {
  const words = { code: 'device-error', text: 'MCInstallationErrorDomain 4001: it would not.' }
  const missing = { code: 'profile-missing', text: 'The profile is not there.' }
  const [any] = fc.sample(anyRow, { numRuns: 1, seed: 1 })
  const refused: Row = { ...(any as Row), verb: 'put', state: 'failed', reason: words }
  const found = judged(refused, { state: 'drifted', reason: missing, evidence: { installed: [] } })
  assert.deepEqual(found?.row, { state: 'failed', reason: words, evidence: { installed: [] } })
  assert.equal(
    judged({ ...refused, ...found?.row }, { state: 'drifted', reason: missing, evidence: { installed: [] } }),
    undefined,
  )
  const worse = { state: 'failed' as const, reason: { code: 'not-supervised', text: 'It is not supervised.' } }
  assert.deepEqual(judged(refused, worse)?.row.reason, worse.reason, 'a failure found out is news')
  assert.deepEqual(
    judged({ ...refused, reason: missing }, { state: 'drifted', reason: { ...missing, text: 'Gone.' } })?.row.reason
      ?.text,
    'Gone.',
  )
  assert.equal(judged(refused, { state: 'verified' })?.row.reason, null)
})

test('asking again, unreadable replies and lost answers have an end', () => {
  const row = (change: Partial<Row>): Row => ({
    ...(fc.sample(anyRow, { numRuns: 1, seed: 1 })[0] as Row),
    state: 'sent',
    verb: 'put',
    ...change,
  })
  const ends = (step: ReturnType<typeof reported>) => typeof step === 'object' && 'row' in step && step.row.state
  assert.equal(ends(reported(row({ agains: limits.agains - 1 }), { state: 'again', kept: 1 })), 'pending')
  assert.equal(ends(reported(row({ agains: limits.agains }), { state: 'again', kept: 1 })), 'failed')
  assert.equal(ends(reported(row({ unreadable: 1 }), { state: 'unreadable', reason })), 'pending')
  assert.equal(ends(reported(row({ unreadable: 2 }), { state: 'unreadable', reason })), 'failed')
  assert.equal(leaseEnded(row({ lost: 3 })).row.state, 'pending')
  assert.equal(leaseEnded(row({ lost: 4 })).row.state, 'failed')
})

test('wire ids survive the way there and back, and nothing else is read as one', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (channel, no) => {
      assert.deepEqual(parseSettingId(settingId(channel, no)), { kind: 'setting', channel, delivery: no })
      assert.deepEqual(parseSettingId(documentId(channel, no)), { kind: 'document', channel, set: no })
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const id = parseSettingId(text)
      assert.equal(isSettingId(text), id !== undefined)
      if (id)
        assert.equal(id.kind === 'setting' ? settingId(id.channel, id.delivery) : documentId(id.channel, id.set), text)
    }),
  )
  for (const bad of [
    '',
    's',
    's1',
    's1-',
    'o1-1',
    's01-1',
    'S1-1',
    's1-1 ',
    's-1-1',
    'szzzzzzzzzzz-1',
    `s${'z'.repeat(40)}-1`,
  ])
    assert.equal(parseSettingId(bad), undefined, bad)
})

test('variables are found, filled in and missed by name; keys and numbers are left alone', () => {
  const settings = { text: 'Hi {{user.name}}, {{ site }}!', list: ['{{site}}', 3], '{{key}}': true }
  assert.deepEqual(variablesOf(settings), ['site', 'user.name'])
  assert.deepEqual(fillVariables(settings, { site: '{{user.name}}', 'user.name': 'Ann', key: 'no' }), {
    settings: { text: 'Hi Ann, {{user.name}}!', list: ['{{user.name}}', 3], '{{key}}': true },
  })
  assert.deepEqual(fillVariables(settings, { site: 'x' }), { missing: ['user.name'] })
  assert.deepEqual(fillVariables({ a: '{{constructor}} {{toString}}' }, {}), { missing: ['constructor', 'toString'] })
  const part = fc.oneof(fc.constantFrom('{{a}}', '{{ b.c }}', '{{', '}}', '{{1}}'), fc.string({ maxLength: 4 }))
  const value = fc.letrec<{ v: Json }>((tie) => ({
    v: fc.oneof(
      fc.array(part, { maxLength: 4 }).map((p) => p.join('')),
      fc.boolean(),
      fc.array(tie('v'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('x', '{{a}}'), tie('v'), { noNullPrototype: true }),
    ) as fc.Arbitrary<Json>,
  })).v
  fc.assert(
    fc.property(value, (v) => {
      const names = variablesOf(v)
      const filled = fillVariables({ v }, Object.fromEntries(names.map((n) => [n, '-'])))
      assert.ok('settings' in filled)
      assert.deepEqual(fillVariables({ v }, {}), names.length > 0 ? { missing: names } : { settings: { v } })
    }),
  )
})
