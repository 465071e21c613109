/** What nodes of an inventory tell, as facts. Pure and total: a device may say anything. */
import type { FactDescriptor, FactType, Json, JsonObject, Text } from '@muster/contract'
import { readXml, type XmlElement, XmlError } from '@muster/kit/xml'
import { type Answer, cspFact, inventoryFact, type Node } from '../wire/index.ts'
import { editionName } from './editions.ts'
import { appsOf, certificatesOf, interfacesOf, updatesOf } from './lists.ts'

interface Found {
  readonly fact: string
  readonly title: Text
  readonly type: FactType
  /** By the end of the node's address. */
  readonly end: string
  value(text: string): Json | undefined
  /** Common facts are described elsewhere. */
  readonly common?: true
  readonly queryable?: true
  readonly unit?: string
}
const text = (t: string): Json | undefined => t.trim().slice(0, 500) || undefined
const number = (t: string): number | undefined => {
  const n = t.trim() === '' ? Number.NaN : Number(t)
  return Number.isFinite(n) ? n : undefined
}
const flag = (t: string): boolean | undefined =>
  /^(1|true)$/i.test(t.trim()) ? true : /^(0|false)$/i.test(t.trim()) ? false : undefined
const word = (words: readonly string[]) => (t: string) => words[number(t) ?? -1]
const mebibytes = (t: string) => {
  const n = number(t)
  return n !== undefined && n >= 0 && n < 2 ** 32 ? n * 2 ** 20 : undefined
}
const percent = (t: string) => {
  const n = number(t)
  return n !== undefined && n >= 0 && n <= 100 ? n : undefined
}
const common = (fact: string, end: string, value: Found['value'] = text): Found => ({
  fact,
  title: '',
  type: 'string',
  end,
  value,
  common: true,
})
const own = (
  fact: string,
  title: Text,
  end: string,
  value: Found['value'] = text,
  more: Partial<Found> = {},
): Found => ({
  fact: `windows.${fact}`,
  title,
  type: 'string',
  end,
  value,
  ...more,
})
const flagged = (fact: string, title: Text, end: string) =>
  own(fact, title, end, flag, { type: 'boolean', queryable: true })
const counted = (fact: string, title: Text, end: string) => own(fact, title, end, number, { type: 'number' })

