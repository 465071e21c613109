/**
 * Facts every platform may report, by one name each. A device's facts are one flat object keyed by these dotted names.
 * The ones marked with a column also fill the device's typed columns, which lists and policies filter by.
 */
import type { FactDescriptor } from './descriptors.ts'

export const commonFacts = [
  { id: 'device.name', title: 'Name', type: 'string' },
  { id: 'device.manufacturer', title: 'Manufacturer', type: 'string', queryable: true },
  { id: 'device.model', title: 'Model', type: 'string', queryable: true },
  { id: 'device.serial', title: 'Serial number', type: 'string', queryable: true },
  { id: 'device.formFactor', title: 'Form factor', type: 'string', queryable: true },
  { id: 'device.identifiers', title: 'Identifiers', type: 'list' },
  { id: 'os.name', title: 'Operating system', type: 'string', queryable: true },
  { id: 'os.version', title: 'OS version', type: 'string', queryable: true },
  { id: 'os.build', title: 'OS build', type: 'string', queryable: true },
  { id: 'os.kernel', title: 'Kernel', type: 'string', queryable: true },
  { id: 'agent.version', title: 'Agent version', type: 'string', queryable: true },
  { id: 'security.encrypted', title: 'Storage encrypted', type: 'boolean', queryable: true },
  { id: 'security.rooted', title: 'Rooted or jailbroken', type: 'boolean', queryable: true },
  { id: 'hardware.cpu', title: 'Processor', type: 'string', queryable: true },
  { id: 'hardware.cores', title: 'Processor cores', type: 'number', queryable: true },
  { id: 'hardware.memoryBytes', title: 'Memory', type: 'number', unit: 'bytes', queryable: true },
  { id: 'hardware.disks', title: 'Disks', type: 'list' },
  { id: 'network.hostname', title: 'Host name', type: 'string', queryable: true },
  { id: 'network.interfaces', title: 'Network interfaces', type: 'list' },
  { id: 'power.batteryPercent', title: 'Battery', type: 'number', unit: '%', queryable: true },
  { id: 'os.uptimeS', title: 'Uptime', type: 'number', unit: 's' },
] as const satisfies readonly FactDescriptor[]

/** Facts that also have a typed column of their own. */
export const factColumns = {
  'device.manufacturer': 'manufacturer',
  'device.model': 'model',
  'device.serial': 'serial',
  'device.formFactor': 'form_factor',
  'os.name': 'os_name',
  'os.version': 'os_version',
  'agent.version': 'agent_version',
  'security.encrypted': 'encrypted',
  'security.rooted': 'rooted',
} as const
