/** Inventory: what is asked of a device, one command after the other, and the facts in the answers. */
import type { Json, JsonObject, OperationRow, Outcome } from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'

export const deviceQueries = [
  'UDID',
  'DeviceName',
  'OSVersion',
  'BuildVersion',
  'ModelName',
  'Model',
  'ProductName',
  'SerialNumber',
  'DeviceCapacity',
  'AvailableDeviceCapacity',
  'BatteryLevel',
  'IMEI',
  'MEID',
  'IsSupervised',
  'HostName',
  'WiFiMAC',
  'BluetoothMAC',
] as const
/** In this order; the answer tells by its keys which one it belongs to. */
const steps = [
  { command: { RequestType: 'DeviceInformation', Queries: [...deviceQueries] }, key: 'QueryResponses' },
  { command: { RequestType: 'SecurityInfo' }, key: 'SecurityInfo' },
  { command: { RequestType: 'ProfileList' }, key: 'ProfileList' },
] as const

export const inventoryRow: OperationRow = {
  channel: 'device',
  examples: [],
  to: (_params, _c, _secrets, kept) => ({ ...(steps[stepOf(kept)] ?? steps[0]).command }) as unknown as Json,
  from: (reply): Outcome => {
    const outcome = replyOutcome(reply, (r) => ({ facts: Object.keys(readFacts(r) ?? {}).length }))
    if (outcome.state !== 'completed') return outcome
    const at = steps.findIndex((s) => Object.hasOwn(reply as object, s.key))
    return at < 0 || at === steps.length - 1 ? outcome : { state: 'again', kept: { step: at + 1 } }
  },
}

function stepOf(kept: Json | undefined): number {
  const step = typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? kept.step : 0
  return typeof step === 'number' ? step : 0
}

/** Facts of any reply that carries some. */
export function readFacts(reply: JsonObject): JsonObject | undefined {
  const found: JsonObject = {}
  const device = objectOf(reply.QueryResponses)
  if (device) {
    put(found, 'device.name', device.DeviceName)
    put(found, 'os.version', device.OSVersion)
    put(found, 'os.build', device.BuildVersion)
    put(found, 'network.hostname', device.HostName)
    put(found, 'apple.supervised', device.IsSupervised)
    if (typeof device.BatteryLevel === 'number' && device.BatteryLevel >= 0)
      found['power.batteryPercent'] = Math.round(device.BatteryLevel * 100)
  }
  const security = objectOf(reply.SecurityInfo)
  if (security) {
    put(found, 'apple.passcodePresent', security.PasscodePresent)
    if (typeof security.FDE_Enabled === 'boolean') found['security.encrypted'] = security.FDE_Enabled
    else if (typeof security.HardwareEncryptionCaps === 'number')
      found['security.encrypted'] = security.HardwareEncryptionCaps === 3 && security.PasscodePresent === true
  }
  if (Array.isArray(reply.ProfileList))
    found['apple.profiles'] = reply.ProfileList.flatMap((p) => {
      const profile = objectOf(p)
      const { PayloadIdentifier: identifier, PayloadUUID: uuid, PayloadDisplayName: name } = profile ?? {}
      return typeof identifier === 'string' && typeof uuid === 'string' ? [{ identifier, uuid, name: name ?? '' }] : []
    })
  return Object.keys(found).length > 0 ? found : undefined
}

function put(found: JsonObject, fact: string, value: Json | undefined): void {
  if (value !== undefined && value !== null && value !== '') found[fact] = value
}
function objectOf(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}
