/** Simulated Android devices with Muster's agent: they speak the agent channel and answer every word of it. */
import { deviceInventory, type JsonObject } from '@muster/contract'
import { agentPlatform, type Machine, type SimulatedOperation, type Simulator } from '../../agent-channel/index.ts'
import { features } from './features.ts'
import { identityOf, management, newWorld, version } from './identity.ts'
import { appsOf, batteryOf, buildOf, operations } from './operations.ts'

const groups = {
  moving: (m: Machine): JsonObject => ({
    'os.uptimeS': Math.floor((m.now - Number(m.world.bootAt)) / 1000),
    'android.storageFreeBytes': Math.floor(
      Number(m.identity.facts['android.storageBytes']) * (0.6 - ((m.changes * 11) % 40) / 100),
    ),
    ...(m.identity.traits.battery === true
      ? { 'power.batteryPercent': batteryOf(m), 'power.charging': m.changes % 2 === 0 }
      : {}),
  }),
  management: (m: Machine): JsonObject => ({ ...management(m), 'os.build': buildOf(m) }),
  security: (m: Machine): JsonObject => ({
    'security.encrypted': true,
    'android.passcodeSet': m.world.passcode === true,
    'android.lostMode': m.world.lost === true,
  }),
  software: (m: Machine): JsonObject => ({
    'android.apps': Object.entries(appsOf(m)).map(([packageName, versionCode]) => ({ packageName, versionCode })),
    'android.appCount': Object.keys(appsOf(m)).length,
  }),
}

const inventory: SimulatedOperation = {
  words: deviceInventory,
  act(_, m) {
    const counted = [m.identity.facts, ...Object.values(groups).map((group) => group(m))]
    return { result: { facts: Object.keys(Object.assign({}, ...counted)).length + features.size }, tell: 'all' }
  },
}

export const simulator: Simulator = {
  platform: 'android',
  software: { id: 'muster-fleet', version },
  identity: identityOf,
  world: newWorld,
  groups,
  started(m) {
    m.world.bootAt = m.now
    m.world.locked = m.world.passcode === true
  },
  operations: new Map([...operations, [deviceInventory.id, inventory]]),
  features,
}
export const androidAgent = agentPlatform(simulator)
