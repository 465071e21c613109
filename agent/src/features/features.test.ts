import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  linuxAutomaticUpdates,
  linuxBanner,
  linuxCamera,
  linuxCertificates,
  linuxFirewall,
  linuxScreenLock,
  linuxSsh,
  linuxSudoers,
  linuxSysctl,
  linuxUsbStorage,
  linuxWifi,
  linuxWireguard,
  passcode,
} from '@muster/contract'
import fc from 'fast-check'
import type { Run } from '../commands.ts'
import { openState } from '../state.ts'
import { debianFiles, debianTree, noPrograms, snapshot } from '../testing/fixtures.ts'
import { createTree } from '../tree.ts'
import { evidence, features, openOriginals } from './index.ts'

function machineOf(t: TestContext) {
  const root = debianTree(t)
  const tree = createTree(root)
  const originals = openOriginals(tree, openState(tree.resolve('/var/lib/muster-agent')))
  return { root, tree, originals, run: noPrograms }
}
const feature = (id: string) => {
  const found = features.get(id)
  assert.ok(found, id)
  return found
}
const state = ['/var/lib/muster-agent']

const written = [
  linuxBanner,
  linuxSsh,
  passcode,
  linuxAutomaticUpdates,
  linuxFirewall,
  linuxUsbStorage,
  linuxCamera,
  linuxSudoers,
  linuxWifi,
  linuxWireguard,
  linuxCertificates,
  linuxSysctl,
  linuxScreenLock,
]
for (const descriptor of written) {
  test(`${descriptor.id}: put, put again, tampered with, dropped: all as before`, async (t) => {
    const m = machineOf(t)
    const f = feature(descriptor.id)
    const before = snapshot(m.root, state)
    const untouched = f.check(m.tree, m.originals)
    for (const settings of descriptor.examples) {
      const { files } = await f.put(m, settings)
      assert.ok(files.length > 0)
      const put = snapshot(m.root, state)
      const good = f.check(m.tree, m.originals)
      assert.notDeepEqual(good, untouched)
      assert.deepEqual((await f.put(m, settings)).files, [])
      for (const file of files) fs.rmSync(m.tree.resolve(file, false), { force: true })
      assert.notDeepEqual(f.check(m.tree, m.originals), good)
      await f.put(m, settings)
      assert.deepEqual(f.check(m.tree, m.originals), good)
      assert.ok(m.originals.placed(f.id))
      assert.deepEqual(Object.keys(snapshot(m.root, state)).sort(), Object.keys(put).sort())
    }
    await f.drop(m)
    assert.deepEqual(f.check(m.tree, m.originals), untouched)
    const after = snapshot(m.root, state)
    // What somebody deleted by hand meanwhile is given back, too.
    assert.deepEqual(after, before)
    assert.ok(!m.originals.placed(f.id))
    assert.deepEqual((await f.drop(m)).files, [])
  })
  test(`${descriptor.id}: settings that do not fit are refused and change nothing`, async (t) => {
    const m = machineOf(t)
    const before = snapshot(m.root, state)
    for (const settings of [
      null,
      7,
      { text: 'x\u001b[2J' },
      { text: '\\n' },
      { unknown: 1 },
      { minLength: '8' },
      { maxAuthTries: 999 },
      {},
    ]) {
      if (descriptor.settings.safeParse(settings).success) continue
      await assert.rejects(feature(descriptor.id).put(m, settings), { code: 'invalid-settings' })
    }
    assert.deepEqual(snapshot(m.root, state), before)
  })
}

test('the banner stands where it was asked for; a place no longer asked for is given back', async (t) => {
  const m = machineOf(t)
  const banner = feature('linux.banner')
  await banner.put(m, { text: 'Authorised use only.', where: ['console', 'motd'] })
  assert.equal(m.tree.text('/etc/issue'), 'Authorised use only.\n')
  assert.equal(m.tree.text('/etc/issue.net'), debianFiles['/etc/issue.net'])
  await banner.put(m, { text: 'Second.', where: ['network'] })
  assert.equal(m.tree.text('/etc/issue'), debianFiles['/etc/issue'])
  assert.equal(m.tree.text('/etc/motd'), debianFiles['/etc/motd'])
  assert.equal(m.tree.text('/etc/issue.net'), 'Second.\n')
})

