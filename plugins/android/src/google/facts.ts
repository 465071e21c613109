/** What Google says of a device (resource Device), as facts. Total: a notification may hold anything. */
import type { FactDescriptor, Json, JsonObject } from '@muster/contract'
import { complianceFact, objectOf, objectsOf } from '../documents/index.ts'
import { usageFacts } from './usage.ts'

/** The resource's name: by it a device is found when Google speaks of it. */
export const nameFact = 'google.device'

export const googleFacts: readonly FactDescriptor[] = [
  { id: nameFact, title: { en: 'Name at Google', de: 'Name bei Google' }, type: 'string', queryable: true },
  {
    id: 'android.companyOwned',
    title: { en: 'Belongs to the company', de: 'Gehört der Organisation' },
    type: 'boolean',
    queryable: true,
  },
  { id: 'google.state', title: { en: 'State at Google', de: 'Zustand bei Google' }, type: 'string', queryable: true },
  {
    id: 'google.policy',
    title: { en: 'Policy document it has applied', de: 'Angewendetes Richtliniendokument' },
    type: 'string',
  },
  {
    id: 'google.policyVersion',
    title: { en: 'Version of the document it has applied', de: 'Version des angewendeten Dokuments' },
    type: 'string',
  },
  {
    id: 'google.policyCompliant',
    title: { en: 'Complies with its document', de: 'Entspricht seinem Dokument' },
    type: 'boolean',
    queryable: true,
  },
  { id: complianceFact, title: { en: 'Report on its document', de: 'Bericht zu seinem Dokument' }, type: 'object' },
  {
    id: 'google.securityPosture',
    title: { en: 'Security posture', de: 'Sicherheitslage' },
    type: 'string',
    queryable: true,
  },
  { id: 'google.lastReport', title: { en: 'Last report', de: 'Letzter Bericht' }, type: 'time' },
  { id: 'android.eids', title: { en: 'eSIM ids', de: 'eSIM-Kennungen' }, type: 'list' },
  ...usageFacts,
  {
    id: 'google.lastPolicySync',
    title: { en: 'Last fetched its document', de: 'Dokument zuletzt geholt' },
    type: 'time',
  },
]

const limits = { text: 1000, details: 200, apps: 1000 } as const
const odd = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

function text(value: Json | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return value.slice(0, limits.text).toWellFormed().replaceAll(odd, '\u{fffd}')
}
const number = (value: Json | undefined) => {
  const n = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof n === 'number' && Number.isFinite(n) ? n : undefined
}
const flag = (value: Json | undefined) => (typeof value === 'boolean' ? value : undefined)

const modes: Readonly<Record<string, string>> = { DEVICE_OWNER: 'device-owner', PROFILE_OWNER: 'profile-owner' }
const owners: Readonly<Record<string, boolean>> = { COMPANY_OWNED: true, PERSONALLY_OWNED: false }
const encrypted: Readonly<Record<string, boolean>> = {
  UNSUPPORTED: false,
  INACTIVE: false,
  ACTIVATING: false,
  ACTIVE: true,
  ACTIVE_DEFAULT_KEY: true,
  ACTIVE_PER_USER: true,
}
const rooted: Readonly<Record<string, boolean>> = {
  SECURE: false,
  POTENTIALLY_COMPROMISED: true,
}
const of = <T>(table: Readonly<Record<string, T>>, value: Json | undefined): T | undefined =>
  typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined

