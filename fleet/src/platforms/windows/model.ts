/** Which PC it is: make, edition, names and numbers, and the manner in which it speaks; all by the seed. */
import type { Random } from '../../random.ts'

interface Kind {
  readonly manufacturer: string
  readonly product: string
  readonly form: 'laptop' | 'desktop'
  /** Windows' version and its name for the edition. */
  readonly version: string
  readonly edition: 'Pro' | 'Enterprise' | 'Home' | 'Education'
  /** OSEdition of the enrolment (MS-MDE2) and DeviceStatus/OS/Edition: PRODUCT_* of winnt.h. */
  readonly sku: number
  readonly memoryMb: number
  readonly diskGb: number
}
const kinds: readonly [Kind, ...Kind[]] = [
  {
    manufacturer: 'LENOVO',
    product: '21HD000XGE',
    form: 'laptop',
    version: '10.0.26200.6899',
    edition: 'Pro',
    sku: 48,
    memoryMb: 32_768,
    diskGb: 1024,
  },
  {
    manufacturer: 'Dell Inc.',
    product: 'Latitude 7440',
    form: 'laptop',
    version: '10.0.22631.4317',
    edition: 'Enterprise',
    sku: 4,
    memoryMb: 16_384,
    diskGb: 512,
  },
  {
    manufacturer: 'HP',
    product: 'HP ProDesk 400 G7',
    form: 'desktop',
    version: '10.0.19045.5011',
    edition: 'Pro',
    sku: 48,
    memoryMb: 8192,
    diskGb: 256,
  },
  {
    manufacturer: 'Microsoft Corporation',
    product: 'Surface Laptop 5',
    form: 'laptop',
    version: '10.0.26100.2033',
    edition: 'Enterprise',
    sku: 4,
    memoryMb: 16_384,
    diskGb: 512,
  },
  {
    manufacturer: 'VMware, Inc.',
    product: 'VMware7,1',
    form: 'desktop',
    version: '10.0.19043.928',
    edition: 'Education',
    sku: 121,
    memoryMb: 4096,
    diskGb: 60,
  },
  {
    manufacturer: 'Acer',
    product: 'Aspire A515-57',
    form: 'laptop',
    version: '10.0.22631.4317',
    edition: 'Home',
    sku: 101,
    memoryMb: 8192,
    diskGb: 512,
  },
]

/** How it speaks; nothing of it changes while it lives. */
export interface Manner {
  /** oiw: SHA-1 by the OIW's name, the subject a PrintableString that ends in NUL, as 19043 sends it; modern: SHA-256, UTF8String, with extensions. */
  readonly request: 'oiw' | 'modern'
  /** Shows its certificate, or proves itself by digests alone. */
  readonly proof: 'certificate' | 'digest'
  /** Asks the server to prove itself, too. */
  readonly mutual: boolean
  readonly wbxml: boolean
  /** A Replace of what is not there makes it, or is answered 404 (as OMA DM has it); of a policy it always does. */
  readonly lenient: boolean
  /** Bytes that it says in one piece: longer values go out in parts. */
  readonly chunk: number
  /** Status of an Atomic's children before the Atomic's own, or after it. */
  readonly childFirst: boolean
  readonly enrolmentType: 'Full' | 'Device'
}
export interface Model extends Kind {
  /** 32 hexadecimal digits (MS-MDE2, DeviceID). */
  readonly deviceId: string
  readonly hardwareId: string
  readonly name: string
  readonly serial: string
  readonly macs: readonly [string, ...string[]]
  readonly ip: string
  readonly language: string
  readonly manner: Manner
}

const hexOf = (r: Random, digits: number) => r.hex(digits).toUpperCase()

export function modelOf(r: Random, no: number): Model {
  const kind = r.pick(kinds)
  const number = no.toString(36).toUpperCase().padStart(5, '0')
  return {
    ...kind,
    deviceId: hexOf(r, 32),
    hardwareId: hexOf(r, 64),
    name: `${kind.form === 'laptop' ? 'LT' : 'PC'}-${number}-${hexOf(r, 4)}`,
    // Its number is in it: no two devices of a fleet are one.
    serial: `W${hexOf(r, 5)}${number}`,
    macs: Array.from({ length: r.int(1, 3) }, () => hexOf(r, 12).replace(/(..)(?!$)/g, '$1-')) as [string, ...string[]],
    ip: `10.${r.int(0, 255)}.${r.int(0, 255)}.${r.int(1, 254)}`,
    language: r.pick(['en-US', 'de-DE', 'pl-PL', 'ja-JP']),
    manner: {
      request: r.next() < 0.4 ? 'oiw' : 'modern',
      proof: r.next() < 0.7 ? 'certificate' : 'digest',
      mutual: r.next() < 0.2,
      wbxml: r.next() < 0.2,
      lenient: r.next() < 0.7,
      chunk: r.next() < 0.2 ? 4096 : 400_000,
      childFirst: r.next() < 0.5,
      enrolmentType: r.next() < 0.8 ? 'Full' : 'Device',
    },
  }
}
