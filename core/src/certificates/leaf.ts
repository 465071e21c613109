/** What we certify: devices as TLS clients, and this server. Subject, validity and every extension are written here, never by who asks. */
import { sign as signing } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import type { Authorities } from './authorities.ts'
import { derOf, derTime, keyIdentifier, newSerial } from './encoding.ts'
import { type Extension, type JsonGeneralName, type JsonName, x509 } from './x509.ts'

export interface Leaf {
  subject: JsonName
  names: JsonGeneralName[]
  /** `any`: no extended key usage; the key signs and decrypts for a protocol of ours. */
  usage: 'clientAuth' | 'serverAuth' | 'any'
  /** SubjectPublicKeyInfo. */
  publicKey: { readonly rawData: ArrayBuffer | Uint8Array }
  rsa: boolean
  validDays: number
  /** The database's clock. */
  now: Date
  crlUrl?: string
}
export interface SignedLeaf {
  /** DER. */
  rawData: Buffer
  serialNumber: string
  /** As RFC 4514 writes names. */
  subject: string
  notBefore: Date
  notAfter: Date
}
const usages = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const
const sign = promisify(signing)
/** Clocks of devices run behind: a certificate is valid a little before it was made. */
const skewMs = 10 * 60_000
/** sha256WithRSAEncryption, as every authority here signs (RFC 8017). */
const algorithm = Buffer.from('300d06092a864886f70d01010b0500', 'hex')
/** [0] EXPLICIT version 3, and the identifier of the subject's key identifier (RFC 5280, 4.2.1.2). */
const version3 = Buffer.from('a003020102', 'hex')
const idSubjectKey = Buffer.from('0603551d0e', 'hex')
const [sequence, integer, bits, octets, explicit3] = [0x30, 0x02, 0x03, 0x04, 0xa3]

/**
 * Signs it; it never outlives the authority that signs. The parts that all have in common are written by the library, once: written anew with each
 * it took longer than the signature, which is made in the thread pool.
 */
export async function signLeaf(a: Authorities, l: Leaf): Promise<SignedLeaf> {
  const second = Math.floor(l.now.getTime() / 1000) * 1000
  const notBefore = new Date(second - skewMs)
  const notAfter = new Date(Math.min(second + l.validDays * 86_400_000, a.issuing.notAfter.getTime()))
  const serialNumber = newSerial()
  const subject = new (x509().Name)(l.subject)
  const spki = Buffer.from(l.publicKey.rawData as Uint8Array)
  const content = derOf(
    sequence,
    version3,
    derOf(integer, Buffer.from(serialNumber, 'hex')),
    algorithm,
    a.issuing.name,
    derOf(sequence, derTime(notBefore), derTime(notAfter)),
    Buffer.from(subject.toArrayBuffer()),
    spki,
    derOf(explicit3, derOf(sequence, ...extensions(a, l, spki))),
  )
  const signature = await sign('sha256', content, a.signer)
  const rawData = derOf(sequence, content, algorithm, derOf(bits, Buffer.from([0]), signature))
  return { rawData, serialNumber, subject: subject.toString(), notBefore, notAfter }
}

function extensions(a: Authorities, l: Leaf, spki: Buffer): Buffer[] {
  const x = x509()
  const flags = x.KeyUsageFlags.digitalSignature | (l.rsa ? x.KeyUsageFlags.keyEncipherment : 0)
  const { usage, crlUrl } = l
  return [
    common('constraints', () => new x.BasicConstraintsExtension(false, undefined, true)),
    common(`use ${flags}`, () => new x.KeyUsagesExtension(flags, true)),
    ...(usage === 'any' ? [] : [common(usage, () => new x.ExtendedKeyUsageExtension([usages[usage]], false))]),
    ...(l.names.length > 0 ? [Buffer.from(new x.SubjectAlternativeNameExtension(l.names, false).rawData)] : []),
    derOf(sequence, idSubjectKey, derOf(octets, derOf(octets, keyIdentifier(spki)))),
    a.issuing.identifier,
    ...(crlUrl ? [common(`list ${crlUrl}`, () => new x.CRLDistributionPointsExtension([crlUrl]))] : []),
  ]
}

const written = new Map<string, Buffer>()
/** Extensions that many certificates have; there are as many as kinds of them. */
function common(name: string, make: () => Extension): Buffer {
  const known = written.get(name)
  if (known) return known
  const made = Buffer.from(make().rawData)
  written.set(name, made)
  return made
}

/** Device id, organisation, and the channel when it is not the device's own. */
export function deviceSubject(o: { organisation: string; device: string; channel: string }): JsonName {
  return [
    { O: [o.organisation] },
    ...(o.channel === 'device' ? [] : [{ OU: [o.channel.slice(0, 64)] }]),
    { CN: [o.device] },
  ]
}

/** Host names and addresses as a certificate names them. */
export function hostNames(hosts: readonly string[]): JsonGeneralName[] {
  return hosts.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }))
}