/** `expected`: the document (name and version) that the device is meant to have by now. What Google does not say is left out. */
export function deviceFacts(device: JsonObject, expected?: { name: string; version: number }): JsonObject {
  const hardware = objectOf(device.hardwareInfo) ?? {}
  const software = objectOf(device.softwareInfo) ?? {}
  const network = objectOf(device.networkInfo) ?? {}
  const memory = objectOf(device.memoryInfo) ?? {}
  const settings = objectOf(device.deviceSettings) ?? {}
  const posture = text(objectOf(device.securityPosture)?.devicePosture)
  const facts: Record<string, Json | undefined> = {
    [nameFact]: text(device.name),
    'google.state': text(device.appliedState) ?? text(device.state),
    'google.policy': text(device.appliedPolicyName),
    'google.policyVersion': text(device.appliedPolicyVersion),
    'google.policyCompliant': flag(device.policyCompliant),
    'google.securityPosture': posture,
    'google.lastReport': text(device.lastStatusReportTime),
    'google.lastPolicySync': text(device.lastPolicySyncTime),
    [complianceFact]: compliance(device, expected),
    'android.mode': of(modes, device.managementMode),
    'android.companyOwned': of(owners, device.ownership),
    'android.apiLevel': number(device.apiLevel),
    'android.securityPatch': text(software.securityPatchLevel),
    'agent.version': text(software.androidDevicePolicyVersionName),
    'os.name': 'Android',
    'os.version': text(software.androidVersion),
    'os.build': text(software.androidBuildNumber),
    'os.kernel': text(software.deviceKernelVersion),
    'device.manufacturer': text(hardware.manufacturer) ?? text(hardware.brand),
    'device.model': text(hardware.model),
    'device.serial': text(hardware.serialNumber),
    'device.identifiers': identifiers(hardware, network, device.ownership),
    'hardware.memoryBytes': number(memory.totalRam),
    'android.storageBytes': number(memory.totalInternalStorage),
    'android.lostMode': lost(device.appliedState),
    'security.encrypted': of(encrypted, settings.encryptionStatus) ?? flag(settings.isEncrypted),
    'security.rooted': of(rooted, posture),
    'android.debugging': flag(settings.adbEnabled),
    'android.developerMode': flag(settings.developmentSettingsEnabled),
    'android.passcodeSet': flag(settings.isDeviceSecure),
    'android.eids': eids(hardware.euiccChipInfo),
    // The one name is deprecated: each SIM card has its own.
    'network.operator': objectsOf(network.telephonyInfos)
      .map((t) => text(t.carrierName))
      .concat(text(network.networkOperatorName))
      .find((n) => n !== undefined),
    'android.apps': apps(device.applicationReports),
  }
  return Object.fromEntries(Object.entries(facts).filter((e): e is [string, Json] => e[1] !== undefined))
}

/** Ids of eSIM chips: the company's devices tell them (Android 13). */
function eids(chips: Json | undefined): Json | undefined {
  const found = objectsOf(chips).flatMap((c) => text(c.eid)?.slice(0, 40) ?? [])
  return found.length > 0 ? found.slice(0, 10) : undefined
}

/** When the device said what stands there (ISO 8601). */
export function reportTime(device: JsonObject, otherwise?: string): string | undefined {
  const at = typeof device.lastStatusReportTime === 'string' ? device.lastStatusReportTime : otherwise
  const time = at === undefined ? Number.NaN : Date.parse(at)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

function lost(state: Json | undefined): boolean | undefined {
  return typeof state === 'string' ? state === 'LOST' : undefined
}

/** A personal device keeps its own numbers to itself: what stands there is an id for this company. */
function identifiers(hardware: JsonObject, network: JsonObject, ownership: Json | undefined): Json | undefined {
  const found = [
    ['serial', text(hardware.serialNumber)],
    ...(ownership === 'PERSONALLY_OWNED'
      ? []
      : [['imei', text(network.imei)] as const, ['meid', text(network.meid)] as const]),
  ] as const
  const list = found.flatMap(([kind, value]) => (value && value.length <= 128 ? [{ kind, value }] : []))
  return list.length > 0 ? list : undefined
}

/** What it says of its policy counts for the document that it has applied, and for no other. */
function compliance(device: JsonObject, expected: { name: string; version: number } | undefined): Json | undefined {
  if (!expected) return undefined
  const version = number(device.appliedPolicyVersion) ?? 0
  const current = device.appliedPolicyName === expected.name && version >= expected.version
  const details = objectsOf(device.nonComplianceDetails)
    .slice(0, limits.details)
    .map((d) => Object.fromEntries(Object.entries(d).flatMap(([k, v]) => plain(k, v))))
  return { current, details }
}
function plain(key: string, value: Json): [string, Json][] {
  if (typeof value === 'object') return [[key.slice(0, 64), text(JSON.stringify(value)) ?? null]]
  return [[key.slice(0, 64), typeof value === 'string' ? (text(value) ?? '') : value]]
}

function apps(reports: Json | undefined): Json | undefined {
  if (!Array.isArray(reports)) return undefined
  return objectsOf(reports.slice(0, limits.apps)).flatMap((app) => {
    const packageName = text(app.packageName)
    if (!packageName || app.state === 'REMOVED') return []
    const name = text(app.displayName) ?? packageName
    return [{ packageName, name, version: text(app.versionName) ?? '', versionCode: number(app.versionCode) ?? null }]
  })
}
