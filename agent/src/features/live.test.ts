import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type TestContext, test } from 'node:test'
import { linuxCertificates } from '@muster/contract'
import { openState } from '../state.ts'
import { debianTree, programs, snapshot } from '../testing/fixtures.ts'
import { createTree } from '../tree.ts'
import { features, type Machine, openOriginals } from './index.ts'

const state = ['/var/lib/muster-agent', '/proc', '/sys']

/** A tree that counts as live, with programs of the test's. */
function live(t: TestContext, answer?: Parameters<typeof programs>[0]) {
  const root = debianTree(t)
  const tree = { ...createTree(root), live: true }
  const originals = openOriginals(tree, openState(tree.resolve('/var/lib/muster-agent')))
  const p = programs(answer)
  const put = (at: string, text: string) => tree.write(at, Buffer.from(text))
  return { root, tree, originals, ...p, put, m: { tree, originals, run: p.run } as Machine }
}
const feature = (id: string) => features.get(id) ?? assert.fail(id)
const check = (id: string, m: Machine) => feature(id).check(m.tree, m.originals)

test('firewall: checked, then loaded, then written; deleted from the kernel when dropped', async (t) => {
  const { m, lines, inputs, root } = live(t)
  const before = snapshot(root, state)
  const asked: number[] = []
  const done = await feature('linux.firewall').put(
    { ...m, reach: async (ms) => asked.push(ms) > 0 },
    { allow: [{ port: 22, from: ['10.0.0.0/8'] }] },
  )
  assert.deepEqual(lines, ['nft -c -f -', 'nft -f -'])
  assert.equal(inputs[0], m.tree.text('/etc/nftables.d/50-muster.nft'))
  assert.equal(done.reloaded, true)
  assert.deepEqual(asked, [0, 20_000])
  await feature('linux.firewall').drop(m)
  assert.equal(lines.at(-1), 'nft delete table inet muster')
  assert.deepEqual(snapshot(root, state), before)
})

test('firewall: rules that cut the server off are taken out of the kernel, and nothing was written', async (t) => {
  const { m, lines, root } = live(t)
  const before = snapshot(root, state)
  let asked = 0
  const cut = { ...m, reach: async () => ++asked === 1 }
  await assert.rejects(feature('linux.firewall').put(cut, {}), { code: 'cut-off' })
  assert.equal(lines.at(-1), 'nft delete table inet muster')
  assert.deepEqual(snapshot(root, state), before)
  // With earlier rules in force those come back.
  await feature('linux.firewall').put(m, { allow: [{ port: 22 }] })
  const put = snapshot(root, state)
  asked = 0
  await assert.rejects(feature('linux.firewall').put(cut, {}), { code: 'cut-off' })
  assert.equal(lines.at(-1), 'nft -f -')
  assert.deepEqual(snapshot(root, state), put)
})

test('firewall: what nft refuses is never loaded; a flushed kernel is told', async (t) => {
  let bad = true
  const { m, lines } = live(t, (line) =>
    bad
      ? { exitCode: 1, stderr: 'syntax error' }
      : { stdout: line.includes('list') ? 'type filter; policy drop;' : '' },
  )
  await assert.rejects(feature('linux.firewall').put(m, {}), { code: 'invalid-config', message: /syntax error/ })
  assert.deepEqual(lines, ['nft -c -f -'])
  bad = false
  await feature('linux.firewall').put(m, {})
  assert.deepEqual(await feature('linux.firewall').observe?.(m), { loaded: true })
  bad = true
  assert.deepEqual(await feature('linux.firewall').observe?.(m), { loaded: false })
})