test('a link in the place of a managed file is replaced and given back', async (t) => {
  const m = machineOf(t)
  fs.rmSync(path.join(m.root, 'etc/motd'))
  fs.mkdirSync(path.join(m.root, 'run'))
  fs.symlinkSync('/run/motd', path.join(m.root, 'etc/motd'))
  const before = snapshot(m.root, state)
  await feature('linux.banner').put(m, { text: 'X', where: ['motd'] })
  assert.equal(fs.readFileSync(path.join(m.root, 'etc/motd'), 'utf8'), 'X\n')
  await feature('linux.banner').drop(m)
  assert.deepEqual(snapshot(m.root, state), before)
})

test('ssh: the drop-in wins, is found out when another is read first, and Match blocks are told', async (t) => {
  const m = machineOf(t)
  const ssh = feature('linux.ssh')
  assert.deepEqual(values(ssh.check(m.tree, m.originals)), {
    permitRootLogin: 'prohibit-password',
    passwordAuthentication: true,
    permitEmptyPasswords: false,
    maxAuthTries: 6,
    loginGraceTimeS: 120,
    clientAliveIntervalS: 0,
    x11Forwarding: true,
    allowTcpForwarding: true,
    banner: false,
  })
  await ssh.put(m, { permitRootLogin: 'no', x11Forwarding: false, loginGraceTimeS: 60, banner: true })
  const found = values(ssh.check(m.tree, m.originals))
  assert.deepEqual(
    [found.permitRootLogin, found.x11Forwarding, found.loginGraceTimeS, found.banner],
    ['no', false, 60, true],
  )
  m.tree.write(
    '/etc/ssh/sshd_config.d/00-aaa.conf',
    Buffer.from('PermitRootLogin "yes" # mine\nLoginGraceTime=1m30s\n'),
  )
  m.tree.write(
    '/etc/ssh/sshd_config',
    Buffer.from(`${m.tree.text('/etc/ssh/sshd_config')}Match User anna\n  X11Forwarding yes\n`),
  )
  const again = ssh.check(m.tree, m.originals)
  assert.equal(values(again).permitRootLogin, 'yes')
  assert.equal(values(again).loginGraceTimeS, 90)
  assert.deepEqual(again.matched, ['x11Forwarding'])
})

test('ssh: without an include of the drop-ins one is put first, and taken back with later edits kept', async (t) => {
  const m = machineOf(t)
  m.tree.write('/etc/ssh/sshd_config', Buffer.from('PermitRootLogin yes\n'))
  const ssh = feature('linux.ssh')
  await ssh.put(m, { permitRootLogin: 'no' })
  assert.equal(values(ssh.check(m.tree, m.originals)).permitRootLogin, 'no')
  m.tree.write('/etc/ssh/sshd_config', Buffer.from(`${m.tree.text('/etc/ssh/sshd_config')}Port 2222\n`))
  await ssh.drop(m)
  assert.equal(m.tree.text('/etc/ssh/sshd_config'), 'PermitRootLogin yes\nPort 2222\n')
  assert.equal(m.tree.entry('/etc/ssh/sshd_config.d/00-muster.conf').kind, 'absent')
})

test('ssh: nothing to manage is said as such', async (t) => {
  const m = machineOf(t)
  m.tree.remove('/etc/ssh/sshd_config')
  await assert.rejects(feature('linux.ssh').put(m, { permitRootLogin: 'no' }), { code: 'not-applicable' })
  assert.equal(feature('linux.ssh').check(m.tree, m.originals).applicable, false)
})

