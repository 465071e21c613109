/**
 * The next identity before the one in use ends ("ROBO", MS-MDE2 3.7): the request is signed with the identity that the device has (CMS), and
 * nothing else proves anything. The one before works until the new one has been in use for a week, so a lost answer locks nobody out.
 */
import type { Bytes, Channel, PlatformHost } from '@muster/contract'
import { CmsError, openSigned } from '@muster/kit/cms'
import { SoapFault, type SoapMessage } from '../soap/index.ts'
import { deviceIdFact, enrollmentTypeFact, one, readItems } from './context.ts'
import { checkRequest } from './csr.ts'
import { renewalDocument } from './provisioning.ts'

/** `certificate`: of the TLS connection, where there is one. Throws a fault. */
export type Renew = (m: SoapMessage, signed: Bytes, certificate: Bytes | undefined) => Promise<string>

export function createRenewal({ host }: { host: PlatformHost }): Renew {
  async function holder(certificate: Bytes): Promise<Channel> {
    const c = await host.identify({ certificate })
    if (!('refused' in c)) return c
    throw notEligible(words[c.refused])
  }

  return async function renew(m, signed, certificate) {
    const { request, signer } = open(signed)
    const items = readItems(m.body)
    checkRequest(request)
    const channel = await holder(signer)
    // Both prove an identity: then it must be the same device's.
    if (certificate && (await holder(certificate)).no !== channel.no)
      throw notEligible('The request is signed by another device than the one that sends it.')
    const { facts } = await host.detail(channel)
    const said = one(items, 'DeviceID')
    if (said !== undefined && said !== facts[deviceIdFact]) throw notEligible('The request is for another device.')
    const type = facts[enrollmentTypeFact] === 'Device' ? 'Device' : 'Full'
    const chain = await host.certificates.issue(channel, request)
    return renewalDocument({ chain, trust: host.server().trust, type })
  }
}

const words = {
  none: 'The identity that signed it is not known here.',
  unknown: 'The identity that signed it is not known here.',
  foreign: 'The identity that signed it is not of this server.',
  expired: 'The identity that signed it has expired: enrol again.',
  revoked: 'The identity that signed it was revoked: enrol again.',
  gone: 'The device is not managed here any more: enrol again.',
} as const

const notEligible = (text: string): SoapFault => new SoapFault('NotEligibleToRenew', text)

/** A renewal by hand has its CMS in base64 once more. */
function open(bytes: Bytes): { request: Bytes; signer: Bytes } {
  const text = bytes[0] === 0x30 ? '' : Buffer.from(bytes).toString('latin1').replace(/\s+/g, '')
  const message = text && /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : bytes
  try {
    const { content, signers } = openSigned(message)
    const [signer, ...others] = signers
    if (!signer || others.length > 0) throw new SoapFault('CertificateRequest', 'One identity signs a renewal.')
    return { request: content, signer: signer.certificate.der }
  } catch (e) {
    if (e instanceof CmsError)
      throw new SoapFault('CertificateRequest', 'The renewal is no request that is signed (CMS) with an identity.')
    throw e
  }
}
