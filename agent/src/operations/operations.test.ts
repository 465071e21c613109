import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openOriginals } from '../features/index.ts'
import { openState } from '../state.ts'
import { debianTree, programs } from '../testing/fixtures.ts'
import { createTree } from '../tree.ts'
import { operations, type Surroundings } from './index.ts'
import { tone } from './ring.ts'
import { wipePrograms } from './wipe.ts'

type Answer = Parameters<typeof programs>[0]

function surroundings(t: TestContext, answer?: Answer, live = true) {
  const root = debianTree(t)
  const tree = { ...createTree(root), live }
  const folder = openState(tree.resolve('/var/lib/muster-agent'))
  const p = programs(answer)
  const left: NonNullable<Parameters<Surroundings['leave']>[0]>[] = []
  let refreshed = 0
  const s: Surroundings = {
    tree,
    folder,
    originals: openOriginals(tree, folder),
    run: p.run,
    refresh() {
      refreshed += 1
      return {}
    },
    leave: (how = {}) => left.push(how),
  }
  return { root, tree, ...p, s, left, refreshed: () => refreshed }
}
const run = async (id: string, params: unknown, s: Surroundings) => {
  const o = operations.get(id) ?? assert.fail(id)
  const result = await o.run(params, s)
  // What the agent answers is what the words promise.
  return o.words.result.parse(result)
}

test('a mounted tree answers not-applicable to all that needs a live machine, and runs nothing', async (t) => {
  const { s, lines } = surroundings(t, undefined, false)
  const needing: Record<string, unknown> = {
    'device.lock': {},
    'device.ring': {},
    'device.reboot': {},
    'device.shutdown': {},
    'device.locate': {},
    'device.wipe': {},
    'device.message': { text: 'x' },
    'package.install': { packages: ['htop'] },
    'package.remove': { packages: ['htop'] },
    'package.update': {},
    'logs.collect': {},
  }
  for (const [id, params] of Object.entries(needing))
    await assert.rejects(run(id, params, s), { code: 'not-applicable' }, id)
  assert.deepEqual(lines, [])
})

test('lock: sessions are counted and locked; without logind it is not applicable', async (t) => {
  const { s, lines } = surroundings(t, (line) =>
    line.includes('list') ? { stdout: ' 1 1000 anna seat0\n 3 1000 anna\n' } : {},
  )
  assert.deepEqual(await run('device.lock', {}, s), { sessions: 2 })
  assert.deepEqual(lines, ['loginctl list-sessions --no-legend', 'loginctl lock-sessions'])
  await assert.rejects(run('device.lock', {}, surroundings(t, () => ({ missing: true })).s), { code: 'not-applicable' })
})

test('ring: the loudspeaker, else the bell, else it is said; nothing is left behind', async (t) => {
  const heard = surroundings(t)
  assert.deepEqual(await run('device.ring', { seconds: 2 }, heard.s), { by: 'loudspeaker' })
  assert.match(heard.lines[0] ?? '', /^aplay -q .*tone\.wav$/)
  const bell = surroundings(t, (line) => (line.startsWith('aplay') ? { exitCode: 1 } : {}))
  assert.deepEqual(await run('device.ring', {}, bell.s), { by: 'bell' })
  const mute = surroundings(t, () => ({ missing: true }))
  await assert.rejects(run('device.ring', {}, mute.s), { code: 'not-applicable' })
  for (const s of [heard.s, bell.s, mute.s]) assert.deepEqual(fs.readdirSync(s.folder.at), [])
})

test('ring: a sound file that says of itself what it holds', () => {
  const wav = tone(3)
  assert.equal(wav.readUInt32LE(4), wav.length - 8)
  assert.equal(wav.readUInt32LE(40), 3 * wav.readUInt32LE(24))
  assert.equal(wav.length, 44 + wav.readUInt32LE(40))
})

test('restart and shut down: planned at least a minute ahead, words as one argument', async (t) => {
  const { s, lines } = surroundings(t)
  const { at } = (await run('device.reboot', { delayMinutes: 0, message: '$(x); y' }, s)) as { at: string }
  assert.ok(Date.parse(at) - Date.now() > 55_000)
  await run('device.shutdown', { delayMinutes: 5 }, s)
  assert.deepEqual(lines, ['shutdown -r +1 $(x); y', 'shutdown -P +5'])
})

test('locate: the last position that geoclue gave; without it, not applicable', async (t) => {
  const found =
    'New location:\nLatitude:    52.1\u00b0\nLongitude:   13.1\u00b0\nAccuracy:    900 meters\nNew location:\nLatitude:    52.52\u00b0\nLongitude:   -13.405\u00b0\nAccuracy:    25 meters\n'
  const { s, tree } = surroundings(t, () => ({ stdout: found }))
  await assert.rejects(run('device.locate', {}, s), { code: 'not-applicable' })
  tree.write('/usr/libexec/geoclue-2.0/demos/where-am-i', Buffer.from(''))
  const { at, ...rest } = (await run('device.locate', {}, s)) as { at: string }
  assert.deepEqual(rest, { latitude: 52.52, longitude: -13.405, accuracyM: 25, source: 'geoclue' })
  assert.ok(Number.isFinite(Date.parse(at)))
})

