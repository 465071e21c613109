import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { takeLock } from './lock.ts'
import { fakeServer, testCode } from './testing/fake-server.ts'
import { debianTree, snapshot, temporary } from './testing/fixtures.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

function agent(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (c) => {
      out += c
    })
    child.stderr.on('data', (c) => {
      err += c
    })
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

test('enroll, run --once, status, leave: by the command alone', async (t) => {
  const server = await fakeServer(t)
  const root = debianTree(t)
  const before = snapshot(root)
  const enrolArgs = ['enroll', '--server', server.url, '--code', testCode, '--root', root]
  const asked = await agent(enrolArgs)
  assert.deepEqual([asked.code, /step "licence" \(licence-not-accepted\)/.test(asked.err)], [1, true], asked.err)
  const enrolled = await agent([...enrolArgs, '--yes'])
  assert.equal(enrolled.code, 0, enrolled.err)
  assert.match(enrolled.out, /done {7}device device-1/)
  server.deliver('put', 'linux.banner', { text: 'Hello.' })
  assert.equal((await agent(['run', '--once', '--root', root])).code, 0)
  assert.equal(fs.readFileSync(path.join(root, 'etc/issue'), 'utf8'), 'Hello.\n')
  const status = JSON.parse((await agent(['status', '--json', '--root', root])).out)
  assert.deepEqual(
    [status.enrolled, status.device, status.managed, status.running],
    [true, 'device-1', ['linux.banner'], null],
  )
  const left = await agent(['leave', '--root', root])
  assert.equal(left.code, 0, left.err)
  assert.equal(server.farewell, 'left by muster-agent leave')
  const after = snapshot(root)
  for (const made of ['/var/lib/muster-agent']) delete after[made]
  assert.deepEqual(after, before)
})

test('wrong code, wrong address, wrong words', async (t) => {
  const server = await fakeServer(t)
  const root = temporary(t)
  const wrong = await agent(['enroll', '--server', server.url, '--code', 'WRONG', '--root', root, '--yes'])
  assert.deepEqual([wrong.code, /step "code" \(invitation-unknown\)/.test(wrong.err)], [1, true], wrong.err)
  assert.equal((await agent(['enroll', '--server', 'nonsense', '--code', 'X', '--root', root])).code, 1)
  assert.notEqual((await agent(['enroll', '--root', root])).code, 0)
  const run = await agent(['run', '--once', '--root', root])
  assert.deepEqual([run.code, /not enrolled/.test(run.err)], [1, true])
  const absent = await agent(['status', '--root', path.join(root, 'absent')])
  assert.deepEqual([absent.code, absent.err.split('\n').length], [1, 2])
})

test('one agent at a time on a folder; a lock left by a crash is no obstacle', async (t) => {
  const at = temporary(t)
  const release = takeLock(at)
  assert.throws(() => takeLock(at), { pid: process.pid })
  const other = await agent(['run', '--once'], { MUSTER_AGENT_STATE: at })
  assert.deepEqual([other.code, /Another agent/.test(other.err)], [1, true], other.err)
  release()
  for (const left of ['999999999 1', `${process.pid} 1`, '', 'nonsense']) {
    fs.writeFileSync(path.join(at, 'agent.lock'), `${left}\n`)
    takeLock(at)()
  }
})
