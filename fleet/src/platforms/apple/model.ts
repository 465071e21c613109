/** Which device it is: hardware, names and numbers, and the manner in which it speaks; all by the seed. */
import { createHash } from 'node:crypto'
import type { JsonObject } from '@muster/contract'
import { forms } from '../../pki/index.ts'
import type { Random } from '../../random.ts'

export type Family = 'iphone' | 'ipad' | 'mac' | 'tv'
interface Kind {
  readonly family: Family
  readonly product: string
  readonly model: string
  readonly name: string
  readonly os: string
  readonly build: string
  /** Gigabytes. */
  readonly capacity: number
}
const kinds: readonly [Kind, ...Kind[]] = [
  {
    family: 'iphone',
    product: 'iPhone15,3',
    model: 'MQ9X3',
    name: 'iPhone',
    os: '18.1',
    build: '22B83',
    capacity: 256,
  },
  { family: 'iphone', product: 'iPhone12,1', model: 'MHDA3', name: 'iPhone', os: '14.8', build: '18H17', capacity: 64 },
  {
    family: 'iphone',
    product: 'iPhone14,7',
    model: 'MPVN3',
    name: 'iPhone',
    os: '17.6',
    build: '21G80',
    capacity: 128,
  },
  { family: 'ipad', product: 'iPad14,3', model: 'MNXD3', name: 'iPad', os: '18.1', build: '22B83', capacity: 128 },
  {
    family: 'mac',
    product: 'MacBookPro18,3',
    model: 'MKGP3',
    name: 'MacBook Pro',
    os: '15.1',
    build: '24B83',
    capacity: 512,
  },
  {
    family: 'mac',
    product: 'Macmini9,1',
    model: 'MGNR3',
    name: 'Mac mini',
    os: '12.7.6',
    build: '21H1320',
    capacity: 256,
  },
  { family: 'mac', product: 'iMac21,1', model: 'MGPH3', name: 'iMac', os: '14.7', build: '23H124', capacity: 256 },
  { family: 'tv', product: 'AppleTV14,1', model: 'MN873', name: 'Apple TV', os: '18.1', build: '22J580', capacity: 64 },
]
const owners = [
  'Ada',
  'Bea',
  'Chandra',
  'Dai',
  'Élodie',
  'Farid',
  'Grażyna',
  'Hana',
  'Ines',
  'Jörg',
  '美咲',
  'Lev',
] as const

/** How it speaks; nothing of it changes while it lives. */
export interface Manner {
  /** A name in `forms`: how it signs what it says. */
  readonly form: string
  readonly binary: boolean
  readonly method: 'PUT' | 'POST'
  readonly key: 'rsa' | 'ec'
  readonly scep: 'post' | 'get' | 'both'
}
export interface Model extends Kind {
  readonly udid: string
  /** What it calls itself where a person enrolled it as an own device. */
  readonly enrollmentId: string
  readonly serial: string
  readonly imei?: string
  readonly wifiMac: string
  readonly bluetoothMac: string
  readonly deviceName: string
  /** A Mac's user, who has a channel of its own; on others nobody has. */
  readonly user?: { readonly id: string; readonly short: string; readonly long: string }
  readonly supervised: boolean
  /** Its setup assistant waits until it is told to go on. */
  readonly awaits: boolean
  readonly manner: Manner
  /** Declarative management: iOS 15, macOS 13 and tvOS 16 have it. */
  readonly declarative: boolean
}

const hexOf = (r: Random, digits: number) => r.hex(digits).toUpperCase()
const uuidOf = (r: Random) => [8, 4, 4, 4, 12].map((n) => hexOf(r, n)).join('-')
const uuidFrom = (text: string) =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .toUpperCase()
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
const macOf = (r: Random) => `a8:${[0, 0, 0, 0, 0].map(() => r.hex(2)).join(':')}`

export function modelOf(r: Random, no: number): Model {
  const kind = r.pick(kinds)
  const owner = r.pick(owners)
  const mac = kind.family === 'mac'
  const [major = 0] = kind.os.split('.').map(Number)
  const udid = mac ? uuidOf(r) : `0000${r.int(8020, 8140)}-${hexOf(r, 16)}`
  return {
    ...kind,
    udid,
    enrollmentId: uuidFrom(udid),
    // Its number is in it: no two devices of a fleet are one.
    serial: `F${hexOf(r, 5)}${no.toString(36).toUpperCase().padStart(5, '0')}`,
    ...(kind.family === 'iphone' && { imei: imeiOf(r) }),
    wifiMac: macOf(r),
    bluetoothMac: macOf(r),
    deviceName: `${owner}’s ${kind.name}`,
    ...(mac && { user: { id: uuidOf(r), short: owner.toLowerCase(), long: `${owner} Example` } }),
    supervised: r.next() < 0.6,
    awaits: r.next() < 0.25,
    manner: mannerOf(r, kind.family),
    declarative: major >= { iphone: 15, ipad: 15, mac: 13, tv: 16 }[kind.family],
  }
}

function imeiOf(r: Random): string {
  const digits = Array.from({ length: 14 }, (_, i) => (i < 2 ? [3, 5][i] : r.int(0, 9)) ?? 0)
  const sum = digits.reduce((s, d, i) => s + (i % 2 === 0 ? d : d < 5 ? 2 * d : 2 * d - 9), 0)
  return `${digits.join('')}${(10 - (sum % 10)) % 10}`
}

function mannerOf(r: Random, family: Family): Manner {
  const names = Object.keys(forms) as [string, ...string[]]
  return {
    form: r.next() < 0.5 ? (family === 'mac' ? 'mac' : 'phone') : r.pick(names),
    binary: r.next() < 0.15,
    method: r.next() < 0.9 ? 'PUT' : 'POST',
    key: 'rsa',
    scep: r.next() < 0.8 ? 'post' : r.pick(['get', 'both']),
  }
}

/** What an Authenticate message tells (Apple, Authenticate). */
export function firstWords(m: Model, osVersion: string, mode?: 'BYOD' | 'ADDE'): JsonObject {
  if (mode === 'BYOD') return { BuildVersion: m.build, OSVersion: osVersion, ProductName: m.product }
  return {
    BuildVersion: m.build,
    DeviceName: m.deviceName,
    ...(m.imei && { IMEI: m.imei }),
    Model: m.model,
    ModelName: m.name,
    OSVersion: osVersion,
    ProductName: m.product,
    SerialNumber: m.serial,
  }
}