test('logs: the newest lines, oldest first, bounded; a mounted tree has its syslog', async (t) => {
  const { s, lines } = surroundings(t, () => ({ stdout: 'c\nb\na\n' }))
  assert.deepEqual(await run('logs.collect', { source: 'unit', unit: 'cron', lines: 2 }, s), {
    text: 'b\nc\n',
    lines: 2,
    truncated: true,
  })
  assert.equal(lines[0], 'journalctl --no-pager -q -r -o short-iso -n 2 --since -24h -u cron')
  const mounted = surroundings(t, undefined, false)
  mounted.tree.write('/var/log/syslog', Buffer.from(`${'x'.repeat(99)}\n`.repeat(5000)))
  const read = (await run('logs.collect', { lines: 5000 }, mounted.s)) as {
    text: string
    lines: number
    truncated: boolean
  }
  assert.ok(read.text.length <= 200_000 && read.lines > 1900 && read.truncated)
})

test('packages: names are words alone; what dpkg says afterwards counts', async (t) => {
  const answered: Answer = (line) => {
    if (/ install -- htop$/.test(line))
      s.tree.write('/var/lib/dpkg/status', Buffer.from('Package: htop\nStatus: install ok installed\nVersion: 3\n'))
    return line.endsWith('upgrade')
      ? { stdout: 'x\n7 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n' }
      : {}
  }
  const { s, tree, lines, refreshed } = surroundings(t, answered)
  tree.write('/usr/bin/apt-get', Buffer.from(''))
  for (const name of ['-o=x', 'a b', 'A', '../x', 'htop=1', 'htop/sid', 'x'.repeat(101), 'a*', ''])
    await assert.rejects(run('package.install', { packages: [name] }, s), { code: 'invalid-params' }, name)
  assert.deepEqual(lines, [])
  assert.deepEqual(await run('package.install', { packages: ['htop'] }, s), {
    packages: [{ name: 'htop', version: '3' }],
    changed: true,
  })
  assert.deepEqual(await run('package.install', { packages: ['htop'] }, s), {
    packages: [{ name: 'htop', version: '3' }],
    changed: false,
  })
  await assert.rejects(run('package.remove', { packages: ['htop'] }, s), { code: 'apt-failed' })
  assert.deepEqual(await run('package.update', {}, s), { upgraded: 7, rebootNeeded: false })
  assert.equal(refreshed(), 3)
})

test('packages: a package that no source has, and a manager that is busy', async (t) => {
  const unknown = surroundings(t, (line) =>
    line.includes(' install ') ? { exitCode: 100, stderr: 'E: Unable to locate package nope' } : {},
  )
  unknown.tree.write('/usr/bin/apt-get', Buffer.from(''))
  await assert.rejects(run('package.install', { packages: ['nope'] }, unknown.s), {
    code: 'unknown-package',
    message: /nope/,
  })
  const busy = surroundings(t, () => ({ exitCode: 100, stderr: 'E: Could not get lock /var/lib/dpkg/lock-frontend' }))
  busy.tree.write('/usr/bin/apt-get', Buffer.from(''))
  await assert.rejects(run('package.install', { packages: ['x1'] }, busy.s), {
    code: 'package-manager-locked',
    name: 'Deferred',
  })
})

test('wipe: never without programs of the administrator, never on a personal device, only what root alone could have put there', async (t) => {
  const { s, tree, root, left, lines } = surroundings(t)
  await assert.rejects(run('device.wipe', {}, s), { code: 'not-applicable', message: /wipe\.d/ })
  tree.write('/etc/muster-agent/wipe.d/10-erase', Buffer.from('#!/bin/sh\n'), { mode: 0o700 })
  tree.write('/etc/muster-agent/wipe.d/20-notes.txt', Buffer.from('not a program\n'), { mode: 0o600 })
  if (process.getuid?.() === 0) {
    assert.deepEqual(await run('device.wipe', {}, s), { begins: true })
    assert.deepEqual(lines, [], 'nothing is erased before the server has the result')
    await left[0]?.last?.()
    assert.deepEqual(lines, ['/etc/muster-agent/wipe.d/10-erase wipe'])
  }
  s.folder.write({
    version: 1,
    link: { server: 'http://x' },
    step: 'done',
    readOnly: false,
    sequence: 0,
    ownership: 'byod',
  })
  await assert.rejects(run('device.wipe', {}, s), { code: 'wipe-byod' })
  fs.chmodSync(path.join(root, 'etc/muster-agent/wipe.d/10-erase'), 0o777)
  assert.throws(() => wipePrograms(tree), { code: 'wipe-hook-unsafe' })
})
