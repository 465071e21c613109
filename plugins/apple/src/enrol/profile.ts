/** The enrolment profile: where the device gets its identity from, and where it is managed from. */
import type { JsonObject, Ownership, PlatformHost } from '@muster/contract'
import { writeXmlPlist } from '@muster/kit/plist'
import { uuidOf } from '../profiles/index.ts'
import { data, toDict } from '../wire/index.ts'
import { modeWords } from './account-setup.ts'
import type { AccountMode } from './account-store.ts'

export interface EnrolmentProfile {
  /** Beginning of its identifier, which stays: a renewal replaces the profile that is there. */
  prefix: string
  organisation: string
  /** `https://host[:port]` */
  server: string
  topic: string
  /** One-time password of the SCEP request: the invitation's code, or one of a renewal. */
  challenge: string
  /** Root authorities that the device must trust, DER; none when the server's certificate is publicly trusted. */
  trust: readonly Uint8Array[]
  /** Version of the licence that was accepted; the device tells it with every message. */
  licence?: string
  ownership: Ownership
  /** It came with a Managed Apple Account. */
  account?: { mode: AccountMode; id: string }
  /** It came out of the box, by Apple's assignment. */
  automated?: boolean
  /** Each message carries a signature; else the certificate of the TLS connection is the proof. */
  signs: boolean
}

/** Apple, MDM payload, AccessRights: everything, and everything but erasing (8): a device that its owner brought along is never erased. */
const rights = { all: 8191, personal: 8191 - 8 }
/** Digital signature and key encipherment. */
const keyUsage = 5
const capabilities = ['per-user-connections', 'bootstraptoken', 'token'].map((name) => `com.apple.mdm.${name}`)

export const enrolmentIdentifier = (prefix: string): string => `${prefix}.enrolment`

/**
 * XML, unsigned. Topic, ServerURL, CheckInURL, the rights and the first capability of a device that is in may never change
 * (Apple, MDM payload: an update that changes them is refused), so nothing here depends on more than stands in `p`.
 */
export function enrolmentProfile(p: EnrolmentProfile): string {
  const told = new URLSearchParams({
    ...(p.licence && { licence: p.licence }),
    ...(p.account && { account: p.account.mode }),
    ...(p.automated && { automated: '1' }),
  })
  const query = told.size > 0 ? `?${told}` : ''
  const part = partsOf(p)
  return configuration(p, [
    ...trustPayloads(p),
    scepPayload(p),
    {
      ...part('mdm', 'com.apple.mdm', 'Management'),
      IdentityCertificateUUID: uuidIn(p, 'scep'),
      Topic: p.topic,
      ServerURL: `${p.server}/apple/mdm${query}`,
      CheckInURL: `${p.server}/apple/checkin${query}`,
      SignMessage: p.signs,
      CheckOutWhenRemoved: true,
      // A user enrolment has none: what Apple allows there is fixed.
      ...(p.account?.mode !== 'user' && { AccessRights: p.ownership === 'byod' ? rights.personal : rights.all }),
      ...(p.account && {
        EnrollmentMode: modeWords[p.account.mode].enrolment,
        AssignedManagedAppleID: p.account.id,
      }),
      ServerCapabilities: capabilities,
    },
  ])
}

type Named = Pick<EnrolmentProfile, 'prefix' | 'organisation' | 'server'>

/** Root authorities, so that the device trusts the server that the next payloads name. */
export function trustPayloads(p: Named & Pick<EnrolmentProfile, 'trust'>): JsonObject[] {
  const part = partsOf(p)
  return p.trust.map((der, i) => ({
    ...part(`trust${i}`, 'com.apple.security.root', `${p.organisation}: authority`),
    PayloadContent: data(der),
  }))
}

export function scepPayload(p: Named & Pick<EnrolmentProfile, 'challenge'>): JsonObject {
  return {
    ...partsOf(p)('scep', 'com.apple.security.scep', 'Identity'),
    PayloadContent: {
      URL: `${p.server}/apple/scep`,
      Name: 'Muster',
      // What stands in the certificate is written by the server, whatever is asked for.
      Subject: [[['O', p.organisation]], [['CN', 'Device identity']]],
      Challenge: p.challenge,
      'Key Type': 'RSA',
      Keysize: 2048,
      'Key Usage': keyUsage,
      KeyIsExtractable: false,
      Retries: 3,
      RetryDelay: 10,
    },
  }
}

/** The profile around its payloads. */
export function configuration(p: Named, payloads: readonly JsonObject[]): string {
  return writeXmlPlist(
    toDict({
      ...partsOf(p)('profile', 'Configuration', `Management by ${p.organisation}`),
      PayloadIdentifier: enrolmentIdentifier(p.prefix),
      PayloadOrganization: p.organisation,
      PayloadDescription: `Lets ${p.organisation} manage this device.`,
      PayloadRemovalDisallowed: false,
      PayloadScope: 'System',
      PayloadContent: [...payloads],
    }),
  )
}

const uuidIn = (p: Named, name: string) => uuidOf('enrolment', p.server, name)
const partsOf = (p: Named) => (name: string, type: string, title: string) => ({
  PayloadType: type,
  PayloadVersion: 1,
  PayloadIdentifier: `${enrolmentIdentifier(p.prefix)}.${name}`,
  PayloadUUID: uuidIn(p, name),
  PayloadDisplayName: title,
})

/** What of it is the same for every device of this server. */
export interface EnrolmentOptions {
  prefix: string
  signs: boolean
}
export async function commonParts(
  host: PlatformHost,
  o: EnrolmentOptions,
): Promise<Pick<EnrolmentProfile, 'prefix' | 'signs' | 'organisation' | 'server' | 'trust'>> {
  const { url, trust } = host.server()
  return { ...o, organisation: (await host.organisation()) || 'Muster', server: url, trust }
}
