/** Simulated Linux devices: laptops, desktops, servers and kiosks of a company that does not exist. */
import {
  deviceDisenrol,
  deviceInventory,
  deviceMessage,
  type JsonObject,
  type OperationDescriptor,
  scriptRun,
  serviceRestart,
} from '@muster/contract'
import type { Random } from '../random.ts'
import type { Identity, Simulator } from '../simulator.ts'
import { features } from './features.ts'

const operations: readonly OperationDescriptor[] = [
  deviceInventory,
  deviceMessage,
  serviceRestart,
  scriptRun,
  deviceDisenrol,
]
const version = '0.1.0'

interface Model {
  readonly manufacturer: string
  readonly model: string
  readonly formFactor: 'laptop' | 'desktop' | 'server' | 'virtual' | 'kiosk'
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
}
const models: readonly [Model, ...Model[]] = [
  {
    manufacturer: 'LENOVO',
    model: 'ThinkPad T14 Gen 4',
    formFactor: 'laptop',
    cpu: '13th Gen Intel(R) Core(TM) i5-1335U',
    cores: 12,
    memoryGb: 16,
  },
  {
    manufacturer: 'Dell Inc.',
    model: 'Latitude 5440',
    formFactor: 'laptop',
    cpu: '13th Gen Intel(R) Core(TM) i7-1355U',
    cores: 12,
    memoryGb: 32,
  },
  {
    manufacturer: 'Framework',
    model: 'Laptop 13 (AMD Ryzen 7040Series)',
    formFactor: 'laptop',
    cpu: 'AMD Ryzen 7 7840U',
    cores: 16,
    memoryGb: 32,
  },
  {
    manufacturer: 'HP',
    model: 'EliteDesk 800 G9',
    formFactor: 'desktop',
    cpu: '12th Gen Intel(R) Core(TM) i5-12500',
    cores: 12,
    memoryGb: 16,
  },
  {
    manufacturer: 'Supermicro',
    model: 'SYS-1029P',
    formFactor: 'server',
    cpu: 'Intel(R) Xeon(R) Silver 4214',
    cores: 48,
    memoryGb: 192,
  },
  {
    manufacturer: 'QEMU',
    model: 'Standard PC (Q35 + ICH9, 2009)',
    formFactor: 'virtual',
    cpu: 'AMD EPYC 7543',
    cores: 4,
    memoryGb: 8,
  },
  {
    manufacturer: 'Intel(R) Client Systems',
    model: 'NUC11TNKi3',
    formFactor: 'kiosk',
    cpu: '11th Gen Intel(R) Core(TM) i3-1115G4',
    cores: 4,
    memoryGb: 8,
  },
]
interface Release {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly codename: string
  readonly kernel: string
}
const releases: readonly [Release, ...Release[]] = [
  { id: 'debian', name: 'Debian GNU/Linux', version: '12', codename: 'bookworm', kernel: '6.1.0-28-amd64' },
  { id: 'debian', name: 'Debian GNU/Linux', version: '13', codename: 'trixie', kernel: '6.12.41+deb13-amd64' },
  { id: 'ubuntu', name: 'Ubuntu', version: '24.04', codename: 'noble', kernel: '6.8.0-51-generic' },
]
const towns = ['berlin', 'leipzig', 'lyon', 'porto', 'turku', 'graz'] as const
const letters = { laptop: 'lt', desktop: 'pc', server: 'sv', virtual: 'vm', kiosk: 'ki' } as const

function identity(random: Random, no: number): Identity {
  const m = random.pick(models)
  const os = random.pick(releases)
  const name = `${letters[m.formFactor]}-${random.pick([...towns])}-${String(no).padStart(5, '0')}`
  const serial = `SIM${random.hex(12).toUpperCase()}`
  const machine = random.hex(32)
  const mac = `02:${(random.hex(10).match(/../g) ?? []).join(':')}`
  const diskBytes = random.int(1, 8) * 256_000_000_000
  const portable = m.formFactor === 'laptop'
  const facts: JsonObject = {
    'device.name': name,
    'device.manufacturer': m.manufacturer,
    'device.model': m.model,
    'device.serial': serial,
    'device.formFactor': m.formFactor,
    'device.identifiers': [
      { kind: 'serial', value: serial },
      { kind: 'machine-id', value: machine },
      { kind: 'mac', value: mac },
    ],
    'os.name': os.name,
    'os.version': os.version,
    'os.kernel': os.kernel,
    'linux.distribution': os.id,
    'linux.codename': os.codename,
    'linux.architecture': 'x86_64',
    'linux.init': 'systemd',
    'hardware.cpu': m.cpu,
    'hardware.cores': m.cores,
    'hardware.memoryBytes': m.memoryGb * 2 ** 30,
    'hardware.disks': [{ name: 'nvme0n1', bytes: diskBytes }],
    'network.hostname': name,
    'network.interfaces': [
      { name: 'enp1s0', mac, addresses: [`10.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`] },
    ],
    'security.encrypted': portable && random.next() < 0.9,
    'security.rooted': false,
    'agent.version': version,
    'agent.readOnly': false,
    'agent.root': false,
    'software.packageCount': random.int(350, 3200),
    'users.administrators': ['root'],
  }
  const traits = { sshServer: m.formFactor === 'server' || m.formFactor === 'virtual' || random.next() < 0.7 }
  return {
    name,
    identifiers: [
      { kind: 'serial', value: serial },
      { kind: 'machine-id', value: machine },
      { kind: 'mac', value: mac },
    ],
    traits,
    facts,
  }
}

function moving(id: Identity, count: number, nowMs: number): JsonObject {
  const memory = Number(id.facts['hardware.memoryBytes'])
  const facts: JsonObject = {
    'os.uptimeS': Math.floor(nowMs / 1000) % 1_000_000,
    'hardware.memoryAvailableBytes': Math.floor(memory * (0.3 + ((count * 7) % 50) / 100)),
  }
  if (id.facts['device.formFactor'] === 'laptop') facts['power.batteryPercent'] = 100 - ((count * 3) % 90)
  return facts
}

export const linux: Simulator = {
  platform: 'linux',
  software: { id: 'muster-fleet', version },
  identity,
  moving,
  operations: new Map(operations.map((d) => [d.id, d])),
  features,
}
