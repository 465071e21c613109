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
import { evidenceOf } from '@muster/kit'
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
  {
    id: 'linux.codename',
    title: { en: 'Release code name', de: 'Codename der Version' },
    type: 'string',
    queryable: true,
  },
  { id: 'linux.architecture', title: { en: 'Architecture', de: 'Architektur' }, type: 'string', queryable: true },
  { id: 'linux.init', title: { en: 'Service manager', de: 'Dienstverwaltung' }, type: 'string', queryable: true },
  {
    id: 'hardware.memoryAvailableBytes',
    title: { en: 'Memory available', de: 'Freier Arbeitsspeicher' },
    type: 'number',
    unit: 'bytes',
  },
  { id: 'hardware.swapBytes', title: { en: 'Swap', de: 'Auslagerungsspeicher' }, type: 'number', unit: 'bytes' },
  { id: 'hardware.bios', title: { en: 'Firmware version', de: 'Firmware-Version' }, type: 'string' },
  { id: 'storage.mounts', title: { en: 'File systems', de: 'Dateisysteme' }, type: 'list' },
  { id: 'storage.encrypted', title: { en: 'Encrypted volumes', de: 'Verschlüsselte Datenträger' }, type: 'list' },
  { id: 'network.listening', title: { en: 'Ports that listen', de: 'Offene Ports' }, type: 'list' },
  { id: 'power.charging', title: { en: 'Battery charging', de: 'Akku lädt' }, type: 'boolean' },
  {
    id: 'users.accounts',
    title: { en: 'Accounts that can sign in', de: 'Konten, die sich anmelden können' },
    type: 'list',
  },
  { id: 'users.administrators', title: { en: 'Administrators', de: 'Administratoren' }, type: 'list' },
  {
    id: 'software.packageCount',
    title: { en: 'Packages installed', de: 'Installierte Pakete' },
    type: 'number',
    queryable: true,
  },
  { id: 'software.packages', title: { en: 'Packages', de: 'Pakete' }, type: 'list' },
  {
    id: 'agent.readOnly',
    title: { en: 'Agent only reports', de: 'Agent berichtet nur' },
    type: 'boolean',
    queryable: true,
  },
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
    id: 'agent.root',
    title: { en: 'Agent manages a mounted tree', de: 'Agent verwaltet einen eingehängten Baum' },
    type: 'boolean',
    queryable: true,
  },
  ...evidenceOf(allFeatures),
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
