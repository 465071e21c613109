/** Inventory: which nodes are read of a PC, part by part. What one of them refuses stops none of the others. */
import { type ChannelDetail, deviceInventory, type Json, type JsonObject, type Outcome } from '@muster/contract'
import { type Answer, nodesFact, readAnswer, type Work } from '../wire/index.ts'
import { commands, get, type Operation, objectOf, replace, vendor } from './row.ts'

const under = (root: string, names: string): string[] => names.split(' ').map((n) => `${root}/${n}`)

const device = [
  ...under('./DevDetail', 'SwV FwV HwV OEM DevTyp Ext/WLANMACAddress'),
  ...under(
    './DevDetail/Ext/Microsoft',
    'OSPlatform ProcessorArchitecture DeviceName TotalRAM TotalStorage FreeStorage SMBIOSSerialNumber DNSComputerName',
  ),
  ...under(
    `${vendor}/DeviceStatus`,
    'OS/Edition OS/Mode DomainName SecureBootState Compliance/EncryptionCompliance TPM/SpecificationVersion TPM/ManufacturerName TPM/ManufacturerVersion Antivirus/SignatureStatus Antivirus/Status Firewall/Status UAC/Status DeviceGuard/VirtualizationBasedSecurityStatus DeviceGuard/LsaCfgCredGuardStatus DeviceGuard/HypervisorEnforcedCodeIntegrityStatus DeviceGuard/SystemGuardStatus DMA/BootDMAProtectionStatus Battery/Status Battery/EstimatedChargeRemaining NetworkIdentifiers?list=StructData',
  ),
  `${vendor}/DeviceManageability/Capabilities/CSPVersions`,
  `${vendor}/DMClient/HWDevID`,
]
const security = [
  ...under(
    `${vendor}/Defender/Health`,
    'ProductStatus ComputerState DefenderEnabled RtpEnabled NisEnabled QuickScanOverdue FullScanOverdue SignatureOutOfDate RebootRequired FullScanRequired EngineVersion SignatureVersion DefenderVersion QuickScanTime FullScanTime TamperProtectionEnabled',
  ),
  ...under(
    `${vendor}/BitLocker/Status`,
    'DeviceEncryptionStatus RotateRecoveryPasswordsStatus RotateRecoveryPasswordsRequestID',
  ),
  ...under(
    `${vendor}/CertificateStore`,
    'My/System?list=StructData Root/System?list=StructData CA/System?list=StructData',
  ),
]
const appQuery = '<Inventory Output="PackageDetails" PackageTypeFilter="Main"/>'
const modern = `${vendor}/EnterpriseModernAppManagement/AppManagement`
const apps = commands(
  replace(`${modern}/AppInventoryQuery`, appQuery, 'xml'),
  get(`${modern}/AppInventoryResults`),
  get(`${vendor}/Win32AppInventory/Win32InstalledProgram?list=StructData`),
  get(`${vendor}/EnterpriseDesktopAppManagement/MSI?list=StructData`),
)
const updates = under(
  `${vendor}/Update`,
  'InstalledUpdates?list=StructData FailedUpdates?list=StructData PendingRebootUpdates?list=StructData LastSuccessfulScanTime',
)
const mostSettings = 2_000

/** The parts that are the same for every PC. */
const fixed = [device, security, apps.commands.map((c) => c.uri), updates].map((uris) => new Set(uris))

type Facts = Pick<ChannelDetail, 'facts'>
/** What settings have written or watch, and no other part reads. */
const settingsOf = (c: Facts): string[] =>
  Object.keys(objectOf(c.facts[nodesFact]) ?? {})
    .filter((uri) => !fixed.some((part) => part.has(uri)))
    .slice(0, mostSettings)
const gets = (uris: readonly string[]): Work => commands(...uris.map(get))

/** In this order. The last are the nodes that settings have written: so is drift found. */
const parts: readonly { work(c: Facts): Work }[] = [
  { work: () => gets(device) },
  { work: () => gets(security) },
  { work: () => apps },
  { work: () => gets(updates) },
  { work: (c) => gets(settingsOf(c).filter((uri) => uri.startsWith('./Device') || !uri.startsWith('./User'))) },
  { work: (c) => gets(settingsOf(c).filter((uri) => uri.startsWith('./User'))) },
]

export const inventoryWork = (step: number, c: Facts): Work =>
  (parts[step] ?? (parts[0] as (typeof parts)[number])).work(c)
/** The first from this one on that asks for anything; undefined: there is none. */
export function nextStep(from: number, c: Facts): number | undefined {
  const at = parts.findIndex((p, i) => i >= from && p.work(c).commands.length > 0)
  return at < 0 ? undefined : at
}
export function stepIn(value: Json | undefined): number {
  const step = objectOf(value)?.step
  return typeof step === 'number' && parts[step] ? step : 0
}

/** Which part an answer is of; undefined: nothing tells. */
function stepOf(answer: Answer): number | undefined {
  const uris = new Set([...answer.statuses.map((s) => s.uri), ...answer.results.map((r) => r.uri)])
  const at = fixed.findIndex((known) => [...uris].some((uri) => known.has(uri)))
  return at < 0 ? undefined : at
}

function outcome(reply: Json, c: ChannelDetail, kept: Json | undefined): Outcome {
  const answer = readAnswer(reply)
  if (!answer) return { state: 'unreadable', reason: { code: 'unreadable', text: 'This is no answer of OMA DM.' } }
  const asked = stepIn(kept)
  const at = stepOf(answer) ?? asked
  // An answer that comes late, or twice, sets nothing back.
  if (at < asked) return { state: 'again', kept: { step: asked } }
  if (at === 0 && answer.results.length === 0)
    return { state: 'failed', reason: { code: 'no-answer', text: 'The device tells nothing of itself.' } }
  const next = nextStep(at + 1, c)
  if (next !== undefined) return { state: 'again', kept: { step: next } }
  return { state: 'completed', result: { facts: Object.keys(c.facts).length } }
}

const wire = (step: number) => inventoryWork(step, { facts: {} }) as unknown as Json
const told = (uri: string, data: string): JsonObject => ({
  statuses: [{ verb: 'Get', uri, code: 200 }],
  results: [{ uri, data }],
})
export const inventory: Operation = {
  descriptor: deviceInventory as Operation['descriptor'],
  row: {
    channel: 'device',
    rounds: true,
    to: (_params, c, _secrets, kept) => inventoryWork(stepIn(kept), c) as unknown as Json,
    from: outcome,
    examples: [
      {
        in: {},
        wire: wire(0),
        replies: [
          { reply: told('./DevDetail/SwV', '10.0.22631.4317'), outcome: { state: 'again', kept: { step: 1 } } },
          {
            reply: told(`${vendor}/Update/LastSuccessfulScanTime`, ''),
            outcome: { state: 'completed', result: { facts: 0 } },
          },
          {
            reply: { statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 500 }], results: [] },
            outcome: { state: 'failed', reason: { code: 'no-answer', text: 'The device tells nothing of itself.' } },
          },
        ],
      },
      { in: {}, kept: { step: 2 }, wire: wire(2) },
    ],
  },
}
