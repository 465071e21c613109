/**
 * One policy with every feature reaches a real agent that manages a mounted tree; each is verified, drifts by hand, is corrected, and is gone byte for
 * byte when the policy goes. The same over any tree.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { examplePem } from '@muster/contract'
import { type Installation, install } from './installation.ts'
import { agentMain, type DeviceUnderTest, deviceUnderTest, invite, publish } from './linux-device.ts'
import { making } from './linux-tree.ts'
import { type Running, run, runToEnd, until } from './processes.ts'

export interface Ground {
  readonly name: string
  /** Fills the folder. */
  make(root: string): Promise<void>
  /** Asks the tree's own programs what they think of what the features wrote. By what is asked. */
  readonly judges: Readonly<Record<string, (root: string) => Promise<void>>>
  /** Compares what the device told of itself with what the tree says. */
  told(facts: Readonly<Record<string, unknown>>, root: string): Promise<void>
}

/** What both trees have in their log. */
export const syslog = '2026-01-02T18:00:00 kiosk-7 cron: hello\n'
const passphrase = 'correct horse battery'

/** Each feature, the file by which it drifts, and what is written over it. */
const features: { feature: string; settings: Record<string, unknown>; file: string; drift?: string }[] = [
  { feature: 'linux.banner', settings: { text: 'Ours.', where: ['console'] }, file: 'etc/issue' },
  {
    feature: 'linux.ssh',
    settings: { permitRootLogin: 'no', passwordAuthentication: false },
    file: 'etc/ssh/sshd_config.d/00-muster.conf',
  },
  { feature: 'passcode', settings: { minLength: 12 }, file: 'etc/security/pwquality.conf.d/99-muster.conf' },
  {
    feature: 'linux.automaticUpdates',
    settings: { enabled: false },
    file: 'etc/apt/apt.conf.d/99muster-automatic-updates',
    drift: 'APT::Periodic::Unattended-Upgrade "1";\nAPT::Periodic::Update-Package-Lists "1";\n',
  },
  {
    feature: 'linux.firewall',
    settings: { allow: [{ port: 22, from: ['10.0.0.0/8'] }] },
    file: 'etc/nftables.d/50-muster.nft',
  },
  { feature: 'linux.usbStorage', settings: {}, file: 'etc/modprobe.d/00-muster-usb-storage.conf' },
  { feature: 'linux.camera', settings: {}, file: 'etc/modprobe.d/00-muster-camera.conf' },
  {
    feature: 'linux.sudoers',
    settings: { rules: [{ who: 'anna', commands: ['/usr/bin/apt-get update'] }] },
    file: 'etc/sudoers.d/muster',
  },
  {
    feature: 'linux.wireguard',
    settings: {
      addresses: ['10.8.0.7/24'],
      peers: [{ publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=', allowedIps: ['10.0.0.0/8'] }],
    },
    file: 'etc/wireguard/muster0.conf',
  },
  {
    feature: 'linux.certificates',
    settings: { certificates: [{ name: 'example-root', pem: examplePem }] },
    file: 'usr/local/share/ca-certificates/muster-example-root.crt',
  },
  { feature: 'linux.packages', settings: { required: ['openssh-server'], forbidden: ['telnetd'] }, file: '' },
  { feature: 'linux.sysctl', settings: { 'net.ipv4.ip_forward': 0 }, file: 'etc/sysctl.d/99-muster.conf' },
  { feature: 'linux.screenLock', settings: { idleDelayS: 120 }, file: 'etc/dconf/db/local.d/00-muster-screen-lock' },
  { feature: 'linux.wifi', settings: { ssid: 'Office', passphrase }, file: '' },
]

export function linuxJourney(ground: Ground): void {
  describe(`linux: an agent over ${ground.name}`, { timeout: 300_000 }, () => {
    let muster: Installation
    let root: string
    let agent: Running
    let device: DeviceUnderTest
    let policy: string
    let untouched: Record<string, string>

    before(async () => {
      root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
      // Where one of them fails, the other one is still to be cleared away.
      const made = await Promise.allSettled([install().then((m) => (muster = m)), ground.make(root)])
      for (const m of made) if (m.status === 'rejected') throw m.reason
      untouched = await everything(root)
      const code = await invite(muster)
      await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', root, '--yes'])
      const [found] = (await muster.api<{ items: { id: string }[] }>('GET', '/devices')).items
      device = deviceUnderTest(muster, found?.id ?? '', () => agent)
      agent = run(agentMain, ['run', '--root', root])
    }, making)
    after(async () => {
      await agent?.stop()
      await muster?.close()
      if (root) await rm(root, { recursive: true, force: true })
    })

    it('tells what the tree is', async () => ground.told(await device.facts(), root))

    it('one policy with every feature: each is put and verified', async () => {
      policy = await publish(
        muster,
        'All',
        features.map(({ feature, settings }) => ({ feature, settings })),
      )
      for (const { feature } of features) await device.verified(feature)
      const compliance = await muster.api<{ state: string }>('GET', `/devices/${device.id}/compliance`)
      assert.equal(compliance.state, 'compliant')
    })

    for (const [what, judge] of Object.entries(ground.judges)) it(what, () => judge(root))

    it('secrets reach the device, and nobody who reads the policy', async () => {
      const connections = join(root, 'etc/NetworkManager/system-connections')
      const [file] = await readdir(connections)
      assert.match(await readFile(join(connections, file as string), 'utf8'), new RegExp(`psk=${passphrase}`))
      for (const path of [`/policies/${policy}`, `/devices/${device.id}`, `/devices/${device.id}/effective-policy`])
        assert.ok(!JSON.stringify(await muster.api('GET', path)).includes(passphrase), path)
    })

    it('each drifts by hand and is corrected', async () => {
      // All at once: the agent looks at them together, and one after another would take a minute.
      const drifting = features.filter((f) => f.file !== '')
      const good = await Promise.all(drifting.map(({ file }) => readFile(join(root, file), 'utf8')))
      for (const { file, drift } of drifting) await overwrite(join(root, file), drift ?? '# somebody was here\n')
      for (const [i, { feature, file }] of drifting.entries()) {
        const right = async () => (await readFile(join(root, file), 'utf8')) === good[i]
        await until(`${file} to be put right`, right, { withinMs: 90_000, last: () => agent.output().slice(-2000) })
        await device.verified(feature)
      }
    })

    it('what a mounted tree cannot do is said as such', async () => {
      const live = ['device.lock', 'device.ring', 'device.reboot', 'device.shutdown', 'device.locate', 'package.update']
      const ended = await Promise.all(live.map((operation) => device.sent(operation, {})))
      for (const [i, done] of ended.entries())
        assert.deepEqual([done.state, done.reason?.code], ['failed', 'not-applicable'], live[i])
      const logs = await device.sent('logs.collect', {})
      assert.deepEqual(logs.result, { text: syslog, lines: 1, truncated: false })
    })

    it('when the policy goes, the tree is as it was, byte for byte', async () => {
      await muster.api('POST', `/policies/${policy}/deactivate`)
      await device.nothingSet()
      assert.deepEqual(await everything(root), untouched)
    })
  })
}

/** As root does, also where we are not: some files are their owner's to read alone. */
async function overwrite(file: string, text: string): Promise<void> {
  const { mode } = await lstat(file)
  await chmod(file, mode | 0o200)
  await writeFile(file, text)
  await chmod(file, mode)
}

/** Kind, mode, owner and contents by path; the agent's own folder aside. Programs below /usr by size and time: they are many. */
async function everything(root: string, inside = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(join(root, inside))).sort()) {
    const below = `${inside}/${name}`
    if (below === '/var/lib/muster-agent') continue
    const at = join(root, below)
    const s = await lstat(at)
    const head = `${(s.mode & 0o7777).toString(8)} ${s.uid}:${s.gid}`
    if (s.isSymbolicLink()) found[below] = `link ${await readlink(at)}`
    else if (s.isDirectory()) Object.assign(found, { [below]: `directory ${head}` }, await everything(root, below))
    else if (!s.isFile()) found[below] = `other ${head}`
    else if (below.startsWith('/usr/') && !below.startsWith('/usr/local/'))
      found[below] = `${head} ${s.size} ${s.mtimeMs}`
    else
      found[below] = `${head} ${createHash('sha256')
        .update(await readFile(at))
        .digest('hex')}`
  }
  return found
}
