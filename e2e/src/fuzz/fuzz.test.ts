/** Hostile input: every parser with thousands of cases, every door over its sockets; and first, that the search finds what is truly broken. */
import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import { difference, digestOf } from './digest.ts'
import { specimens } from './parsers.ts'
import { runEndpoints } from './run-endpoints.ts'
import { runParsers } from './run-parsers.ts'
import { caseOf } from './specimen.ts'
import { openTarget, type Target } from './target.ts'

const registry = (file: string) => new URL(file, import.meta.url).href

test('a reader with a fault is found, whatever the fault, and a sound one is left alone', {
  timeout: 170_000,
}, async () => {
  const reports = await runParsers({
    registry: registry('./broken.fixture.ts'),
    cases: 4_000,
    seed: 1,
    patience: 3_000,
  })
  const why = Object.fromEntries(reports.map((r) => [r.name, r.found[0]?.why ?? '']))
  const expected: Record<string, RegExp> = {
    throws: /unforeseen/,
    hangs: /it never ended/,
    slow: /it cost/,
    hoards: /stayed in memory/,
    bursts: /the thread ended|it never ended/,
    'too-kind': /a known attack was taken/,
    'too-strict': /a true message was refused/,
    misled: /more than there may be/,
    sound: /^$/,
  }
  for (const [name, pattern] of Object.entries(expected)) assert.match(why[name] ?? 'it was not tried', pattern, name)
  assert.equal(reports.length, Object.keys(expected).length, 'what ended its thread did not end the others')
})

test('a case can be made again from its seed and number', () => {
  const [s] = specimens
  assert.ok(s)
  assert.deepEqual(caseOf(s, 7, 4711), caseOf(s, 7, 4711))
  assert.notDeepEqual(caseOf(s, 7, 4711), caseOf(s, 8, 4711))
})

test('every parser, 20,000 cases', { timeout: 600_000 }, async () => {
  const reports = await runParsers({ registry: registry('./parsers.ts'), cases: 20_000, seed: 1 })
  assert.equal(reports.length, specimens.length)
  for (const r of reports) {
    assert.deepEqual(r.found, [], r.name)
    assert.ok(r.taken > 0, `${r.name} took nothing: its corpus says nothing`)
  }
})

describe('every door', () => {
  let target: Target
  before(async () => {
    target = await openTarget()
  })
  after(() => target.close())

  it('the digest sees one changed row, and nothing where nothing changed', async () => {
    const before = await digestOf(target.db)
    assert.ok(before.tables.size > 30, `${before.tables.size} tables`)
    assert.deepEqual(difference(before, await digestOf(target.db)), [])
    await target.db.query({ text: `update muster.device_group set description = description || 'x'` })
    assert.deepEqual(difference(before, await digestOf(target.db)), ['muster.device_group'])
  })
  // In portions, each with its own time: a busy machine takes long over many small answers.
  for (const seed of [1, 2]) {
    it(`answers hostile requests with refusals that change nothing (${seed})`, { timeout: 175_000 }, async (test) => {
      const report = await runEndpoints({ cases: 250, batch: 250, seed }, target)
      assert.deepEqual(report.found, [])
      assert.equal(target.ended(), undefined)
      const { 0: silent = 0, 2: taken = 0, 4: refused = 0 } = report.answers
      test.diagnostic(JSON.stringify(report.answers))
      assert.ok(refused > silent, 'hardly anything was answered')
      assert.ok(taken > 0 && report.checked > 100, 'nothing came through to where it matters')
    })
  }
})
