/** Who simulated Linux devices are: laptops, desktops, servers and kiosks of a company that does not exist. */
import type { JsonObject } from '@muster/contract'
import type { Identity } from '../../agent-channel/index.ts'
import type { Random } from '../../random.ts'
import { earlier, type Kind, shipped } from './archive.ts'

type Form = 'laptop' | 'desktop' | 'server' | 'virtual' | 'kiosk'
type Model = readonly [maker: string, model: string, form: Form, cpu: string, cores: number, memoryGb: number]
const models: readonly [Model, ...Model[]] = [
  ['LENOVO', 'ThinkPad T14 Gen 4', 'laptop', '13th Gen Intel(R) Core(TM) i5-1335U', 12, 16],
  ['Dell Inc.', 'Latitude 5440', 'laptop', '13th Gen Intel(R) Core(TM) i7-1355U', 12, 32],
  ['Framework', 'Laptop 13 (AMD Ryzen 7040Series)', 'laptop', 'AMD Ryzen 7 7840U', 16, 32],
  ['HP', 'EliteDesk 800 G9', 'desktop', '12th Gen Intel(R) Core(TM) i5-12500', 12, 16],
  ['Supermicro', 'SYS-1029P', 'server', 'Intel(R) Xeon(R) Silver 4214', 48, 192],
  ['QEMU', 'Standard PC (Q35 + ICH9, 2009)', 'virtual', 'AMD EPYC 7543', 4, 8],
  ['Intel(R) Client Systems', 'NUC11TNKi3', 'kiosk', '11th Gen Intel(R) Core(TM) i3-1115G4', 4, 8],
]
interface Release {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly build: string
  readonly codename: string
  readonly kernel: string
}
/** Packages are Debian 12's on all of them: their versions are not what is simulated. */
const releases: readonly [Release, ...Release[]] = [
  {
    id: 'debian',
    name: 'Debian GNU/Linux',
    version: '12',
    build: '12 (bookworm)',
    codename: 'bookworm',
    kernel: '6.1.0-28-amd64',
  },
  {
    id: 'debian',
    name: 'Debian GNU/Linux',
    version: '13',
    build: '13 (trixie)',
    codename: 'trixie',
    kernel: '6.12.41+deb13-amd64',
  },
  {
    id: 'ubuntu',
    name: 'Ubuntu',
    version: '24.04',
    build: '24.04.2 LTS (Noble Numbat)',
    codename: 'noble',
    kernel: '6.8.0-51-generic',
  },
]
interface Town {
  readonly name: string
  readonly latitude: number
  readonly longitude: number
}
const towns: readonly [Town, ...Town[]] = [
  { name: 'berlin', latitude: 52.52, longitude: 13.405 },
  { name: 'leipzig', latitude: 51.3397, longitude: 12.3731 },
  { name: 'lyon', latitude: 45.764, longitude: 4.8357 },
  { name: 'porto', latitude: 41.1579, longitude: -8.6291 },
  { name: 'turku', latitude: 60.4518, longitude: 22.2666 },
  { name: 'graz', latitude: 47.0707, longitude: 15.4395 },
]
const letters = { laptop: 'lt', desktop: 'pc', server: 'sv', virtual: 'vm', kiosk: 'ki' } as const
const people = ['anna', 'bo', 'chiara', 'dmitri', 'elif', 'farid', 'greta', 'hugo', 'ines', 'jonas'] as const

