/**
 * Linux in full. Over a made-up Debian tree wherever Node.js runs; over a real one, and with the packaged agent inside it, where debootstrap is
 * installed and we are root. Asked for by name (`npm run e2e -- linux`) or in CI, a machine without them fails and says what it lacks.
 */
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { makeDebianTree } from './debian-tree.ts'
import { packagedAgentInside } from './linux-inside.ts'
import { linuxJourney, syslog } from './linux-journey.ts'
import { feedInTree, installedIn, inTree, makeRealTree, missingForRealTree } from './linux-tree.ts'

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample anna@laptop\n'

/** What a Debian with these programs has beside the small tree. */
const more: Record<string, string> = {
  'home/anna/.ssh/authorized_keys': key,
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
  'var/log/syslog': syslog,
}

linuxJourney({
  name: 'a made-up Debian tree',
  async make(root) {
    await makeDebianTree(root)
    for (const [path, text] of Object.entries(more)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
  },
  judges: {},
  async told(facts) {
    assert.deepEqual([facts['network.hostname'], facts['software.packageCount']], ['kiosk-7', 3])
  },
})

/** Started by its name, or by CI: then nothing of it may be left out. */
const demanded = process.env.npm_lifecycle_event === 'e2e' || process.env.CI === 'true'
const missing = missingForRealTree()

if (missing === undefined) {
  linuxJourney({
    name: 'a real Debian tree (debootstrap)',
    async make(root) {
      await makeRealTree(root)
      await inTree(root, 'useradd', '-m', '-s', '/bin/bash', '-c', 'Anna', 'anna')
      await inTree(root, 'install', '-d', '-m', '700', '-o', 'anna', '/home/anna/.ssh')
      await writeFile(join(root, 'home/anna/.ssh/authorized_keys'), key)
      await writeFile(join(root, 'var/log/syslog'), syslog)
      // sshd -t wants to find it; at boot systemd makes it.
      await mkdir(join(root, 'run/sshd'), { mode: 0o755 })
    },
    judges: {
      'sshd reads its settings as they are meant': async (root) => {
        const said = await inTree(root, '/usr/sbin/sshd', '-T')
        assert.match(said, /^permitrootlogin no$/m)
        assert.match(said, /^passwordauthentication no$/m)
      },
      'visudo has nothing against the rules': async (root) => {
        assert.match(await inTree(root, 'visudo', '-c'), /^\/etc\/sudoers\.d\/muster: parsed OK$/m)
      },
      'nft takes the rules': async (root) => {
        await inTree(root, 'nft', '-c', '-f', '/etc/nftables.conf')
      },
      'wg-quick reads the tunnel': async (root) => {
        assert.match(await inTree(root, 'wg-quick', 'strip', 'muster0'), /^PublicKey = xTIBA5rbo/m)
      },
      'NetworkManager reads the connection': async (root) => {
        const folder = join(root, 'etc/NetworkManager/system-connections')
        const [file = ''] = await readdir(folder)
        const text = await readFile(join(folder, file), 'utf8')
        const said = await feedInTree(root, text, 'nmcli', '--offline', 'connection', 'modify')
        assert.match(said, /^ssid=Office$/m)
      },
      'apt has the settings of automatic updates in force': async (root) => {
        assert.match(await inTree(root, 'apt-config', 'dump'), /^APT::Periodic::Unattended-Upgrade "0";$/m)
      },
      'modprobe would not load what is blocked': async (root) => {
        const said = await inTree(root, 'modprobe', '--showconfig')
        for (const module of ['usb_storage', 'uvcvideo']) assert.match(said, new RegExp(`^install ${module} `, 'm'))
      },
      'dconf compiles the settings of the screen lock': async (root) => {
        await inTree(root, 'dconf', 'compile', '/run/muster-check', '/etc/dconf/db/local.d')
        await rm(join(root, 'run/muster-check'))
      },
      'openssl reads the certificate': async (root) => {
        const file = '/usr/local/share/ca-certificates/muster-example-root.crt'
        assert.match(await inTree(root, 'openssl', 'x509', '-noout', '-subject', '-in', file), /Example Root/)
      },
    },
    async told(facts, root) {
      const installed = await installedIn(root)
      const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
      assert.ok(installed.length > 100)
      assert.deepEqual(facts['software.packages'], installed.sort(byName))
      const accounts = facts['users.accounts'] as { name: string; uid: number }[]
      const anna = (await inTree(root, 'id', '-u', 'anna')).trim()
      assert.deepEqual(
        accounts.map((a) => [a.name, String(a.uid)]),
        [
          ['root', '0'],
          ['anna', anna],
        ],
      )
      const release = await readFile(join(root, 'etc/os-release'), 'utf8')
      assert.equal(facts['linux.codename'], /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1])
    },
  })
  packagedAgentInside()
} else if (demanded) {
  it('linux: a real Debian tree can be made here', () => assert.fail(missing))
} else {
  it(`linux: the made-up Debian tree alone (for a real one: ${missing}; it is then part of this test)`, () => {
    assert.ok(!demanded)
  })
}
