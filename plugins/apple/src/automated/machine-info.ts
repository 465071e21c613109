/** What a device says of itself while it is set up (Apple, MachineInfo): signed with the identity that Apple made it with, which is judged. */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Bytes } from '@muster/contract'
import { type CertificateParts, CmsError, openSigned } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'
import { isDict, PlistError, readPlist } from '@muster/kit/plist'
import { textOf } from '../wire/index.ts'

export interface Machine {
  readonly serial: string
  readonly udid: string
  readonly product: string
  readonly language?: string
}
export const machineBytes = 64 * 1024

/** "Apple iPhone Device CA", which certifies phones, tablets, TVs and Macs alike (apple.com/certificateauthority). */
const applesOwn = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDxlErJ6rpaGGCty6JNTU5UGWkX
WQdmy5foZppHX0auZ3q1SnNUscsE9r02uAxVOIqEgzFSZfkz4Zd3nCtMJrAlP+ky
qnsIdJTswUs4HWdOCFKUWotZo1zXk/Sg/lWFu0xGl15usndFL2dcvAsYv1m5bIb3
KnV20hlx9CljuSULrwIDAQAB
-----END PUBLIC KEY-----
`

/** Whose devices are believed: Apple's, or those of the authority in this PEM. */
export function deviceAuthority(pem?: string): KeyObject {
  return pem === undefined ? createPublicKey(applesOwn) : new X509Certificate(pem).publicKey
}

/**
 * Undefined: it is none, or not of a device of this authority. Exactly one signature, by a certificate that this very authority has issued: one that only chains
 * to Apple's root could be a developer's. Validity ends are not looked at: Apple's own authority ended in 2014, and it says to ignore that.
 */
export function readMachineInfo(message: Bytes, authority: KeyObject): Machine | undefined {
  try {
    const { content, signers } = openSigned(message)
    const [signer, ...others] = signers
    if (!signer || others.length > 0 || !isOf(signer.certificate, authority)) return undefined
    const said = readPlist(content, { bytes: machineBytes, depth: 8, values: 200 })
    if (!isDict(said)) return undefined
    const [serial, udid, product] = ['SERIAL', 'UDID', 'PRODUCT'].map((key) => textOf(said, key) ?? '')
    const readable = [serial, udid, product].every((t) => t && t.length <= 64 && /^[\w,.-]+$/.test(t))
    return readable
      ? {
          serial: serial as string,
          udid: udid as string,
          product: product as string,
          language: textOf(said, 'LANGUAGE'),
        }
      : undefined
  } catch (e) {
    if (e instanceof CmsError || e instanceof DerError || e instanceof PlistError) return undefined
    throw e
  }
}

function isOf(certificate: CertificateParts, authority: KeyObject): boolean {
  try {
    return certificate.x509.verify(authority)
  } catch {
    // An algorithm of another kind than the authority's key.
    return false
  }
}
