import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { debianTree } from './testing/fixtures.ts'
import { createTree } from './tree.ts'
import { createWatcher } from './watch.ts'

function watched(t: TestContext, paths: string[], sweepMs = 60_000) {
  const root = debianTree(t)
  const watcher = createWatcher(createTree(root), paths, { sweepMs })
  t.after(() => watcher.close())
  let told = 0
  const subscribe = () => watcher.subscribe(() => (told += 1))
  const until = async (n: number) => {
    for (let i = 0; i < 1_000 && told < n; i += 1) await sleep(30)
    assert.equal(told, n)
  }
  return { root, subscribe, until, told: () => told }
}

test('a change where features look is told once it has settled', async (t) => {
  const { root, subscribe, until } = watched(t, ['/etc/issue', '/etc/ssh/sshd_config.d'])
  subscribe()
  for (let i = 0; i < 5; i += 1) fs.writeFileSync(path.join(root, 'etc/issue'), `changed ${i}`)
  await until(1)
  // A folder that comes later is watched from then on.
  fs.mkdirSync(path.join(root, 'etc/ssh/sshd_config.d'))
  await until(2)
  fs.writeFileSync(path.join(root, 'etc/ssh/sshd_config.d/x.conf'), 'x')
  await until(3)
})

test('what changed while nobody listened is told to the next who does, once', async (t) => {
  const { root, subscribe, until, told } = watched(t, ['/etc/issue'])
  subscribe()()
  fs.writeFileSync(path.join(root, 'etc/issue'), 'changed')
  await sleep(700)
  assert.equal(told(), 0)
  subscribe()()
  await sleep(20)
  assert.equal(told(), 0, 'gone again before it could be told')
  subscribe()
  await until(1)
  subscribe()
  await sleep(20)
  assert.equal(told(), 1)
})

test('whatever inotify tells, there is a look now and then', async (t) => {
  const { subscribe, until } = watched(t, ['/etc/issue'], 100)
  subscribe()
  await until(3)
})
