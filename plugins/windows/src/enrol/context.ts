/** What a device says of itself with its request (ac:AdditionalContext of MS-MDE2 3.6.1.1): items by name, some of them many times. */
import type { JsonObject } from '@muster/contract'
import { childrenOf, textAt, type XmlElement } from '@muster/kit/xml'
import { SoapFault } from '../soap/index.ts'

export const enrollmentTypes = ['Full', 'Device'] as const
/** Full: of a user, whose certificate store holds the identity; Device: of the machine, as when it is joined to a directory. */
export type EnrollmentType = (typeof enrollmentTypes)[number]
export type Items = ReadonlyMap<string, readonly string[]>
export interface Context {
  readonly deviceId: string
  readonly enrollmentType: EnrollmentType
  readonly items: Items
}

const bounds = { items: 200, name: 100, value: 4096, kept: 512, keptLetters: 8192 } as const

/** Nothing is required here: a renewal says less. */
export function readItems(request: XmlElement): Items {
  const items = new Map<string, string[]>()
  const given = childrenOf(
    request.children.find((c) => c.name === 'AdditionalContext'),
    'ContextItem',
  )
  if (given.length > bounds.items) throw new SoapFault('InvalidEnrollmentData', 'AdditionalContext has too many items.')
  for (const item of given) {
    const name = (item.attributes.Name ?? '').trim()
    const value = textAt(item, 'Value') ?? ''
    if (!name || name.length > bounds.name || value.length > bounds.value)
      throw new SoapFault(
        'InvalidEnrollmentData',
        'AdditionalContext has an item without a name, or a longer one than any known.',
      )
    const there = items.get(name)
    if (there) there.push(value)
    else items.set(name, [value])
  }
  return items
}

/** Without a DeviceID and a kind of enrolment there is nothing to enrol. */
export function readContext(request: XmlElement): Context {
  const items = readItems(request)
  const [deviceId, type] = [one(items, 'DeviceID'), one(items, 'EnrollmentType')]
  if (!deviceId || !isDeviceId(deviceId))
    throw new SoapFault(
      'InvalidEnrollmentData',
      'AdditionalContext must have one DeviceID of letters, digits and dashes.',
    )
  const enrollmentType = enrollmentTypes.find((t) => t === type)
  if (!enrollmentType)
    throw new SoapFault('InvalidEnrollmentData', 'AdditionalContext must have one EnrollmentType: Full or Device.')
  return { deviceId, enrollmentType, items }
}

const isDeviceId = (text: string): boolean => /^[A-Za-z0-9{}_.:-]{1,128}$/.test(text)

/** undefined: none, or more than one. */
export function one(items: Items, name: string): string | undefined {
  const values = items.get(name)
  return values?.length === 1 && values[0] ? values[0] : undefined
}

/** Items that facts of their own tell, or that are worth nothing later. */
const spoken = new Set([
  'DeviceID',
  'EnrollmentType',
  'DeviceName',
  'Manufacturer',
  'DeviceModel',
  'SerialNumber',
  'OSVersion',
  'OSEdition',
  'Locale',
  'HWDevID',
  'IMEI',
  'EnrollmentData',
  'AIKPub',
  'AIKAttestationClaim',
])

/** As the device's first facts. HWDevID is told, and decides nothing: machines made from one image share it. */
export function factsOf({ deviceId, enrollmentType, items }: Context): JsonObject {
  const named = (fact: string, item: string): JsonObject => {
    const value = one(items, item)
    return value === undefined ? {} : { [fact]: value.slice(0, bounds.kept) }
  }
  const version = one(items, 'OSVersion')
  const build = version && /^\d+\.\d+\.(\d+)/.exec(version)?.[1]
  return {
    'os.name': 'Windows',
    ...named('os.version', 'OSVersion'),
    ...(build && { 'os.build': build }),
    ...named('device.name', 'DeviceName'),
    ...named('device.manufacturer', 'Manufacturer'),
    ...named('device.model', 'DeviceModel'),
    ...named('device.serial', 'SerialNumber'),
    'device.identifiers': identifiersOf(deviceId, items),
    [deviceIdFact]: deviceId,
    [enrollmentTypeFact]: enrollmentType,
    ...named('windows.osEdition', 'OSEdition'),
    ...named('windows.locale', 'Locale'),
    ...named('windows.hardwareId', 'HWDevID'),
    [contextFact]: restOf(items),
  }
}

/** As they were said, repeated ones as lists, up to a bound for all together. */
function restOf(items: Items): JsonObject {
  const rest: [string, string | string[]][] = []
  let left: number = bounds.keptLetters
  for (const [name, values] of items) {
    if (spoken.has(name)) continue
    const kept = values.map((v) => v.slice(0, bounds.kept))
    left -= kept.reduce((n, v) => n + v.length, name.length)
    if (left < 0) break
    rest.push([name, kept.length === 1 ? (kept[0] ?? '') : kept])
  }
  return Object.fromEntries(rest)
}

export const deviceIdFact = 'windows.deviceId'
export const enrollmentTypeFact = 'windows.enrollmentType'
export const contextFact = 'windows.enrolmentContext'

/**
 * DeviceID is Windows' word for this installation, copied with a disk image: the serial number says better which machine it is. The addresses of
 * its adapters say nothing: docks and virtual networks give many machines the same.
 */
function identifiersOf(deviceId: string, items: Items): JsonObject[] {
  const serial = one(items, 'SerialNumber')
  const imeis = (items.get('IMEI') ?? []).filter((v) => v.length > 0 && v.length <= 128).slice(0, 4)
  return [
    ...(serial && serial.length <= 128 ? [{ kind: 'serial', value: serial }] : []),
    { kind: 'machine-id', value: deviceId },
    ...imeis.map((value) => ({ kind: 'imei', value })),
  ]
}
