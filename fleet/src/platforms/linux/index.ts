/** Simulated Linux devices: they speak the agent channel, and answer every word of the Linux platform. */
import { deviceInventory, type JsonObject } from '@muster/contract'
import {
  agentPlatform,
  type Machine,
  type SimulatedFeature,
  type SimulatedOperation,
  type Simulator,
} from '../../agent-channel/index.ts'
import { camera, sysctl, usbStorage } from './hardening.ts'
import { identityOf, newWorld, version } from './identity.ts'
import { noted } from './log.ts'
import { certificates, firewall, wifi, wireguard } from './network.ts'
import { operations } from './operations.ts'
import { banner, passwords, screenLock, ssh, sudoers } from './sign-in.ts'
import { automaticUpdates, packages, softwareFacts, versionOf } from './software.ts'

const features: ReadonlyMap<string, SimulatedFeature> = new Map(
  [
    banner,
    ssh,
    passwords,
    automaticUpdates,
    firewall,
    usbStorage,
    camera,
    sudoers,
    wifi,
    wireguard,
    certificates,
    packages,
    sysctl,
    screenLock,
  ].map((f) => [f.id, f]),
)

function moving(m: Machine): JsonObject {
  const { facts } = m.identity
  const memory = Number(facts['hardware.memoryBytes'])
  const [disk] = facts['hardware.disks'] as { bytes: number }[]
  const bytes = (disk?.bytes ?? 0) - 1_000_000_000
  const told: JsonObject = {
    'os.uptimeS': Math.floor((m.now - Number(m.world.bootAt)) / 1000),
    'hardware.memoryAvailableBytes': Math.floor(memory * (0.3 + ((m.changes * 7) % 50) / 100)),
    'storage.mounts': [
      {
        device: facts['security.encrypted'] === true ? '/dev/mapper/root_crypt' : '/dev/nvme0n1p2',
        at: '/',
        type: 'ext4',
        readOnly: false,
        bytes,
        freeBytes: Math.floor(bytes * (0.6 - ((m.changes * 11) % 40) / 100)),
      },
    ],
  }
  if (facts['device.formFactor'] === 'laptop') {
    told['power.batteryPercent'] = 100 - ((m.changes * 3) % 90)
    told['power.charging'] = m.changes % 2 === 0
  }
  return told
}

/** Ports follow from what is installed. */
const listeners = [
  { port: 22, program: 'sshd', brings: 'openssh-server', address: '0.0.0.0' },
  { port: 23, program: 'in.telnetd', brings: 'telnetd', address: '0.0.0.0' },
  { port: 80, program: 'nginx', brings: 'nginx', address: '0.0.0.0' },
  { port: 80, program: 'apache2', brings: 'apache2', address: '::' },
  { port: 631, program: 'cupsd', brings: 'cups-daemon', address: '127.0.0.1' },
  { port: 3389, program: 'xrdp', brings: 'xrdp', address: '::' },
  { port: 5432, program: 'postgres', brings: 'postgresql-15', address: '127.0.0.1' },
  { port: 6379, program: 'redis-server', brings: 'redis-server', address: '127.0.0.1' },
] as const
const ports = (m: Machine): JsonObject => ({
  'network.listening': listeners
    .filter(({ brings }) => versionOf(m, brings) !== undefined)
    .map(({ port, program, address }) => ({ protocol: 'tcp', address, port, program })),
})
const groups = { moving, software: (m: Machine): JsonObject => ({ ...softwareFacts(m), ...ports(m) }) }

const inventory: SimulatedOperation = {
  words: deviceInventory,
  act(_, m) {
    const counted = [m.identity.facts, ...Object.values(groups).map((group) => group(m))]
    return { result: { facts: Object.keys(Object.assign({}, ...counted)).length + features.size }, tell: 'all' }
  },
}

export const simulator: Simulator = {
  platform: 'linux',
  software: { id: 'muster-fleet', version },
  identity: identityOf,
  world: newWorld,
  groups,
  started(m) {
    m.world.bootAt = m.now
    m.world.locked = false
    m.world.rebootNeeded = false
    noted(m, 'systemd', 'Startup finished.')
  },
  operations: new Map([...operations, [deviceInventory.id, inventory]]),
  features,
}
export const linux = agentPlatform(simulator)
