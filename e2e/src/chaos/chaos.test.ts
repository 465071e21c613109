/** A short run of the whole: faults of many kinds, and nothing violated. Longer ones: `npm run chaos -- --minutes 30`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runChaos } from './run.ts'

test('an installation that is killed again and again loses, repeats and invents nothing', {
  timeout: 600_000,
}, async () => {
  const least = { acknowledgements: 10, kills: 6, kinds: 5, failpoints: 30 }
  const report = await runChaos({ seed: 'ci', minutes: 0.2, least, devices: 6, tell: () => undefined })
  assert.deepEqual(report.first, [], JSON.stringify(report))
  assert.equal(report.violations, 0)
  assert.ok(
    report.kills >= least.kills && Object.keys(report.byKind).length >= least.kinds,
    JSON.stringify(report.byKind),
  )
  assert.ok(report.failpointsReached >= least.failpoints, `${report.failpointsReached} failpoints`)
  assert.ok(report.executed > 0 && report.acknowledged > 0 && report.events > 0, JSON.stringify(report))
})
