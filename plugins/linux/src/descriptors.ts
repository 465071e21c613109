/** The words of Linux: what its devices are, report and can do. Pure data. */
import {
  commonFacts,
  type Descriptors,
  deviceDisenrol,
  deviceInventory,
  deviceLocate,
  deviceLock,
  deviceMessage,
  deviceReboot,
  deviceRing,
  deviceShutdown,
  deviceWipe,
  deviceWipeCorporate,
  type FactDescriptor,
  type FeatureDescriptor,
  formFactors,
  linuxAutomaticUpdates,
  linuxBanner,
  linuxCamera,
  linuxCertificates,
  linuxFirewall,
  linuxPackages,
  linuxScreenLock,
  linuxSsh,
  linuxSudoers,
  linuxSysctl,
  linuxUsbStorage,
  linuxWifi,
  linuxWireguard,
  logsCollect,
  type OperationDescriptor,
  ownerships,
  packageInstall,
  packageRemove,
  packageUpdate,
  passcode,
  scriptRun,
  serviceRestart,
} from '@muster/contract'
import { managedFact } from '@muster/kit'
import { z } from 'zod'

/** Operations and features that every platform may know are described in the contract; listed here is what Linux brings. */
const ownOperations: readonly OperationDescriptor[] = [
  serviceRestart,
  packageInstall,
  packageRemove,
  packageUpdate,
  scriptRun,
]
/** Of the common ones, what the agent can do. */
const commonToo: readonly OperationDescriptor[] = [
  deviceInventory,
  deviceMessage,
  deviceLock,
  deviceRing,
  deviceReboot,
  deviceShutdown,
  deviceLocate,
  logsCollect,
  deviceWipeCorporate,
  deviceWipe,
  deviceDisenrol,
]
export const allOperations: readonly OperationDescriptor[] = [...commonToo, ...ownOperations]
const ownFeatures: readonly FeatureDescriptor[] = [
  linuxBanner,
  linuxSsh,
  linuxAutomaticUpdates,
  linuxFirewall,
  linuxUsbStorage,
  linuxCamera,
  linuxSudoers,
  linuxWifi,
  linuxWireguard,
  linuxCertificates,
  linuxPackages,
  linuxSysctl,
  linuxScreenLock,
]
const allFeatures = [...ownFeatures, passcode]

const ownFacts: readonly FactDescriptor[] = [
  { id: 'linux.distribution', title: 'Distribution', type: 'string', queryable: true },
  { id: 'linux.codename', title: 'Release code name', type: 'string', queryable: true },
  { id: 'linux.architecture', title: 'Architecture', type: 'string', queryable: true },
  { id: 'linux.init', title: 'Service manager', type: 'string', queryable: true },
  { id: 'hardware.memoryAvailableBytes', title: 'Memory available', type: 'number', unit: 'bytes' },
  { id: 'hardware.swapBytes', title: 'Swap', type: 'number', unit: 'bytes' },
  { id: 'hardware.bios', title: 'Firmware version', type: 'string' },
  { id: 'storage.mounts', title: 'File systems', type: 'list' },
  { id: 'storage.encrypted', title: 'Encrypted volumes', type: 'list' },
  { id: 'network.listening', title: 'Ports that listen', type: 'list' },
  { id: 'power.charging', title: 'Battery charging', type: 'boolean' },
  { id: 'users.accounts', title: 'Accounts that can sign in', type: 'list' },
  { id: 'users.administrators', title: 'Administrators', type: 'list' },
  { id: 'software.packageCount', title: 'Packages installed', type: 'number', queryable: true },
  { id: 'software.packages', title: 'Packages', type: 'list' },
  { id: 'agent.readOnly', title: 'Agent only reports', type: 'boolean', queryable: true },
  { id: 'agent.outdated', title: 'Agent is too old for this server', type: 'boolean', queryable: true },
  { id: 'agent.clockAheadS', title: 'Clock ahead of the server', type: 'number', unit: 'seconds', queryable: true },
  { id: 'agent.root', title: 'Agent manages a mounted tree', type: 'boolean', queryable: true },
  ...allFeatures.map((f): FactDescriptor => ({ id: managedFact(f.id), title: `Evidence: ${f.title}`, type: 'object' })),
]

export const descriptors: Descriptors = {
  settings: z.object({}).strict(),
  deviceTypes: [
    { id: 'linux.computer', title: 'Linux computer', formFactors: ['laptop', 'desktop', 'tablet', 'other'] },
    { id: 'linux.server', title: 'Linux server', formFactors: ['server', 'virtual'] },
    {
      id: 'linux.appliance',
      title: 'Linux appliance',
      formFactors: formFactors.filter((f) => ['kiosk', 'printer', 'point-of-sale', 'tv', 'sensor'].includes(f)),
    },
  ],
  enrolments: [
    {
      id: 'linux.agent',
      title: 'Agent with an enrolment code',
      ownerships: [...ownerships].filter((o) => o !== 'work-profile'),
    },
  ],
  facts: [...commonFacts, ...ownFacts],
  operations: ownOperations,
  features: ownFeatures,
  events: [
    { id: 'agent.started', title: 'The agent started', severity: 'info' },
    { id: 'agent.clock-off', title: 'The clock of the device is wrong', severity: 'warning' },
    {
      id: 'agent.command-refused',
      title: 'The agent refused a command without a valid signature',
      severity: 'critical',
    },
  ],
}
