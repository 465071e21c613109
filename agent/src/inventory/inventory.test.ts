import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { debianTree, temporary } from '../testing/fixtures.ts'
import { createTree } from '../tree.ts'
import { identifiers, inventory } from './index.ts'

function tree(t: Parameters<typeof temporary>[0], files: Record<string, string>, links: Record<string, string> = {}) {
  const root = temporary(t)
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), text)
  }
  for (const [file, target] of Object.entries(links)) {
    fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
    fs.symlinkSync(target, path.join(root, file))
  }
  return createTree(root)
}

test('a Debian tree tells what it is', (t) => {
  const facts = inventory(createTree(debianTree(t)))
  assert.deepEqual(facts, {
    'device.identifiers': [{ kind: 'machine-id', value: '0123456789abcdef0123456789abcdef' }],
    'os.name': 'Debian GNU/Linux',
    'os.version': '12',
    'os.build': '12 (bookworm)',
    'linux.distribution': 'debian',
    'linux.codename': 'bookworm',
    'hardware.disks': [],
    'storage.mounts': [],
    'storage.encrypted': [],
    'device.name': 'till-7',
    'network.hostname': 'till-7',
    'network.interfaces': [],
    'users.accounts': [
      { name: 'root', uid: 0, gid: 0, fullName: 'root', shell: '/bin/bash' },
      { name: 'anna', uid: 1000, gid: 1000, fullName: 'Anna Bell', shell: '/bin/bash' },
    ],
    'users.administrators': ['anna', 'root'],
    'software.packageCount': 2,
    'software.packages': [
      { name: 'cron', version: '3.0pl1-162' },
      { name: 'openssh-server', version: '1:9.2p1-2' },
    ],
  })
})

test('a laptop with an encrypted root tells so', (t) => {
  const facts = inventory(
    tree(t, {
      '/sys/class/dmi/id/sys_vendor': 'LENOVO\n',
      '/sys/class/dmi/id/product_name': '20XW\n',
      '/sys/class/dmi/id/product_serial': 'PF12345\n',
      '/sys/class/dmi/id/chassis_type': '10\n',
      '/proc/cpuinfo': 'processor\t: 0\nmodel name\t: Fast CPU\n\nprocessor\t: 1\nmodel name\t: Fast CPU\n',
      '/proc/meminfo': 'MemTotal:       16000000 kB\nMemAvailable: 8000000 kB\n',
      '/proc/mounts':
        '/dev/mapper/vg-root / ext4 rw,relatime 0 0\n/dev/sda1 /boot\\040x vfat ro 0 0\nproc /proc proc rw 0 0\n',
      '/sys/block/dm-1/dm/name': 'vg-root\n',
      '/sys/class/block/dm-1/dm/uuid': 'LVM-abc\n',
      '/sys/class/block/dm-1/slaves/dm-0': '',
      '/sys/class/block/dm-0/dm/uuid': 'CRYPT-LUKS2-abc\n',
      '/sys/block/sda/size': '1000\n',
      '/sys/block/sda/sda2/holders/dm-0/x': '',
      '/sys/block/sda/device/model': 'Disk\n',
      '/sys/class/power_supply/BAT0/type': 'Battery\n',
      '/sys/class/power_supply/BAT0/capacity': '77\n',
      '/sys/class/power_supply/BAT0/status': 'Discharging\n',
      '/sys/class/net/eth0/address': '02:00:00:00:00:01\n',
      '/sys/class/net/eth0/operstate': 'up\n',
      '/sys/class/net/eth0/device/x': '',
      '/sys/class/net/docker0/address': '02:42:00:00:00:01\n',
    }),
  )
  assert.equal(facts['device.formFactor'], 'laptop')
  assert.equal(facts['security.encrypted'], true)
  assert.deepEqual(
    [
      facts['hardware.cores'],
      facts['hardware.cpu'],
      facts['hardware.memoryBytes'],
      facts['power.batteryPercent'],
      facts['power.charging'],
    ],
    [2, 'Fast CPU', 16_384_000_000, 77, false],
  )
  assert.deepEqual(facts['storage.mounts'], [
    { device: '/dev/mapper/vg-root', at: '/', type: 'ext4', readOnly: false },
    { device: '/dev/sda1', at: '/boot x', type: 'vfat', readOnly: true },
  ])
  assert.deepEqual(facts['hardware.disks'], [
    { name: 'sda', model: 'Disk', bytes: 512_000, rotates: false, removable: false, encrypted: true },
  ])
  assert.deepEqual(facts['device.identifiers'], [
    { kind: 'serial', value: 'PF12345' },
    { kind: 'mac', value: '02:00:00:00:00:01' },
  ])
})

test('placeholders of makers are no identity', (t) => {
  for (const serial of [
    'To Be Filled By O.E.M.',
    'Default string',
    '0',
    'None',
    'System Serial Number',
    '  ',
    'Not Specified',
  ]) {
    assert.deepEqual(
      identifiers(tree(t, { '/sys/class/dmi/id/product_serial': `${serial}\n`, '/etc/machine-id': 'uninitialized\n' })),
      [],
    )
  }
})

test('an empty tree and links out of it do no harm', (t) => {
  const outside = tree(
    t,
    {},
    {
      '/etc/passwd': '/../../../../etc/passwd',
      '/etc/hostname': '/etc/hostname',
      '/var/lib/dpkg/status': '../../../../../../../var/lib/dpkg/status',
    },
  )
  const facts = inventory(outside)
  assert.equal(facts['users.accounts'], undefined)
  assert.equal(facts['software.packages'], undefined)
  assert.equal(facts['network.hostname'], undefined)
})