test('kernel parameters: the running kernel follows, and gets its own values back', async (t) => {
  const proc = (key: string) => `/proc/sys/${key.replaceAll('.', '/')}`
  const { m, put, lines } = live(t, (line) => {
    const [, key = '', value = ''] = /^sysctl -q -w ([\w.]+)=(\d+)$/.exec(line) ?? []
    if (key === 'kernel.yama.ptrace_scope') return { exitCode: 255 }
    put(proc(key), `${value}\n`)
    return {}
  })
  for (const [key, value] of Object.entries({
    'kernel.dmesg_restrict': 0,
    'kernel.kptr_restrict': 0,
    'kernel.yama.ptrace_scope': 0,
  }))
    put(proc(key), `${value}\n`)
  const sysctl = feature('linux.sysctl')
  await sysctl.put(m, { 'kernel.dmesg_restrict': 1, 'kernel.kptr_restrict': 2 })
  assert.deepEqual(check('linux.sysctl', m).running, {
    'kernel.dmesg_restrict': 1,
    'kernel.kptr_restrict': 2,
    'kernel.yama.ptrace_scope': 0,
  })
  await sysctl.put(m, { 'kernel.dmesg_restrict': 1 })
  assert.equal(m.tree.text(proc('kernel.kptr_restrict')), '0\n', 'no longer demanded')
  const calls = lines.length
  await sysctl.put(m, { 'kernel.dmesg_restrict': 1 })
  assert.equal(lines.length, calls, 'nothing to do')
  await assert.rejects(sysctl.put(m, { 'kernel.yama.ptrace_scope': 1 }), { code: 'kernel-refuses' })
  await sysctl.drop(m)
  assert.equal(m.tree.text(proc('kernel.dmesg_restrict')), '0\n')
})

test('sudo: rules that visudo refuses are never there', async (t) => {
  const { m, root, inputs } = live(t, () => ({ exitCode: 1, stderr: 'parse error' }))
  const before = snapshot(root, state)
  const put = feature('linux.sudoers').put(m, { rules: [{ who: 'anna', commands: ['ALL'] }] })
  await assert.rejects(put, { code: 'invalid-config', message: /parse error/ })
  assert.match(inputs[0] ?? '', /^anna ALL=\(root\) PASSWD: ALL$/m)
  assert.deepEqual(snapshot(root, state), before)
})

test('sudo: the mode counts, and without the include the rules are refused', async (t) => {
  const { m, put } = live(t)
  await feature('linux.sudoers').put(m, { rules: [{ who: 'anna', commands: ['ALL'] }] })
  assert.equal(check('linux.sudoers', m).exact, true)
  fs.chmodSync(m.tree.resolve('/etc/sudoers.d/muster'), 0o644)
  assert.equal(check('linux.sudoers', m).exact, false)
  assert.deepEqual((await feature('linux.sudoers').put(m, { rules: [{ who: 'anna', commands: ['ALL'] }] })).files, [
    '/etc/sudoers.d/muster',
  ])
  assert.equal(check('linux.sudoers', m).exact, true)
  put('/etc/sudoers', 'root ALL=(ALL) ALL\n')
  await assert.rejects(feature('linux.sudoers').put(m, { rules: [{ who: 'anna', commands: ['ALL'] }] }), {
    code: 'not-included',
  })
})

const peers = [
  {
    publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
    endpoint: 'vpn.example.com:51820',
    allowedIps: ['0.0.0.0/0'],
  },
]

test('vpn: the device keeps its own key over new settings, tells only the public one, and forgets it when dropped', async (t) => {
  const { m, root, lines } = live(t)
  const before = snapshot(root, state)
  const vpn = feature('linux.wireguard')
  await vpn.put(m, { addresses: ['10.8.0.7/24'], peers })
  const first = check('linux.wireguard', m).tunnel as { publicKey: string }
  await vpn.put(m, { addresses: ['10.8.0.8/24'], peers })
  const second = check('linux.wireguard', m).tunnel as { publicKey: string; addresses: string[] }
  assert.equal(second.publicKey, first.publicKey)
  assert.deepEqual(second.addresses, ['10.8.0.8/24'])
  const key = /PrivateKey = (\S+)/.exec(m.tree.text('/etc/wireguard/muster0.conf') ?? '')?.[1] as string
  assert.ok(!JSON.stringify(check('linux.wireguard', m)).includes(key))
  assert.equal(fs.statSync(m.tree.resolve('/etc/wireguard/muster0.conf')).mode & 0o777, 0o600)
  await vpn.drop(m)
  assert.equal(lines.at(-1), 'systemctl stop -- wg-quick@muster0.service')
  assert.deepEqual(snapshot(root, state), before)
  await vpn.put(m, { addresses: ['10.8.0.7/24'], peers })
  assert.notEqual((check('linux.wireguard', m).tunnel as { publicKey: string }).publicKey, first.publicKey)
})