const found: readonly Found[] = [
  common('device.manufacturer', '/DevInfo/Man'),
  common('device.model', '/DevInfo/Mod'),
  own('language', { en: 'Language', de: 'Sprache' }, '/DevInfo/Lang', text, { queryable: true }),
  common('os.version', '/DevDetail/SwV'),
  own('firmware', 'Firmware', '/DevDetail/FwV'),
  own('hardwareVersion', { en: 'Hardware version', de: 'Hardware-Version' }, '/DevDetail/HwV'),
  own('platform', 'Windows', '/Microsoft/OSPlatform'),
  own(
    'processorArchitecture',
    { en: 'Processor architecture', de: 'Prozessorarchitektur' },
    '/Microsoft/ProcessorArchitecture',
    (t) => ({ 0: 'x86', 5: 'ARM', 9: 'x64', 12: 'ARM64' })[number(t) ?? -1],
  ),
  common('device.name', '/Microsoft/DeviceName'),
  common('device.serial', '/Microsoft/SMBIOSSerialNumber'),
  common('network.hostname', '/Microsoft/DNSComputerName'),
  common('hardware.memoryBytes', '/Microsoft/TotalRAM', mebibytes),
  own('storageBytes', { en: 'Storage', de: 'Speicher' }, '/Microsoft/TotalStorage', mebibytes, {
    type: 'number',
    unit: 'bytes',
  }),
  own('storageFreeBytes', { en: 'Free storage', de: 'Freier Speicher' }, '/Microsoft/FreeStorage', mebibytes, {
    type: 'number',
    unit: 'bytes',
  }),
  own('edition', 'Edition', '/DeviceStatus/OS/Edition', editionName, { queryable: true }),
  own(
    'sMode',
    { en: 'S mode', de: 'S-Modus' },
    '/DeviceStatus/OS/Mode',
    (t) => ({ 0: false, 1: true })[number(t) ?? -1],
    { type: 'boolean' },
  ),
  own('domain', { en: 'Domain', de: 'Domäne' }, '/DeviceStatus/DomainName', text, { queryable: true }),
  own(
    'secureBoot',
    { en: 'Secure Boot', de: 'Sicherer Start' },
    '/DeviceStatus/SecureBootState',
    word(['not supported', 'on', 'off']),
    {
      queryable: true,
    },
  ),
  common('security.encrypted', '/Compliance/EncryptionCompliance', flag),
  own('tpmVersion', 'TPM', '/TPM/SpecificationVersion', text, { queryable: true }),
  own('tpmManufacturer', { en: 'TPM manufacturer', de: 'TPM-Hersteller' }, '/TPM/ManufacturerName'),
  own('tpmFirmware', { en: 'TPM firmware', de: 'TPM-Firmware' }, '/TPM/ManufacturerVersion'),
  own(
    'antivirus',
    { en: 'Virus protection', de: 'Virenschutz' },
    '/Antivirus/Status',
    word(['on', 'off', 'snoozed', 'expired', 'not found']),
    {
      queryable: true,
    },
  ),
  own(
    'antivirusSignatures',
    { en: 'Virus signatures', de: 'Virensignaturen' },
    '/Antivirus/SignatureStatus',
    word(['out of date', 'current', 'not applicable']),
    { queryable: true },
  ),
  own(
    'firewall',
    'Firewall',
    '/DeviceStatus/Firewall/Status',
    word(['on', 'off', 'snoozed', 'temporarily off', 'not applicable']),
    { queryable: true },
  ),
  flagged('uac', { en: 'User Account Control', de: 'Benutzerkontensteuerung' }, '/UAC/Status'),
  own(
    'virtualisationBasedSecurity',
    { en: 'Virtualisation-based security', de: 'Virtualisierungsbasierte Sicherheit' },
    '/DeviceGuard/VirtualizationBasedSecurityStatus',
    word(['on', 'restart needed', 'not supported', 'not licensed', 'not configured', 'not supported']),
    { queryable: true },
  ),
  own(
    'credentialGuard',
    'Credential Guard',
    '/DeviceGuard/LsaCfgCredGuardStatus',
    word(['on', 'restart needed', 'not licensed', 'not configured', 'virtualisation is off']),
    { queryable: true },
  ),
  own(
    'memoryIntegrity',
    { en: 'Memory integrity', de: 'Speicherintegrität' },
    '/DeviceGuard/HypervisorEnforcedCodeIntegrityStatus',
    word(['on', 'restart needed', 'not configured', 'virtualisation is off']),
    { queryable: true },
  ),
  own(
    'systemGuard',
    'System Guard',
    '/DeviceGuard/SystemGuardStatus',
    word(['on', 'restart needed', 'not configured', 'not supported']),
  ),
  own(
    'dmaProtection',
    { en: 'Protection of memory from devices at start', de: 'Schutz des Speichers vor Geräten beim Start' },
    '/DMA/BootDMAProtectionStatus',
    (t) => ({ 1: 'on', 2: 'off' })[number(t) ?? -1],
  ),
  // No node tells the form: what has a battery is carried about.
  common('device.formFactor', '/Battery/Status', word(['desktop', 'laptop', 'laptop', 'laptop'])),
  common('power.batteryPercent', '/Battery/EstimatedChargeRemaining', percent),
  common('windows.hardwareId', '/DMClient/HWDevID'),
  flagged('defender.on', 'Defender', '/Health/DefenderEnabled'),
  flagged(
    'defender.realTime',
    { en: 'Defender: real-time protection', de: 'Defender: Echtzeitschutz' },
    '/Health/RtpEnabled',
  ),
  flagged(
    'defender.network',
    { en: 'Defender: network inspection', de: 'Defender: Netzwerkprüfung' },
    '/Health/NisEnabled',
  ),
  flagged(
    'defender.tamperProtection',
    { en: 'Defender: tamper protection', de: 'Defender: Manipulationsschutz' },
    '/Health/TamperProtectionEnabled',
  ),
  flagged(
    'defender.signaturesOld',
    { en: 'Defender: signatures out of date', de: 'Defender: Signaturen veraltet' },
    '/Health/SignatureOutOfDate',
  ),
  flagged(
    'defender.quickScanOverdue',
    { en: 'Defender: quick scan overdue', de: 'Defender: Schnellprüfung überfällig' },
    '/Health/QuickScanOverdue',
  ),
  flagged(
    'defender.fullScanOverdue',
    { en: 'Defender: full scan overdue', de: 'Defender: vollständige Prüfung überfällig' },
    '/Health/FullScanOverdue',
  ),
  flagged(
    'defender.rebootRequired',
    { en: 'Defender: restart needed', de: 'Defender: Neustart nötig' },
    '/Health/RebootRequired',
  ),
  counted('defender.state', { en: 'Defender: state (bits)', de: 'Defender: Zustand (Bits)' }, '/Health/ComputerState'),
  own('defender.engine', { en: 'Defender: engine', de: 'Defender: Engine' }, '/Health/EngineVersion'),
  own('defender.signatures', { en: 'Defender: signatures', de: 'Defender: Signaturen' }, '/Health/SignatureVersion'),
  own('defender.version', { en: 'Defender: version', de: 'Defender: Version' }, '/Health/DefenderVersion'),
  own(
    'defender.quickScanAt',
    { en: 'Defender: last quick scan', de: 'Defender: letzte Schnellprüfung' },
    '/Health/QuickScanTime',
  ),
  own(
    'defender.fullScanAt',
    { en: 'Defender: last full scan', de: 'Defender: letzte vollständige Prüfung' },
    '/Health/FullScanTime',
  ),
  counted(
    'bitlocker.status',
    { en: 'BitLocker: what is missing (bits)', de: 'BitLocker: was fehlt (Bits)' },
    '/BitLocker/Status/DeviceEncryptionStatus',
  ),
  counted(
    'bitlocker.rotation',
    {
      en: 'BitLocker: last rotation of recovery passwords (code)',
      de: 'BitLocker: letzter Wechsel der Wiederherstellungskennwörter (Code)',
    },
    '/Status/RotateRecoveryPasswordsStatus',
  ),
  own(
    'updates.scannedAt',
    { en: 'Last search for updates', de: 'Letzte Suche nach Updates' },
    '/Update/LastSuccessfulScanTime',
  ),
]

