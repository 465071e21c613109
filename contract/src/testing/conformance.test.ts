/** The suite is worth something only if it fails: each planted fault is found, and the toys, which have none, pass. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { conformance } from './conformance.ts'
import { cloud } from './toys/cloud.ts'
import { pull } from './toys/pull.ts'
import { rounds } from './toys/rounds.ts'

for (const toy of [pull, cloud, rounds]) conformance(toy, undefined, { facts: { 'pull.supervised': true } })

const fixture = fileURLToPath(new URL('./broken.fixture.ts', import.meta.url))
/** A test process of its own, not told that it runs within another. */
function run(...args: string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return spawnSync(process.execPath, [fixture, ...args], { env, encoding: 'utf8' })
}

test('every planted fault is found', () => {
  const faults = JSON.parse(run().stdout) as string[]
  assert.ok(faults.length > 15)
  for (const fault of faults) {
    const { status, stdout, stderr } = run(fault)
    if (fault === 'none') assert.equal(status, 0, stdout + stderr)
    else assert.notEqual(status, 0, `${fault}: the suite passed it`)
    if (fault !== 'none') assert.match(stdout, /fail [1-9]/, `${fault}: ${stderr}`)
  }
})
