/**
 * Linux in full: one policy with every feature reaches a real agent over a Debian-like tree; each is verified, drifts by hand, is corrected, and is gone
 * byte for byte when the policy goes.
 */
import assert from 'node:assert/strict'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { makeDebianTree } from './debian-tree.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { type Running, run, runToEnd, until } from './processes.ts'

/** What a Debian with these programs has beside the small tree. */
const more: Record<string, string> = {
  'home/anna/.ssh/authorized_keys': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample anna@laptop\n',
  'etc/apt/apt.conf.d/20auto-upgrades': 'APT::Periodic::Unattended-Upgrade "0";\n',
  'etc/nftables.conf': '#!/usr/sbin/nft -f\n\nflush ruleset\n',
  'usr/sbin/nft': '',
  'lib/systemd/system/nftables.service': '[Unit]\n',
  'lib/systemd/system/wg-quick@.service': '[Unit]\n',
  'usr/bin/wg-quick': '',
  'etc/sudoers': 'root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n',
  'etc/NetworkManager/NetworkManager.conf': '[main]\n',
  'etc/ca-certificates.conf': 'mozilla/x.crt\n',
  'etc/sysctl.conf': 'net.ipv4.ip_forward=1\n',
  'etc/dconf/profile/gdm': 'user-db:user\n',
  'var/log/syslog': '2026-01-02T18:00:00 kiosk-7 cron: hello\n',
}
const passphrase = 'correct horse battery'
const pem = `-----BEGIN CERTIFICATE-----
MIIBuDCCAV+gAwIBAgIUXjQkkCB9FRKuGvRuBio/cKupWgswCgYIKoZIzj0EAwIw
KTEQMA4GA1UECgwHRXhhbXBsZTEVMBMGA1UEAwwMRXhhbXBsZSBSb290MCAXDTI2
MTEyMjA4MjcyOVoYDzIxMjYxMDI5MDgyNzI5WjApMRAwDgYDVQQKDAdFeGFtcGxl
MRUwEwYDVQQDDAxFeGFtcGxlIFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATWourmES9pHRCGarsdnrt6d8D58Hjya15Q1zu7US/SBI8QDPLACtARZG7fiGNX
lKB1QBl6uQGM0y+Pss/oB1ewo2MwYTAdBgNVHQ4EFgQU6Jt14jF4UzOvT0RZDorH
OM2kzbMwHwYDVR0jBBgwFoAU6Jt14jF4UzOvT0RZDorHOM2kzbMwDwYDVR0TAQH/
BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwIDRwAwRAIgZnIpEIs+
9J/d3q9+jHXegi+UzAuQVNXh2POjHIL7l5oCIGdbiBPOKQP5fjlMN1d15tX0RTa7
lLm78YWZ+/gIINE2
-----END CERTIFICATE-----\n`

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
    settings: { certificates: [{ name: 'example-root', pem }] },
    file: 'usr/local/share/ca-certificates/muster-example-root.crt',
  },
  { feature: 'linux.packages', settings: { required: ['openssh-server'], forbidden: ['telnetd'] }, file: '' },
  { feature: 'linux.sysctl', settings: { 'net.ipv4.ip_forward': 0 }, file: 'etc/sysctl.d/99-muster.conf' },
  { feature: 'linux.screenLock', settings: { idleDelayS: 120 }, file: 'etc/dconf/db/local.d/00-muster-screen-lock' },
  { feature: 'linux.wifi', settings: { ssid: 'Office', passphrase }, file: '' },
]

interface Setting {
  feature: string
  state: string
  reason?: unknown
}