test('ssh: what a live sshd refuses is taken back to what was in force before', async (t) => {
  const m = machineOf(t)
  const programs: string[] = []
  let bad = false
  const run: Run = async (program, args) => {
    programs.push([program, ...args].join(' '))
    return {
      exitCode: bad ? 255 : 0,
      stdout: '',
      stderr: bad ? 'Bad configuration option' : '',
      truncated: false,
      timedOut: false,
      missing: false,
      durationMs: 1,
    }
  }
  const live = { ...m, run, tree: { ...m.tree, live: true } }
  const ssh = feature('linux.ssh')
  await ssh.put(live, { permitRootLogin: 'no' })
  const good = snapshot(m.root, state)
  bad = true
  await assert.rejects(ssh.put(live, { permitRootLogin: 'yes' }), {
    code: 'invalid-config',
    message: /Bad configuration option/,
  })
  assert.deepEqual(snapshot(m.root, state), good)
  bad = false
  await ssh.drop(live)
  await assert.rejects(async () => {
    bad = true
    await ssh.put(live, { maxAuthTries: 3 })
  })
  assert.equal(m.tree.entry('/etc/ssh/sshd_config.d/00-muster.conf').kind, 'absent')
  assert.ok(programs.every((p) => p === '/usr/sbin/sshd -t'))
})

test('passcode: all files say it, comments stay comments, and what PAM asks is told', async (t) => {
  const m = machineOf(t)
  const f = feature('passcode')
  await f.put(m, { minLength: 12, minClasses: 3, maxAgeDays: 90, history: 5, maxFailedAttempts: 5 })
  assert.deepEqual(f.check(m.tree, m.originals), {
    values: { minLength: 12, minClasses: 3, maxAgeDays: 90, history: 5, maxFailedAttempts: 5 },
    pam: { quality: true, history: true, lock: true },
  })
  assert.match(m.tree.text('/etc/login.defs') ?? '', /#muster# PASS_MAX_DAYS\t99999/)
  m.tree.write('/etc/security/pwquality.conf', Buffer.from('minlen = 4\n'))
  assert.equal(values(f.check(m.tree, m.originals)).minLength, 4)
  m.tree.write('/etc/pam.d/common-password', Buffer.from('#password requisite pam_pwquality.so\n'))
  assert.deepEqual(f.check(m.tree, m.originals).pam, { quality: false, history: false, lock: true })
})

test('a rule that is no longer demanded gives its file back', async (t) => {
  const m = machineOf(t)
  const f = feature('passcode')
  await f.put(m, { minLength: 12, history: 5, maxFailedAttempts: 5 })
  await f.put(m, { minLength: 12 })
  assert.equal(m.tree.entry('/etc/security/pwhistory.conf').kind, 'absent')
  assert.equal(m.tree.text('/etc/security/faillock.conf'), debianFiles['/etc/security/faillock.conf'])
})

test('any order of puts and drops ends where it began', async (t) => {
  const m = machineOf(t)
  const before = snapshot(m.root, state)
  const act = fc.record({
    id: fc.constantFrom('linux.banner', 'linux.ssh', 'passcode'),
    n: fc.integer({ min: 4, max: 20 }),
    drop: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 6 }), async (acts) => {
      for (const { id, n, drop } of acts) {
        const settings = {
          'linux.banner': { text: `Banner ${n}` },
          'linux.ssh': { maxAuthTries: n },
          passcode: { minLength: n, history: n % 3 },
        }[id]
        await (drop ? feature(id).drop(m) : feature(id).put(m, settings))
      }
      for (const f of features.values()) await f.drop(m)
      assert.deepEqual(snapshot(m.root, state), before)
    }),
    { numRuns: 40 },
  )
})

test('evidence names every feature, also on an empty tree', (t) => {
  const m = machineOf(t)
  const named = Object.keys(evidence(m.tree, m.originals))
  assert.deepEqual(named.sort(), [...written.map((d) => `managed.${d.id}`), 'managed.linux.packages'].sort())
})

function values(found: Record<string, unknown>): Record<string, unknown> {
  return found.values as Record<string, unknown>
}
