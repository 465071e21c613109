/** Facts from what devices say of themselves, in the common words and in Apple's own. */
import type { IdentifierKind, JsonObject } from '@muster/contract'
import type { PlistDict } from '@muster/kit/plist'
import { textOf } from '../wire/index.ts'

const identifiers: readonly (readonly [string, IdentifierKind])[] = [
  ['SerialNumber', 'serial'],
  ['UDID', 'udid'],
  ['IMEI', 'imei'],
  ['MEID', 'meid'],
]

/** Of an Authenticate message. */
export function firstFacts(body: PlistDict): JsonObject {
  const product = textOf(body, 'ProductName') ?? textOf(body, 'Model') ?? ''
  const found: JsonObject = {
    'device.manufacturer': 'Apple',
    'device.name': textOf(body, 'DeviceName') ?? '',
    'device.model': textOf(body, 'ModelName') ?? product,
    'device.serial': textOf(body, 'SerialNumber') ?? '',
    'device.formFactor': formFactorOf(product),
    'os.name': osOf(product),
    'os.version': textOf(body, 'OSVersion') ?? '',
    'os.build': textOf(body, 'BuildVersion') ?? '',
    'apple.udid': textOf(body, 'UDID') ?? '',
    'apple.enrollmentId': textOf(body, 'EnrollmentID') ?? '',
    'apple.product': product,
    'apple.topic': textOf(body, 'Topic') ?? '',
    'device.identifiers': identifiers.flatMap(([key, kind]) => {
      const value = textOf(body, key)
      return value ? [{ kind, value }] : []
    }),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== ''))
}

/** By the product's name ("iPhone15,3", "MacBookPro18,1", "AppleTV11,1"). */
export function formFactorOf(product: string): string {
  if (/^(iPhone|iPod)/.test(product)) return 'phone'
  if (/^iPad/.test(product)) return 'tablet'
  if (/^AppleTV/.test(product)) return 'tv'
  if (/^MacBook/.test(product)) return 'laptop'
  if (/^VirtualMac/.test(product)) return 'virtual'
  return /^(iMac|Mac)/.test(product) ? 'desktop' : 'other'
}

export function osOf(product: string): string {
  if (/^(iPhone|iPod)/.test(product)) return 'iOS'
  if (/^iPad/.test(product)) return 'iPadOS'
  if (/^AppleTV/.test(product)) return 'tvOS'
  if (/^Watch/.test(product)) return 'watchOS'
  if (/^RealityDevice/.test(product)) return 'visionOS'
  return 'macOS'
}
