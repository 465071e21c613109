/** The profile that brings a device in: who signed it, where its identity comes from, where it is managed from. */
import type { Json, JsonObject } from '@muster/contract'
import type { Subject } from '../../pki/index.ts'
import { open } from '../../pki/index.ts'
import { isDict, readDict } from './plist.ts'

/** JSON: it is kept on disk. */
export interface Enrolment {
  readonly identifier: string
  readonly uuid: string
  readonly name: string
  readonly scep: { readonly url: string; readonly challenge?: string; readonly subject: Subject; readonly bits: number }
  readonly topic: string
  readonly server: string
  readonly checkin: string
  /** Messages are signed; else the certificate of the TLS connection is the proof. */
  readonly signs: boolean
  readonly checksOut: boolean
  readonly rights: number
  readonly capabilities: readonly string[]
  readonly signed: boolean
  /** It came with a Managed Apple Account: as the person's own device, or as the organisation's. */
  readonly mode?: 'BYOD' | 'ADDE'
  readonly account?: string
}

/** What the device refuses to install: in its own words. */
export class BadProfile extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'BadProfile'
  }
}

export interface ReadProfile {
  readonly profile: JsonObject
  readonly payloads: readonly JsonObject[]
  /** DER of its signer. */
  readonly signer?: Buffer
}

/** Signed or not. Checks what every device checks before anything else: the signature, and the keys that all profiles and payloads have. Throws BadProfile. */
export function readProfile(bytes: Uint8Array): ReadProfile {
  const { xml, signer } = unwrapped(bytes)
  let profile: JsonObject
  try {
    profile = readDict(xml)
  } catch (error) {
    throw new BadProfile(`The profile cannot be read: ${error instanceof Error ? error.message : ''}`)
  }
  common(profile)
  if (profile.PayloadType !== 'Configuration') throw new BadProfile('It is no configuration.')
  const { PayloadContent: content } = profile
  if (!Array.isArray(content)) throw new BadProfile('PayloadContent is missing.')
  const payloads = content.filter(isDict)
  for (const payload of payloads) common(payload)
  const uuids = [profile, ...payloads].map((p) => String(p.PayloadUUID))
  if (new Set(uuids).size !== uuids.length) throw new BadProfile('Two payloads have one PayloadUUID.')
  return { profile, payloads, signer }
}
function unwrapped(bytes: Uint8Array): { xml: Uint8Array; signer?: Buffer } {
  if (bytes[0] !== 0x30) return { xml: bytes }
  try {
    const { content, signer } = open(bytes)
    if (!signer) throw new Error('nobody signed it')
    return { xml: content, signer: signer.raw }
  } catch (error) {
    throw new BadProfile(`The signature of the profile is not good: ${error instanceof Error ? error.message : ''}`)
  }
}
function common(p: JsonObject): void {
  for (const key of ['PayloadType', 'PayloadIdentifier', 'PayloadUUID'] as const)
    if (typeof p[key] !== 'string' || p[key] === '') throw new BadProfile(`${key} is missing.`)
  if (p.PayloadVersion !== 1) throw new BadProfile('PayloadVersion must be 1.')
}

/** All but erasing. */
const personalRights = 8191 - 8
const texts = (value: Json | undefined) => (Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [])

/** undefined: it enrols nothing. Throws BadProfile. */
export function enrolmentIn({ profile, payloads, signer }: ReadProfile): Enrolment | undefined {
  const mdm = payloads.find((p) => p.PayloadType === 'com.apple.mdm')
  if (!mdm) return undefined
  const identity = payloads.find((p) => p.PayloadUUID === mdm.IdentityCertificateUUID)
  if (identity?.PayloadType !== 'com.apple.security.scep' || !isDict(identity.PayloadContent))
    throw new BadProfile('The MDM payload names no identity that this device can get.')
  const { Topic: topic, ServerURL: server, AccessRights: rights } = mdm
  const scep = identity.PayloadContent
  if (typeof topic !== 'string' || !/^com\.apple\.mgmt\./.test(topic)) throw new BadProfile('The topic is none.')
  if (typeof server !== 'string' || typeof scep.URL !== 'string') throw new BadProfile('An address is missing.')
  const { EnrollmentMode: mode, AssignedManagedAppleID: account } = mdm
  if (mode !== undefined && mode !== 'BYOD' && mode !== 'ADDE') throw new BadProfile('The EnrollmentMode is none.')
  if (mode === 'BYOD' && typeof account !== 'string') throw new BadProfile('AssignedManagedAppleID is missing.')
  if (mode !== 'BYOD' && (typeof rights !== 'number' || rights < 1 || rights > 8191))
    throw new BadProfile('AccessRights must be from 1 to 8191.')
  return {
    identifier: String(profile.PayloadIdentifier),
    uuid: String(profile.PayloadUUID),
    name: String(profile.PayloadDisplayName ?? ''),
    scep: {
      url: scep.URL,
      ...(typeof scep.Challenge === 'string' && { challenge: scep.Challenge }),
      subject: (Array.isArray(scep.Subject) ? scep.Subject : []) as unknown as Subject,
      bits: typeof scep.Keysize === 'number' ? scep.Keysize : 1024,
    },
    topic,
    server,
    checkin: typeof mdm.CheckInURL === 'string' ? mdm.CheckInURL : server,
    signs: mdm.SignMessage === true,
    checksOut: mdm.CheckOutWhenRemoved === true,
    // A user enrolment has those that Apple gives it, whatever stands there.
    rights: mode === 'BYOD' || typeof rights !== 'number' ? personalRights : rights,
    capabilities: texts(mdm.ServerCapabilities),
    signed: signer !== undefined,
    ...(mode && { mode }),
    ...(typeof account === 'string' && { account }),
  }
}
