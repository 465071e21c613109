/** Facts and events that only our own agent reports. */
import { androidFeatures, type DeviceEventDescriptor, type FactDescriptor, passcode } from '@muster/contract'
import { evidenceOf } from '@muster/kit'

export const agentFacts: readonly FactDescriptor[] = [
  {
    id: 'agent.outdated',
    title: { en: 'Agent is too old for this server', de: 'Agent ist zu alt für diesen Server' },
    type: 'boolean',
    queryable: true,
  },
  {
    id: 'agent.clockAheadS',
    title: { en: 'Clock ahead of the server', de: 'Uhr geht vor dem Server' },
    type: 'number',
    unit: 'seconds',
    queryable: true,
  },
  {
    id: 'agent.wakes',
    title: {
      en: 'How the agent is woken (poll, long-poll, fcm)',
      de: 'Wie der Agent geweckt wird (poll, long-poll, fcm)',
    },
    type: 'string',
    queryable: true,
  },
  { id: 'android.knox.version', title: 'Samsung Knox', type: 'string', queryable: true },
  {
    id: 'android.knox.licences',
    title: { en: 'Active licences of Samsung', de: 'Aktive Lizenzen von Samsung' },
    type: 'list',
  },
  { id: 'android.lostMode', title: { en: 'Lost mode', de: 'Verloren-Modus' }, type: 'boolean', queryable: true },
  { id: 'android.apps', title: 'Apps', type: 'list' },
  { id: 'android.appCount', title: { en: 'Apps installed', de: 'Installierte Apps' }, type: 'number', queryable: true },
  {
    id: 'android.userRestrictions',
    title: { en: 'Restrictions in force', de: 'Geltende Einschränkungen' },
    type: 'list',
  },
  {
    id: 'android.pendingUpdate',
    title: { en: 'System update that waits', de: 'Wartendes Systemupdate' },
    type: 'object',
  },
  { id: 'android.passcodeSet', title: { en: 'Passcode set', de: 'Code gesetzt' }, type: 'boolean', queryable: true },
  {
    id: 'android.developerMode',
    title: { en: 'Developer options on', de: 'Entwickleroptionen an' },
    type: 'boolean',
    queryable: true,
  },
  {
    id: 'android.debugging',
    title: { en: 'USB debugging on', de: 'USB-Debugging an' },
    type: 'boolean',
    queryable: true,
  },
  {
    id: 'android.playServices',
    title: { en: 'Google services', de: 'Google-Dienste' },
    type: 'boolean',
    queryable: true,
  },
  {
    id: 'android.storageBytes',
    title: { en: 'Storage', de: 'Speicher' },
    type: 'number',
    unit: 'bytes',
    queryable: true,
  },
  {
    id: 'android.storageFreeBytes',
    title: { en: 'Storage free', de: 'Freier Speicher' },
    type: 'number',
    unit: 'bytes',
    queryable: true,
  },
  { id: 'network.operator', title: { en: 'Mobile network', de: 'Mobilfunknetz' }, type: 'string', queryable: true },
  { id: 'network.roaming', title: 'Roaming', type: 'boolean', queryable: true },
  { id: 'network.wifi', title: { en: 'Wi-Fi network', de: 'WLAN' }, type: 'string', queryable: true },
  { id: 'power.charging', title: { en: 'Battery charging', de: 'Akku lädt' }, type: 'boolean' },
  ...evidenceOf([passcode, ...androidFeatures]),
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
