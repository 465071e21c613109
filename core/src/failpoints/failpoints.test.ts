/** Failpoints in processes of their own: nothing without the variable, and each action where it was asked for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { failing, failpointNames } from './failpoints.ts'
import { parseFailpoints } from './spec.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-failpoints-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const script = `
const { failing, failpoint } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
console.log('on', failing)
for (const n of [1, 2, 3]) {
  try { if (failing) await failpoint('operation.turn/after-commit'); console.log('passed', n) } catch (e) { console.log('threw', n) }
}`
let runs = 0
function run(spec: string | undefined) {
  const journal = join(folder, `journal-${runs++}`)
  const { MUSTER_FAILPOINTS: _, ...env } = process.env
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...env, MUSTER_FAILPOINTS_JOURNAL: journal, ...(spec === undefined ? {} : { MUSTER_FAILPOINTS: spec }) },
    encoding: 'utf8',
  })
  const lines = spec === undefined ? [] : readFileSync(journal, 'utf8').trim().split('\n')
  return { signal: child.signal, said: child.stdout.trim().split('\n'), lines }
}

test('without the variable there are none', () => {
  assert.equal(failing, false)
  assert.deepEqual(run(undefined).said, ['on false', 'passed 1', 'passed 2', 'passed 3'])
})

test('a kill ends the process at the time asked for, and the journal says where', () => {
  const { signal, said, lines } = run('operation.turn/after-commit=kill@2')
  assert.deepEqual([signal, said], ['SIGKILL', ['on true', 'passed 1']])
  assert.deepEqual(lines, ['reached operation.turn/after-commit', 'kill operation.turn/after-commit'])
})

test('a throw fails what it stands in; a delay lets it pass; an empty list only keeps the journal', () => {
  assert.deepEqual(run('operation.turn/after-commit=throw@3').said, ['on true', 'passed 1', 'passed 2', 'threw 3'])
  assert.deepEqual(run('operation.turn/after-commit=delay:5').said, ['on true', 'passed 1', 'passed 2', 'passed 3'])
  assert.deepEqual(run('').lines, ['reached operation.turn/after-commit'])
})

test('what is no failpoint is refused', () => {
  for (const text of ['x', 'x=die', 'x=kill@0', 'x=delay', 'x=delay:-1', '=kill', 'a b=kill'])
    assert.throws(() => parseFailpoints(text), /MUSTER_FAILPOINTS/, text)
  assert.deepEqual(parseFailpoints(' a/b=throw , c=delay:7@2,'), [
    { name: 'a/b', action: 'throw', delayMs: 0 },
    { name: 'c', action: 'delay', delayMs: 7, time: 2 },
  ])
  assert.equal(new Set(failpointNames).size, failpointNames.length)
})
