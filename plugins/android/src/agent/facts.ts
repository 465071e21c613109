/** Facts and events that only our own agent reports. */
import { androidFeatures, type DeviceEventDescriptor, type FactDescriptor, passcode } from '@muster/contract'
import { managedFact } from '@muster/kit'

export const agentFacts: readonly FactDescriptor[] = [
  { id: 'agent.outdated', title: 'Agent is too old for this server', type: 'boolean', queryable: true },
  { id: 'agent.clockAheadS', title: 'Clock ahead of the server', type: 'number', unit: 'seconds', queryable: true },
  { id: 'agent.wakes', title: 'How the agent is woken (poll, long-poll, fcm)', type: 'string', queryable: true },
  { id: 'android.knox.version', title: 'Samsung Knox', type: 'string', queryable: true },
  { id: 'android.knox.licences', title: 'Active licences of Samsung', type: 'list' },
  { id: 'android.lostMode', title: 'Lost mode', type: 'boolean', queryable: true },
  { id: 'android.apps', title: 'Apps', type: 'list' },
  { id: 'android.appCount', title: 'Apps installed', type: 'number', queryable: true },
  { id: 'android.userRestrictions', title: 'Restrictions in force', type: 'list' },
  { id: 'android.pendingUpdate', title: 'System update that waits', type: 'object' },
  { id: 'android.passcodeSet', title: 'Passcode set', type: 'boolean', queryable: true },
  { id: 'android.developerMode', title: 'Developer options on', type: 'boolean', queryable: true },
  { id: 'android.debugging', title: 'USB debugging on', type: 'boolean', queryable: true },
  { id: 'android.playServices', title: 'Google services', type: 'boolean', queryable: true },
  { id: 'android.storageBytes', title: 'Storage', type: 'number', unit: 'bytes', queryable: true },
  { id: 'android.storageFreeBytes', title: 'Storage free', type: 'number', unit: 'bytes', queryable: true },
  { id: 'network.operator', title: 'Mobile network', type: 'string', queryable: true },
  { id: 'network.roaming', title: 'Roaming', type: 'boolean', queryable: true },
  { id: 'network.wifi', title: 'Wi-Fi network', type: 'string', queryable: true },
  { id: 'power.charging', title: 'Battery charging', type: 'boolean' },
  ...[passcode, ...androidFeatures].map(
    (f): FactDescriptor => ({ id: managedFact(f.id), title: `Evidence: ${f.title}`, type: 'object' }),
  ),
]

export const agentEvents: readonly DeviceEventDescriptor[] = [
  { id: 'agent.started', title: 'The agent started', severity: 'info' },
  { id: 'agent.clock-off', title: 'The clock of the device is wrong', severity: 'warning' },
  { id: 'agent.command-refused', title: 'The agent refused a command without a valid signature', severity: 'critical' },
  { id: 'android.app-installed', title: 'An app was installed', severity: 'info' },
  { id: 'android.app-removed', title: 'An app was removed', severity: 'info' },
  { id: 'android.sim-changed', title: 'The SIM card is another', severity: 'warning' },
  { id: 'android.kiosk-left', title: 'The kiosk was left with its code', severity: 'warning' },
  { id: 'android.passcode-failed', title: 'A wrong passcode was tried often', severity: 'warning' },
  { id: 'android.owner-lost', title: 'The agent no longer owns the device', severity: 'critical' },
]
