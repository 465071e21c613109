/** What we certify: devices as TLS clients, and this server. Subject, validity and every extension are written here, never by who asks. */
import { isIP } from 'node:net'
import { type Authorities, authorityAlgorithm } from './authorities.ts'
import { newSerial } from './encoding.ts'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  type PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from './x509.ts'

export interface Leaf {
  subject: JsonName
  names: JsonGeneralName[]
  /** `any`: no extended key usage; the key signs and decrypts for a protocol of ours. */
  usage: 'clientAuth' | 'serverAuth' | 'any'
  publicKey: PublicKey
  rsa: boolean
  validDays: number
  /** The database's clock. */
  now: Date
  crlUrl?: string
}
const usages = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const
/** Clocks of devices run behind: a certificate is valid a little before it was made. */
const skewMs = 10 * 60_000

/** Signs it; it never outlives the authority that signs. */
export async function signLeaf(a: Authorities, l: Leaf): Promise<X509Certificate> {
  const second = Math.floor(l.now.getTime() / 1000) * 1000
  const notAfter = new Date(Math.min(second + l.validDays * 86_400_000, a.issuing.notAfter.getTime()))
  const flags = KeyUsageFlags.digitalSignature | (l.rsa ? KeyUsageFlags.keyEncipherment : 0)
  return X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: l.subject,
    issuer: a.issuing.certificate.subjectName,
    notBefore: new Date(second - skewMs),
    notAfter,
    publicKey: l.publicKey,
    signingKey: a.key,
    signingAlgorithm: authorityAlgorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(flags, true),
      ...(l.usage === 'any' ? [] : [new ExtendedKeyUsageExtension([usages[l.usage]], false)]),
      ...(l.names.length > 0 ? [new SubjectAlternativeNameExtension(l.names, false)] : []),
      await SubjectKeyIdentifierExtension.create(l.publicKey),
      await AuthorityKeyIdentifierExtension.create(a.issuing.certificate.publicKey),
      ...(l.crlUrl ? [new CRLDistributionPointsExtension([l.crlUrl])] : []),
    ],
  })
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