export function identityOf(random: Random, no: number): Identity {
  const [maker, model, form, cpu, cores, memoryGb] = random.pick(models)
  const os = random.pick(releases)
  const town = random.pick(towns)
  const name = `${letters[form]}-${town.name}-${String(no).padStart(5, '0')}`
  const serial = `SIM${random.hex(12).toUpperCase()}`
  const machine = random.hex(32)
  const mac = `02:${(random.hex(10).match(/../g) ?? []).join(':')}`
  const identifiers = [
    { kind: 'serial', value: serial },
    { kind: 'machine-id', value: machine },
    { kind: 'mac', value: mac },
  ] as const
  const kind: Kind = form === 'server' || form === 'virtual' ? 'server' : 'desktop'
  const encrypted = form === 'laptop' && random.next() < 0.9
  const facts: JsonObject = {
    'device.name': name,
    'device.manufacturer': maker,
    'device.model': model,
    'device.serial': serial,
    'device.formFactor': form,
    'device.identifiers': identifiers.map((i) => ({ ...i })),
    'os.name': os.name,
    'os.version': os.version,
    'os.build': os.build,
    'os.kernel': os.kernel,
    'linux.distribution': os.id,
    'linux.codename': os.codename,
    'linux.architecture': 'x86_64',
    'linux.init': 'systemd',
    'hardware.bios': `${random.int(1, 3)}.${random.int(0, 40)}`,
    'hardware.cpu': cpu,
    'hardware.cores': cores,
    'hardware.memoryBytes': memoryGb * 2 ** 30,
    'hardware.swapBytes': kind === 'server' ? 0 : 4 * 2 ** 30,
    'network.hostname': name,
    'security.rooted': false,
    'agent.version': version,
    'agent.readOnly': false,
    'agent.root': false,
    ...storage(random, encrypted),
    ...network(random, mac),
    ...users(random, kind),
  }
  const position = form === 'laptop' && random.next() < 0.8 ? coordinates(town) : null
  const sshServer = kind === 'server'
  return { name, identifiers, facts, traits: { packages: kind, sshServer, position, sound: form !== 'virtual' } }
}
export const version = '0.1.0'

const coordinates = ({ latitude, longitude }: Town) => ({ latitude, longitude })

function storage(random: Random, encrypted: boolean): JsonObject {
  const bytes = random.int(1, 8) * 256_000_000_000
  return {
    'hardware.disks': [
      { name: 'nvme0n1', model: 'SAMSUNG MZVL2512HCJQ', bytes, rotates: false, removable: false, encrypted },
    ],
    'storage.encrypted': encrypted ? [{ name: 'root_crypt', open: true, atStart: true, kind: 'LUKS2' }] : [],
    'security.encrypted': encrypted,
  }
}

function network(random: Random, mac: string): JsonObject {
  const address = `10.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`
  return {
    'network.interfaces': [
      {
        name: 'enp1s0',
        mac,
        up: true,
        virtual: false,
        addresses: [address, `fe80::${random.hex(4)}:${random.hex(4)}`],
      },
    ],
  }
}

function users(random: Random, kind: Kind): JsonObject {
  const person = random.pick(people)
  const named = kind === 'server' ? [] : [person]
  const administrator = random.next() < 0.2
  return {
    'users.accounts': [
      { name: 'root', uid: 0, gid: 0, fullName: 'root', shell: '/bin/bash' },
      ...named.map((name, i) => ({
        name,
        uid: 1000 + i,
        gid: 1000 + i,
        fullName: name.slice(0, 1).toUpperCase() + name.slice(1),
        shell: '/bin/bash',
      })),
    ],
    'users.administrators': administrator && kind === 'desktop' ? [person, 'root'] : ['root'],
  }
}

/** What the device came with and what has happened since: nothing yet but a few updates that it has missed. */
export function newWorld(identity: Identity, now: number): JsonObject {
  const kind = identity.traits.packages as Kind
  const digits = String(identity.facts['device.serial'])
  const missed = [...shipped[kind]].filter(([, v]) => earlier(v) !== undefined).map(([name]) => name)
  // By its serial number, so that a device is the same however often it is made.
  const every = 2 + (Number.parseInt(digits.slice(-2), 16) % 7)
  return {
    bootAt: now - (Number.parseInt(digits.slice(-6), 16) % 30) * 86_400_000 - 7_000_000,
    software: { added: {}, removed: [], outdated: missed.filter((_, i) => i % every === 0) },
    log: [],
  }
}
