/** As much of DER and X.509 as certificates of tests need. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  const n = content.length
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts)
const oid = (hex: string) => tlv(0x06, Buffer.from(hex, 'hex'))
const text = (value: string) => tlv(0x0c, Buffer.from(value))
const moment = (at: Date) => tlv(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
const attribute = (type: string, value: string) => tlv(0x31, sequence(oid(type), text(value)))

const ids = {
  commonName: '550403',
  uid: '0992268993f22c640101',
  rsaSha256: '2a864886f70d01010b',
  basic: '551d13',
  names: '551d11',
}
const rsaSha256 = sequence(oid(ids.rsaSha256), tlv(0x05))

export interface TestIdentity {
  readonly key: KeyObject
  readonly certificate: Buffer
  /** PEM */
  readonly keyText: string
  readonly certificateText: string
}
export interface TestCertificateOptions {
  name: string
  /** Attribute UID of the subject: the topic of a push certificate. */
  uid?: string
  /** Absent: it signs itself, as an authority. */
  issuer?: { name: string; key: KeyObject }
  key?: KeyObject
  from?: Date
  until?: Date
  /** Addresses (IPv4) that it is a server's certificate for. */
  address?: string
}

export const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`

/** RSA 2048, valid from an hour ago for a year, unless told. */
export function testCertificate(o: TestCertificateOptions): TestIdentity {
  const key = o.key ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const from = o.from ?? new Date(Date.now() - 3_600_000)
  const until = o.until ?? new Date(Date.now() + 365 * 86_400_000)
  const name = (cn: string, uid?: string) =>
    sequence(...(uid === undefined ? [] : [attribute(ids.uid, uid)]), attribute(ids.commonName, cn))
  const extensions = [
    sequence(
      oid(ids.basic),
      tlv(0x01, Buffer.from([0xff])),
      tlv(0x04, sequence(...(o.issuer ? [] : [tlv(0x01, Buffer.from([0xff]))]))),
    ),
    ...(o.address === undefined
      ? []
      : [sequence(oid(ids.names), tlv(0x04, sequence(tlv(0x87, Buffer.from(o.address.split('.').map(Number))))))]),
  ]
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)])
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    rsaSha256,
    name(o.issuer?.name ?? o.name, o.issuer ? undefined : o.uid),
    sequence(moment(from), moment(until)),
    name(o.name, o.uid),
    publicKey(key),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', tbs, o.issuer?.key ?? key)
  const certificate = sequence(tbs, rsaSha256, tlv(0x03, Buffer.from([0]), signature))
  return {
    key,
    certificate,
    keyText: key.export({ format: 'pem', type: 'pkcs8' }) as string,
    certificateText: pem('CERTIFICATE', certificate),
  }
}
function publicKey(key: KeyObject): Buffer {
  const { n = '', e = '' } = key.export({ format: 'jwk' })
  const number = (base64: string) => {
    const bytes = Buffer.from(base64, 'base64url')
    return tlv(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes)
  }
  const rsa = sequence(oid('2a864886f70d010101'), tlv(0x05))
  return sequence(rsa, tlv(0x03, Buffer.from([0]), sequence(number(n), number(e))))
}