const lists: readonly { fact: string; title: Text; of(nodes: readonly Node[]): Json[] | undefined }[] = [
  { fact: 'software.apps', title: 'Apps', of: appsOf },
  { fact: 'software.certificates', title: { en: 'Certificates', de: 'Zertifikate' }, of: certificatesOf },
  { fact: 'software.updates', title: 'Updates', of: updatesOf },
  { fact: 'network.interfaces', title: '', of: interfacesOf },
]

export const inventoryFacts: readonly FactDescriptor[] = [
  ...found
    .filter((f) => !f.common)
    .map(({ fact, title, type, queryable, unit }) => ({
      id: fact,
      title,
      type,
      ...(queryable && { queryable }),
      ...(unit && { unit }),
    })),
  ...lists.filter((l) => l.title !== '').map(({ fact, title }) => ({ id: fact, title, type: 'list' as const })),
  {
    id: cspFact,
    title: { en: 'Configuration service providers', de: 'Configuration Service Provider' },
    type: 'object',
  },
  { id: 'windows.nodes', title: { en: 'Settings as read', de: 'Gelesene Einstellungen' }, type: 'object' },
  {
    id: 'windows.owned',
    title: { en: 'Settings that policies have written', de: 'Von Richtlinien geschriebene Einstellungen' },
    type: 'object',
  },
  { id: inventoryFact, title: { en: 'Last inventory', de: 'Letztes Inventar' }, type: 'time' },
]

const channelUri = `/Push/ChannelURI`
const cspVersions = '/Capabilities/CSPVersions'
/** An address; whether anybody may be asked there is judged by who asks (push: WNS). */
const address = /^https?:\/\/[\x21-\x7e]{1,1500}$/i

export function readNodes({ results: nodes, statuses }: Answer, now: () => Date): { facts: JsonObject; push?: Json } {
  const facts: JsonObject = {}
  for (const n of nodes) {
    const f = found.find((k) => n.uri.endsWith(k.end))
    const value = f?.value(n.data)
    if (f && value !== undefined) facts[f.fact] = value
  }
  for (const l of lists) {
    const list = l.of(nodes)
    if (list) facts[l.fact] = list
  }
  const csps = nodes.find((n) => n.uri.endsWith(cspVersions))
  const versions = csps && cspsOf(csps.data)
  if (versions) facts[cspFact] = versions
  if (facts['os.version'] !== undefined) Object.assign(facts, derived(facts), { [inventoryFact]: now().toISOString() })
  const push = nodes.find((n) => n.uri.endsWith(channelUri))?.data.trim()
  const asked =
    push !== undefined || statuses.some((s) => s.verb === 'Get' && s.code === 404 && s.uri.endsWith(channelUri))
  return { facts, ...(asked && { push: push !== undefined && address.test(push) ? { channelUri: push } : null }) }
}

function derived(facts: JsonObject): JsonObject {
  const build = /^\d+\.\d+\.(\d+)/.exec(String(facts['os.version']))?.[1]
  const serial = facts['device.serial']
  return {
    'os.name': 'Windows',
    ...(build && { 'os.build': build }),
    ...(typeof serial === 'string' && { 'device.identifiers': [{ kind: 'serial', value: serial }] }),
  }
}

/** By the last part of the node's name; undefined: no such document. */
function cspsOf(data: string): JsonObject | undefined {
  try {
    const versions: JsonObject = {}
    walk(readXml(Buffer.from(data.replace(/^\s+/, ''))), versions)
    return Object.keys(versions).length > 0 ? versions : undefined
  } catch (e) {
    if (e instanceof XmlError) return undefined
    throw e
  }
}
function walk(e: XmlElement, versions: JsonObject): void {
  const name = e.name === 'CSP' ? e.attributes.Node?.split('/').at(-1) : undefined
  const version = e.attributes.Version
  if (name && /^[\w.-]{1,64}$/.test(name) && version && /^[\d.]{1,16}$/.test(version) && name !== '__proto__')
    versions[name] = version
  for (const c of e.children) walk(c, versions)
}