describe('linux', { timeout: 300_000 }, () => {
  let muster: Installation
  let root: string
  let agent: Running
  let device: string
  let policy: string
  let untouched: Record<string, string>

  before(async () => {
    muster = await install()
    root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
    await makeDebianTree(root)
    for (const [path, text] of Object.entries(more)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    untouched = await everything(root)
    const { code } = await muster.api<{ code: string }>('POST', '/invitations', {
      platform: 'linux',
      ownership: 'cope',
    })
    await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', root, '--yes'])
    device = (await muster.api<{ items: { id: string }[] }>('GET', '/devices')).items[0]?.id as string
    agent = run(agentMain, ['run', '--root', root])
  })
  after(async () => {
    await agent?.stop()
    await muster?.close()
    if (root) await rm(root, { recursive: true, force: true })
  })
  const settings = async () =>
    (await muster.api<{ features: Setting[] }>('GET', `/devices/${device}/effective-policy`)).features
  async function verified(feature: string): Promise<void> {
    let last: unknown
    await until(
      `${feature} to be verified`,
      async () => {
        const now = (await settings()).find((f) => f.feature === feature)
        last = now
        return now?.state === 'verified'
      },
      { withinMs: 60_000, last: () => last },
    )
  }
  async function ended(
    operation: string,
    params: unknown,
  ): Promise<{ state: string; result?: unknown; reason?: { code: string } }> {
    const { id } = await muster.api<{ id: string }>('POST', '/activities', {
      operation,
      params,
      target: { devices: [device] },
    })
    return until(`${operation} to end`, async () => {
      const { items } = await muster.api<{
        items: { activity: string; state: string; result?: unknown; reason?: { code: string } }[]
      }>('GET', `/devices/${device}/operations`)
      const mine = items.find((o) => o.activity === id)
      return mine && ['completed', 'failed'].includes(mine.state) && mine
    })
  }

  it('one policy with every feature: each is put and verified', async () => {
    const body = {
      name: 'All',
      platform: 'linux',
      features: features.map(({ feature, settings }) => ({ feature, settings })),
    }
    policy = (await muster.api<{ id: string }>('POST', '/policies', body)).id
    await muster.api('POST', `/policies/${policy}/publish`)
    for (const { feature } of features) await verified(feature)
    const compliance = await muster.api<{ state: string }>('GET', `/devices/${device}/compliance`)
    assert.equal(compliance.state, 'compliant')
  })

  it('secrets reach the device, and nobody who reads the policy', async () => {
    const [file] = await readdir(join(root, 'etc/NetworkManager/system-connections'))
    const text = await readFile(join(root, 'etc/NetworkManager/system-connections', file as string), 'utf8')
    assert.match(text, new RegExp(`psk=${passphrase}`))
    for (const path of [`/policies/${policy}`, `/devices/${device}`, `/devices/${device}/effective-policy`])
      assert.ok(!JSON.stringify(await muster.api('GET', path)).includes(passphrase), path)
  })

  for (const { feature, file, drift } of features.filter((f) => f.file !== '')) {
    it(`${feature} drifts by hand and is corrected`, async () => {
      const at = join(root, file)
      const good = await readFile(at, 'utf8')
      await writeFile(at, drift ?? '# somebody was here\n')
      await until(`${file} to be put right`, async () => (await readFile(at, 'utf8')) === good, { withinMs: 60_000 })
      await verified(feature)
    })
  }

  it('what a mounted tree cannot do is said as such', async () => {
    for (const operation of [
      'device.lock',
      'device.ring',
      'device.reboot',
      'device.shutdown',
      'device.locate',
      'package.update',
    ]) {
      const done = await ended(operation, {})
      assert.deepEqual([done.state, done.reason?.code], ['failed', 'not-applicable'], operation)
    }
    const logs = await ended('logs.collect', {})
    assert.deepEqual(logs.result, { text: more['var/log/syslog'], lines: 1, truncated: false })
  })

  it('when the policy goes, the tree is as it was, byte for byte', async () => {
    await muster.api('POST', `/policies/${policy}/deactivate`)
    await until('the settings to be gone', async () => (await settings()).length === 0, { withinMs: 60_000 })
    assert.deepEqual(await everything(root), untouched)
  })
})

/** Kind, mode and contents by path; the agent's own folder aside. */
async function everything(root: string, inside = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of (await readdir(join(root, inside))).sort()) {
    const below = `${inside}/${name}`
    if (below === '/var/lib/muster-agent') continue
    const at = join(root, below)
    const s = await lstat(at)
    if (s.isSymbolicLink()) found[below] = `link ${await readlink(at)}`
    else if (s.isDirectory()) Object.assign(found, { [below]: 'directory' }, await everything(root, below))
    else found[below] = `${(s.mode & 0o7777).toString(8)} ${await readFile(at, 'latin1')}`
  }
  return found
}
