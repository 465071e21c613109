/**
 * The packaged agent inside a real Debian: its own dpkg installs it, it enrols there as on a machine, and apt does for real what policies and
 * operations ask for. What would reach beyond the tree (kernel, services, power) is not asked of it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Installation, install } from './installation.ts'
import { agentMain, type DeviceUnderTest, deviceUnderTest, invite, publish } from './linux-device.ts'
import { installedIn, inTree, makeRealTree, making, offered } from './linux-tree.ts'
import { runToEnd, until } from './processes.ts'

const builder = join(dirname(agentMain), '../packaging/build.ts')

const changeRoot = '/usr/sbin/chroot'

/** A program of the tree that stays; ended with the journey whatever happens. */
function keepInTree(root: string, program: string, ...args: string[]) {
  const child: ChildProcess = spawn(changeRoot, [root, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void ended.then(() => process.off('exit', kill))
  return {
    child,
    ended,
    output: () => output,
    async stop(): Promise<number | null> {
      if (child.exitCode === null) child.kill('SIGTERM')
      const timer = setTimeout(kill, 15_000)
      return ended.finally(() => clearTimeout(timer))
    },
  }
}

export function packagedAgentInside(): void {
  describe('linux: the packaged agent inside a real Debian tree', { timeout: 300_000 }, () => {
    let muster: Installation
    let root: string
    let agent: ReturnType<typeof keepInTree> | undefined
    let device: DeviceUnderTest
    let policy: string
    const installed = async (name: string) => (await installedIn(root)).some((p) => p.name === name)

    before(async () => {
      root = await mkdtemp(join(tmpdir(), 'muster-inside-'))
      // Where one of them fails, the other one is still to be cleared away.
      const made = await Promise.allSettled([install().then((m) => (muster = m)), makeRealTree(root)])
      for (const m of made) if (m.status === 'rejected') throw m.reason
    }, making)
    after(async () => {
      await agent?.stop()
      await muster?.close()
      if (root) await rm(root, { recursive: true, force: true })
    })

    it('is installed by dpkg, with what it depends on', async () => {
      const packages = await mkdtemp(join(tmpdir(), 'muster-package-'))
      try {
        await runToEnd(builder, ['--arch', process.arch, '--out', packages])
        const deb = (await readdir(packages)).find((n) => n.endsWith('.deb')) ?? ''
        await copyFile(join(packages, deb), join(root, 'tmp/muster-agent.deb'))
      } finally {
        await rm(packages, { recursive: true, force: true })
      }
      await inTree(root, 'apt-get', '-qq', '-y', '--no-install-recommends', 'install', '/tmp/muster-agent.deb')
      assert.ok(await installed('muster-agent'))
      const enabled = await readdir(join(root, 'etc/systemd/system/multi-user.target.wants'))
      assert.ok(enabled.includes('muster-agent.service'))
    })

    it('enrols, and tells the packages that are really there', async () => {
      await inTree(root, 'muster-agent', 'enroll', '--server', muster.url, '--code', await invite(muster), '--yes')
      const [found] = (await muster.api<{ items: { id: string }[] }>('GET', '/devices')).items
      device = deviceUnderTest(muster, found?.id ?? '', () => agent)
      agent = keepInTree(root, 'muster-agent', 'run')
      const names = ((await device.facts())['software.packages'] as { name: string }[]).map((p) => p.name)
      for (const name of ['muster-agent', 'openssh-server', 'libc6']) assert.ok(names.includes(name), name)
    })

    it('inventory, message and logs are done, harmlessly', async () => {
      const ended = await Promise.all([
        device.sent('device.inventory', {}),
        device.sent('device.message', { title: 'Hello', text: 'from the company' }),
        device.sent('logs.collect', { source: 'system' }),
      ])
      assert.deepEqual(
        ended.map((e) => e.state),
        ['completed', 'completed', 'completed'],
        JSON.stringify(ended),
      )
    })

    it('packages are installed, waiting while somebody else works with apt, and removed', async () => {
      const busy = 'DPkg::Pre-Invoke::=touch /tmp/busy; sleep 4'
      const other = keepInTree(root, 'apt-get', '-qq', '-y', '-o', busy, 'install', offered.one)
      await until('somebody else to hold the lock', async () => existsSync(join(root, 'tmp/busy')))
      const put = await device.sent('package.install', { packages: [offered.another] })
      assert.equal(await other.ended, 0, other.output())
      assert.equal(put.state, 'completed', JSON.stringify(put))
      assert.ok((await installed(offered.another)) && (await installed(offered.one)))
      const gone = await device.sent('package.remove', { packages: [offered.another, offered.one] })
      assert.equal(gone.state, 'completed', JSON.stringify(gone))
      assert.ok(!(await installed(offered.another)) && !(await installed(offered.one)))
    })

    it('a lock that is not given back puts the command off; it has not failed', async () => {
      const hold =
        'import fcntl,time; f=open("/var/lib/apt/lists/lock","w"); fcntl.lockf(f,fcntl.LOCK_EX); print("held",flush=True); time.sleep(300)'
      const holder = keepInTree(root, 'python3', '-c', hold)
      await until('the lock to be held', async () => holder.output().includes('held'))
      const put = await device.sent('package.install', { packages: [offered.another] }, [
        'deferred',
        'completed',
        'failed',
      ])
      await holder.stop()
      assert.deepEqual([put.state, put.reason?.code], ['deferred', 'package-manager-locked'])
      assert.ok(!(await installed(offered.another)))
      // Else its second try would end while what follows is handed over: an agent gives up its poll to tell an end, and what was in that answer waits for its lease.
      await muster.api('POST', `/activities/${put.activity}/cancel`)
    })

    it('a policy installs what is required and removes what is forbidden, again after somebody changed it', async () => {
      await inTree(root, 'apt-get', '-qq', '-y', 'install', offered.one)
      policy = await publish(muster, 'Software', [
        { feature: 'linux.packages', settings: { required: [offered.third], forbidden: [offered.one] } },
      ])
      await device.verified('linux.packages')
      assert.deepEqual([await installed(offered.third), await installed(offered.one)], [true, false])
      await inTree(root, 'apt-get', '-qq', '-y', 'remove', offered.third)
      await until('the required package to be back', () => installed(offered.third), {
        withinMs: 90_000,
        last: () => agent?.output().slice(-2000),
      })
      await device.verified('linux.packages')
    })

    it('when the policy goes, what it brought about is given back', async () => {
      await muster.api('POST', `/policies/${policy}/deactivate`)
      await device.nothingSet()
      assert.deepEqual([await installed(offered.third), await installed(offered.one)], [false, true])
    })

    it('disenrolled, it ends; purged, nothing of it is left', async () => {
      await muster.api('DELETE', `/devices/${device.id}`)
      await until('the agent to end', async () => agent?.child.exitCode === 0, {
        withinMs: 60_000,
        last: () => agent?.output().slice(-2000),
      })
      await inTree(root, 'apt-get', '-qq', '-y', 'purge', 'muster-agent')
      for (const [folder, name] of [
        ['usr/lib', 'muster-agent'],
        ['var/lib', 'muster-agent'],
        ['etc/default', 'muster-agent'],
        ['usr/bin', 'muster-agent'],
      ] as const)
        assert.ok(!(await readdir(join(root, folder))).includes(name), folder)
    })
  })
}
