/** The enrolment profile: where the device gets its identity from, and where it is managed from. */
import { writeXmlPlist } from '@muster/kit/plist'
import { uuidOf } from '../profiles/index.ts'
import { data, toDict } from '../wire/index.ts'

export interface EnrolmentProfile {
  prefix: string
  organisation: string
  /** `https://host[:port]` */
  server: string
  topic: string
  challenge: string
  /** Authorities that the device must trust, DER; none when the server's certificate is publicly trusted. */
  trust: readonly Uint8Array[]
  /** SHA-256 or SHA-1 fingerprint is not needed: the profile comes over TLS. */
  licence?: string
  /** A device that belongs to its user cannot be erased. */
  personal: boolean
}
/** Apple, MDM payload, AccessRights: everything but erasing (8), and everything. */
const rights = { all: 8191, personal: 8191 - 8 }

export const enrolmentIdentifier = (prefix: string): string => `${prefix}.enrolment`

export function enrolmentProfile(p: EnrolmentProfile): string {
  const id = enrolmentIdentifier(p.prefix)
  const uuid = (name: string) => uuidOf('enrolment', p.server, name)
  const part = (name: string, type: string, title: string) => ({
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: `${id}.${name}`,
    PayloadUUID: uuid(name),
    PayloadDisplayName: title,
  })
  const query = p.licence ? `?licence=${encodeURIComponent(p.licence)}` : ''
  return writeXmlPlist(
    toDict({
      ...part('profile', 'Configuration', `Management by ${p.organisation}`),
      PayloadIdentifier: id,
      PayloadOrganization: p.organisation,
      PayloadDescription: `Lets ${p.organisation} manage this device.`,
      PayloadRemovalDisallowed: false,
      PayloadContent: [
        ...p.trust.map((der, i) => ({
          ...part(`trust${i}`, 'com.apple.security.root', `${p.organisation}: authority`),
          PayloadContent: data(der),
        })),
        {
          ...part('scep', 'com.apple.security.scep', 'Identity'),
          PayloadContent: {
            URL: `${p.server}/apple/scep`,
            Name: 'Muster',
            Subject: [[['O', p.organisation]], [['CN', 'Device identity']]],
            Challenge: p.challenge,
            'Key Type': 'RSA',
            Keysize: 2048,
            'Key Usage': 5,
            Retries: 3,
            RetryDelay: 10,
          },
        },
        {
          ...part('mdm', 'com.apple.mdm', 'Management'),
          IdentityCertificateUUID: uuid('scep'),
          Topic: p.topic,
          ServerURL: `${p.server}/apple/mdm${query}`,
          CheckInURL: `${p.server}/apple/checkin${query}`,
          SignMessage: true,
          CheckOutWhenRemoved: true,
          AccessRights: p.personal ? rights.personal : rights.all,
          ServerCapabilities: ['com.apple.mdm.per-user-connections', 'com.apple.mdm.bootstraptoken'],
        },
      ],
    }),
  )
}