test('vpn: a tunnel that swallows the way to the server is taken back; one of another is never overwritten', async (t) => {
  const { m, root, lines, put } = live(t)
  put('/etc/wireguard/wg0.conf', '[Interface]\n')
  const before = snapshot(root, state)
  let asked = 0
  const cut = { ...m, reach: async () => ++asked === 1 }
  await assert.rejects(feature('linux.wireguard').put(cut, { addresses: ['10.8.0.7/24'], peers }), { code: 'cut-off' })
  assert.equal(lines.at(-1), 'systemctl stop -- wg-quick@muster0.service')
  await assert.rejects(feature('linux.wireguard').put(m, { name: 'wg0', addresses: ['10.8.0.7/24'], peers }), {
    code: 'name-taken',
  })
  assert.deepEqual(snapshot(root, state), before)
  assert.ok(!m.originals.placed('linux.wireguard'))
})

test('certificates: only authorities that are valid are trusted; the bundle counts on a live machine', async (t) => {
  const { m, put, lines } = live(t)
  const pem = linuxCertificates.settings.parse(linuxCertificates.examples[0]).certificates[0]?.pem as string
  await feature('linux.certificates').put(m, { certificates: [{ name: 'a', pem }] })
  assert.deepEqual(lines, ['update-ca-certificates --fresh'])
  const found = check('linux.certificates', m)
  assert.deepEqual([(found.trusted as string[]).length, found.bundled], [1, []])
  put('/etc/ssl/certs/ca-certificates.crt', pem)
  assert.deepEqual(check('linux.certificates', m).bundled, found.trusted)
  const broken = pem.replace(/\n[A-Za-z0-9+/]{64}\n/, '\n')
  await assert.rejects(feature('linux.certificates').put(m, { certificates: [{ name: 'b', pem: broken }] }), {
    code: 'invalid-settings',
  })
  assert.ok(!m.tree.exists('/usr/local/share/ca-certificates/muster-b.crt'))
})

