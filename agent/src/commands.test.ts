import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { run } from './commands.ts'

test('output, exit code and input', async () => {
  const ran = await run('sh', ['-c', 'cat; echo err >&2; exit 3'], { input: 'hello' })
  assert.deepEqual(
    [ran.stdout, ran.stderr, ran.exitCode, ran.missing, ran.truncated],
    ['hello', 'err\n', 3, false, false],
  )
})
test('a program that is not there', async () => {
  assert.equal((await run('no-such-program-here', [])).missing, true)
})
test('output is bounded and NUL does not get through', async () => {
  const ran = await run('sh', ['-c', 'head -c 100000 /dev/zero'], { keep: 10 })
  assert.deepEqual([ran.stdout, ran.truncated], ['\u{fffd}'.repeat(10), true])
})
test('over its time it is ended with its children', async () => {
  // A busy machine may not have begun it after a third of a second.
  let child = 0
  for (const timeoutS of [0.3, 3, 20]) {
    const ran = await run('sh', ['-c', 'sleep 60 & echo $!; wait'], { timeoutS })
    assert.deepEqual([ran.timedOut, ran.exitCode], [true, null])
    child = Number(ran.stdout.trim())
    if (child > 0) break
  }
  assert.ok(child > 1)
  // Gone, or dead and waiting for its new parent to notice.
  const state = () =>
    fs.existsSync(`/proc/${child}/stat`) ? fs.readFileSync(`/proc/${child}/stat`, 'utf8').split(') ')[1]?.[0] : 'Z'
  for (const end = performance.now() + 20_000; state() !== 'Z' && performance.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(state(), 'Z')
})
test('children left behind do not hold the result up', async () => {
  const begun = performance.now()
  const ran = await run('sh', ['-c', 'sleep 60 & echo done'])
  assert.equal(ran.stdout, 'done\n')
  assert.ok(performance.now() - begun < 30_000)
})
