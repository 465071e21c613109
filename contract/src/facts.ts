/**
 * Facts every platform may report, by one name each. A device's facts are one flat object keyed by these dotted names.
 * The ones marked with a column also fill the device's typed columns, which lists and policies filter by.
 */
import type { FactDescriptor } from './descriptors.ts'

export const commonFacts = [
  { id: 'device.name', title: 'Name', type: 'string' },
  { id: 'device.manufacturer', title: { en: 'Manufacturer', de: 'Hersteller' }, type: 'string', queryable: true },
  { id: 'device.model', title: { en: 'Model', de: 'Modell' }, type: 'string', queryable: true },
  { id: 'device.serial', title: { en: 'Serial number', de: 'Seriennummer' }, type: 'string', queryable: true },
  { id: 'device.formFactor', title: { en: 'Form factor', de: 'Bauform' }, type: 'string', queryable: true },
  { id: 'device.identifiers', title: { en: 'Identifiers', de: 'Kennungen' }, type: 'list' },
  { id: 'os.name', title: { en: 'Operating system', de: 'Betriebssystem' }, type: 'string', queryable: true },
  { id: 'os.version', title: { en: 'OS version', de: 'Version des Betriebssystems' }, type: 'string', queryable: true },
  { id: 'os.build', title: { en: 'OS build', de: 'Build des Betriebssystems' }, type: 'string', queryable: true },
  { id: 'os.kernel', title: 'Kernel', type: 'string', queryable: true },
  { id: 'agent.version', title: { en: 'Agent version', de: 'Version des Agenten' }, type: 'string', queryable: true },
  {
    id: 'security.encrypted',
    title: { en: 'Storage encrypted', de: 'Speicher verschlüsselt' },
    type: 'boolean',
    queryable: true,
  },
  {
    id: 'security.rooted',
    title: { en: 'Rooted or jailbroken', de: 'Gerootet oder mit Jailbreak' },
    type: 'boolean',
    queryable: true,
  },
  { id: 'hardware.cpu', title: { en: 'Processor', de: 'Prozessor' }, type: 'string', queryable: true },
  { id: 'hardware.cores', title: { en: 'Processor cores', de: 'Prozessorkerne' }, type: 'number', queryable: true },
  {
    id: 'hardware.memoryBytes',
    title: { en: 'Memory', de: 'Arbeitsspeicher' },
    type: 'number',
    unit: 'bytes',
    queryable: true,
  },
  { id: 'hardware.disks', title: { en: 'Disks', de: 'Laufwerke' }, type: 'list' },
  { id: 'network.hostname', title: { en: 'Host name', de: 'Hostname' }, type: 'string', queryable: true },
  { id: 'network.interfaces', title: { en: 'Network interfaces', de: 'Netzwerkschnittstellen' }, type: 'list' },
  { id: 'power.batteryPercent', title: { en: 'Battery', de: 'Akku' }, type: 'number', unit: '%', queryable: true },
  { id: 'os.uptimeS', title: { en: 'Uptime', de: 'Laufzeit' }, type: 'number', unit: 's' },
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