test('hostile contents stay bounded and storable', (t) => {
  const root = debianTree(t)
  const files = ['etc/os-release', 'etc/passwd', 'etc/group', 'etc/hostname', 'var/lib/dpkg/status', 'etc/machine-id']
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      'root:x:0:0:',
      '\nPackage: ',
      '\nVersion: ',
      '\nStatus: a b installed\n',
      'ID="',
      '\0',
      ':',
      '\n\n',
    ),
  )
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(piece, { maxLength: 60 }), (file, pieces) => {
      fs.writeFileSync(path.join(root, file), pieces.join(''))
      const text = JSON.stringify(inventory(createTree(root)))
      assert.ok(!/\\u0000|\\ud[89a-f]/i.test(text))
      assert.ok(text.length < 100_000)
    }),
    { numRuns: 150 },
  )
  fs.writeFileSync(
    path.join(root, 'var/lib/dpkg/status'),
    'Package: p\nStatus: install ok installed\nVersion: 1\n\n'.repeat(20_000),
  )
  const many = inventory(createTree(root))
  assert.equal(many['software.packageCount'], 20_000)
  assert.equal((many['software.packages'] as unknown[]).length, 5000)
})

test('ports that listen: both families, no connections, addresses as people write them', (t) => {
  const root = debianTree(t)
  const put = (name: string, text: string) => {
    fs.mkdirSync(path.join(root, 'proc/net'), { recursive: true })
    fs.writeFileSync(path.join(root, 'proc/net', name), text)
  }
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
  const row = (local: string, st: string) =>
    `   0: ${local} 00000000:0000 ${st} 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100\n`
  put('tcp', `${head}${row('0100007F:1538', '0A')}${row('00000000:0016', '0A')}${row('0100007F:1539', '01')}`)
  put('tcp6', `${head}${row('00000000000000000000000000000000:0016', '0A')}${row('nonsense', '0A')}`)
  put('udp6', `${head}${row('B80D0120000000000000000001000000:14E9', '07')}`)
  assert.deepEqual(inventory(createTree(root))['network.listening'], [
    { protocol: 'tcp', address: '0.0.0.0', port: 22, program: null },
    { protocol: 'tcp', address: '::', port: 22, program: null },
    { protocol: 'udp', address: '2001:db8::1', port: 5353, program: null },
    { protocol: 'tcp', address: '127.0.0.1', port: 5432, program: null },
  ])
})

test('encrypted volumes: open ones and those of crypttab, and the disk that carries them', (t) => {
  const root = debianTree(t)
  const put = (at: string, text: string) => {
    fs.mkdirSync(path.join(root, path.dirname(at)), { recursive: true })
    fs.writeFileSync(path.join(root, at), text)
  }
  put('etc/crypttab', '# name device\nroot_crypt UUID=1 none luks\nbackup /dev/sdb1 none\n')
  put('sys/block/sda/size', '2048\n')
  put('sys/block/sda/sda1/holders/dm-0/x', '')
  put('sys/block/sdb/size', '2048\n')
  for (const at of ['sys/block/dm-0', 'sys/class/block/dm-0']) {
    put(`${at}/dm/uuid`, 'CRYPT-LUKS2-abc-root_crypt\n')
    put(`${at}/dm/name`, 'root_crypt\n')
  }
  const facts = inventory(createTree(root))
  assert.deepEqual(facts['storage.encrypted'], [
    { name: 'root_crypt', open: true, atStart: true, kind: 'LUKS2' },
    { name: 'backup', open: false, atStart: true, kind: null },
  ])
  const disks = facts['hardware.disks'] as { name: string; encrypted: boolean }[]
  assert.deepEqual(
    disks.map((d) => [d.name, d.encrypted]),
    [
      ['sda', true],
      ['sdb', false],
    ],
  )
})

test('hostile names: a megabyte, markup, escapes, marks that turn writing around', (t) => {
  const root = debianTree(t)
  const put = (file: string, text: string) => fs.writeFileSync(path.join(root, file), text)
  put('etc/hostname', `${'h'.repeat(60_000)}\n`)
  put('etc/os-release', `NAME="<script>alert(1)</script>"\nVERSION_ID="\u001b]0;pwned\u0007\u202e21"\n`)
  put(
    'etc/passwd',
    `root:x:0:0:${'g'.repeat(500_000)}:/root:/bin/bash\nev\u0085il:x:1001:1001:\u001b[31mE\u2066:/:/bin/sh\n`,
  )
  put('var/lib/dpkg/status', `Package: ${'p'.repeat(1_000_000)}\nStatus: install ok installed\nVersion: \u001b[2J1\n\n`)
  const facts = inventory(createTree(root))
  const text = JSON.stringify(facts)
  assert.ok(text.length < 20_000, String(text.length))
  assert.doesNotMatch(text, /\\u00[01]|\u0085|\u202e|\u2066/)
  assert.equal(facts['os.name'], '<script>alert(1)</script>')
  const [, evil] = facts['users.accounts'] as { name: string; fullName: string }[]
  assert.deepEqual([evil?.name, evil?.fullName], ['ev\u{fffd}il', '\u{fffd}[31mE\u{fffd}'])
})