/** apt-get as dpkg would see it afterwards. */
function packaged(t: TestContext) {
  let locked = false
  const l = live(t, (line) => {
    if (!line.startsWith('apt-get ')) return {}
    if (locked)
      return { exitCode: 100, stderr: 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7' }
    const [verb, names] = /\b(install|remove) -- (.*)$/.exec(line)?.slice(1) ?? []
    let status = l.tree.text('/var/lib/dpkg/status') ?? ''
    for (const name of (names ?? '').split(' ')) {
      if (verb === 'install') status += `\nPackage: ${name}\nStatus: install ok installed\nVersion: 1\n`
      else
        status = status.replace(
          new RegExp(`Package: ${name}\nStatus: install ok installed`),
          `Package: ${name}\nStatus: deinstall ok config-files`,
        )
    }
    l.put('/var/lib/dpkg/status', status)
    return {}
  })
  l.put('/usr/bin/apt-get', '')
  const installed = () => (check('linux.packages', l.m).installed as string[]).join(' ')
  return { ...l, installed, lock: (on: boolean) => (locked = on) }
}

test('packages: installed and removed, and given back when no longer demanded', async (t) => {
  const { m, installed } = packaged(t)
  const f = feature('linux.packages')
  assert.equal(installed(), 'cron openssh-server')
  await f.put(m, { required: ['htop', 'cron'], forbidden: ['openssh-server'] })
  assert.equal(installed(), 'cron htop')
  await f.put(m, { required: ['cron', 'jq'] })
  assert.equal(installed(), 'cron jq openssh-server')
  await f.drop(m)
  assert.equal(installed(), 'cron openssh-server', 'cron was there before')
  assert.ok(!m.originals.placed(f.id))
})

test('packages: somebody else at the package manager puts it off; a mounted tree is only looked at', async (t) => {
  const { m, lock, lines } = packaged(t)
  const f = feature('linux.packages')
  lock(true)
  await assert.rejects(f.put(m, { required: ['htop'] }), { code: 'package-manager-locked', retryAfterS: 120 })
  lock(false)
  const calls = lines.length
  const mounted = { ...m, tree: { ...m.tree, live: false } }
  await assert.rejects(f.put(mounted, { required: ['jq'] }), { code: 'not-applicable' })
  assert.deepEqual((await f.put(mounted, { required: ['cron'] })).files, [])
  assert.equal(lines.length, calls)
})

test('ssh: settings that would lock everybody out are taken back', async (t) => {
  const { m, put, root } = live(t)
  const ssh = feature('linux.ssh')
  await ssh.put(m, { passwordAuthentication: false, permitRootLogin: 'no' })
  await ssh.drop(m)
  m.tree.remove('/home/anna/.ssh/authorized_keys')
  const before = snapshot(root, state)
  const closed = { passwordAuthentication: false, permitRootLogin: 'no' }
  await assert.rejects(ssh.put(m, closed), { code: 'locks-out' })
  assert.deepEqual(snapshot(root, state), before)
  // Root may come by key, and has one.
  put('/root/.ssh/authorized_keys', 'ssh-ed25519 AAAA root\n')
  await ssh.put(m, { ...closed, permitRootLogin: 'prohibit-password' })
  await assert.rejects(ssh.put(m, closed), { code: 'locks-out' })
  assert.match(m.tree.text('/etc/ssh/sshd_config.d/00-muster.conf') ?? '', /PermitRootLogin prohibit-password/)
})

test('camera and storage: another file of an earlier name that lets the driver in is found out', async (t) => {
  const { m, put } = live(t)
  await feature('linux.camera').put(m, { blocked: true })
  await feature('linux.usbStorage').put(m, { blocked: true })
  put('/proc/modules', 'usb_storage 81920 1 uas, Live 0x0\n')
  assert.deepEqual(check('linux.camera', m), { blocked: true, loaded: [] })
  assert.deepEqual(check('linux.usbStorage', m), { blocked: true, loaded: ['usb-storage'] })
  put('/etc/modprobe.d/00-aaa.conf', 'install uvcvideo /sbin/modprobe --ignore-install uvcvideo\n')
  assert.equal(check('linux.camera', m).blocked, false)
})

test('folders that two features share go with the last of them', async (t) => {
  const { m, root } = live(t)
  fs.rmSync(m.tree.resolve('/etc/modprobe.d'), { recursive: true })
  const before = snapshot(root, state)
  for (const [first, second] of [
    ['linux.camera', 'linux.usbStorage'],
    ['linux.usbStorage', 'linux.camera'],
  ] as const) {
    await feature('linux.camera').put(m, {})
    await feature('linux.usbStorage').put(m, {})
    await feature(first).drop(m)
    await feature(second).drop(m)
    assert.deepEqual(snapshot(root, state), before)
  }
})

test('Wi-Fi: secrets never stand in the evidence, and a file others could read does not count', async (t) => {
  const { m } = live(t)
  const f = feature('linux.wifi')
  await f.put(m, { ssid: 'Office', passphrase: 'topsecret phrase' })
  assert.ok(!JSON.stringify(check('linux.wifi', m)).includes('topsecret'))
  const [file] = m.tree.list('/etc/NetworkManager/system-connections')
  const at = m.tree.resolve(`/etc/NetworkManager/system-connections/${file}`)
  assert.equal(fs.statSync(at).mode & 0o777, 0o600)
  fs.chmodSync(at, 0o644)
  assert.deepEqual(check('linux.wifi', m), { networks: [], intact: false })
  await f.put(m, { ssid: 'Office', passphrase: 'topsecret phrase' })
  assert.equal(check('linux.wifi', m).intact, true)
  fs.writeFileSync(at, fs.readFileSync(at, 'utf8').replace('topsecret', 'tipsecret'))
  assert.equal(check('linux.wifi', m).intact, false)
})
