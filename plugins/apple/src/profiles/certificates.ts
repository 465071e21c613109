/** Certificates and identities: authorities to trust, and keys that a device makes (SCEP) or is given (PKCS #12). */
import { examplePem, feature, type Json, type JsonObject } from '@muster/contract'
import { choiceOr, derOf, line, lineOr, readablePem, readCertificate, some, wholeOr } from '@muster/kit/words'
import { z } from 'zod'
import type { Availability } from './availability.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { listFeature, type Payload } from './row.ts'
import { many, web } from './words.ts'

const everywhere: Availability = { iOS: {}, macOS: {}, tvOS: {}, visionOS: {}, watchOS: {} }

/** Trusted as a root where it signed itself, as an intermediate authority otherwise. */
export function certificatePayload(text: string, uuid: string, title: string): Payload {
  const der = derOf(text)
  return {
    PayloadType: isRoot(der) ? 'com.apple.security.root' : 'com.apple.security.pkcs1',
    PayloadUUID: uuid,
    PayloadDisplayName: title,
    PayloadContent: { $data: der.toString('base64') },
  }
}

function isRoot(der: Uint8Array): boolean {
  const read = readCertificate(der)
  return read !== undefined && read.subject === read.issuer
}

const authority = z.strictObject({ name: line('Name', undefined, 100), pem: readablePem('Certificate, PEM') })
export const certificates = listFeature(
  feature({
    id: 'apple.certificates',
    title: { en: 'Trusted certificates', de: 'Vertrauenswürdige Zertifikate' },
    summary: {
      en: 'Certificate authorities that the device trusts beside its own.',
      de: 'Zertifizierungsstellen, denen das Gerät neben seinen eigenen vertraut.',
    },
    settings: () =>
      z.strictObject({
        certificates: some('Authorities', authority, 50),
      }),
    merge: { rule: 'union', lists: ['certificates'] },
    examples: [{ certificates: [{ name: 'Example Root', pem: examplePem }] }],
  }),
  {
    list: 'certificates',
    name: (c: z.output<typeof authority>) => [c.name, c.pem],
    to: everywhere,
    build: (c, _, part) => [certificatePayload(c.pem, part('certificate'), c.name)],
  },
)

/** Where a device gets a key's certificate from. The challenge is a secret of the feature that uses it. */
const scepFields = {
  url: field('URL', web('Address of the SCEP server', 'Such as https://ca.example.com/scep')),
  name: field('Name', lineOr('Name of the authority there')),
  // In parts: a device's own value within one cannot add another.
  subject: field(
    'Subject',
    some(
      'Subject',
      z.strictObject({
        attribute: z
          .string()
          .regex(/^([A-Za-z]{1,20}|[0-9]+(\.[0-9]+)+)$/, 'is no attribute, such as CN or 2.5.4.3')
          .default('CN')
          .meta({ title: 'Attribute', description: 'CN, O, OU, C, L, ST, or an object identifier' }),
        value: line('Value', 'Such as {{device.name}}'),
      }),
      20,
    ),
    (parts): Json => parts.map((p) => [[p.attribute, p.value]]),
  ),
  keySize: field('Keysize', choiceOr('Length of the key', ['2048', '4096'], '2048'), Number),
  usage: field('Key Usage', choiceOr('Use of the key', ['sign', 'encrypt', 'both'], 'both'), (v) => usages[v]),
  email: field('SubjectAltName/rfc822Name', lineOr('E-mail address in the certificate', 'Such as {{user.email}}')),
  dnsName: field('SubjectAltName/dNSName', lineOr('Host name in the certificate')),
  principal: field('SubjectAltName/ntPrincipalName', lineOr('Principal name in the certificate (NT)')),
  retries: field('Retries', wholeOr('Attempts while it is pending', 0, 100, 3)),
  retryDelayS: field('RetryDelay', wholeOr('Seconds between them', 1, 3600, 10)),
}
const usages = { sign: 1, encrypt: 4, both: 5 } as const

function scepPayload(settings: JsonObject, challenge: string | undefined, uuid: string): Payload {
  return {
    PayloadType: 'com.apple.security.scep',
    PayloadUUID: uuid,
    PayloadContent: { 'Key Type': 'RSA', ...written(scepFields, settings), ...(challenge && { Challenge: challenge }) },
  }
}

const scepIdentity = z.strictObject({
  label: line('Name of this identity', undefined, 100),
  ...shape(scepFields),
  challenge: lineOr('Challenge (password of the SCEP server)'),
})
export const scep = listFeature(
  feature({
    id: 'apple.scep',
    title: { en: 'Identities by SCEP', de: 'Identitäten über SCEP' },
    summary: {
      en: 'Keys that the device makes and has certified by a SCEP server.',
      de: 'Schlüssel, die das Gerät erzeugt und von einem SCEP-Server beglaubigen lässt.',
    },
    secret: ['identities/*/challenge'],
    settings: () => z.strictObject({ identities: some('Identities', scepIdentity, 20) }),
    merge: { rule: 'union', lists: ['identities'] },
    examples: [
      {
        identities: [
          {
            label: 'Device',
            url: 'https://ca.example.com/scep',
            name: 'example',
            subject: [
              { attribute: 'O', value: 'Example' },
              { attribute: 'CN', value: '{{device.id}}' },
            ],
            keySize: '4096',
            usage: 'sign',
            email: '{{user.email}}',
            dnsName: 'mac.example.com',
            principal: 'ada@example.com',
            retries: 5,
            retryDelayS: 30,
            challenge: 'topsecret',
          },
        ],
      },
    ],
  }),
  {
    list: 'identities',
    name: (s: z.output<typeof scepIdentity>) => [s.label],
    to: everywhere,
    build: (s, _, part) => [
      { ...scepPayload(s as JsonObject, s.challenge, part('scep')), PayloadDisplayName: s.label },
    ],
  },
)

/** A key with its certificate as a file in base64; protected by the password that stands beside it. */
export const pkcs12Type = z
  .string()
  .max(65_536)
  .regex(/^[A-Za-z0-9+/\s]+={0,2}\s*$/, 'is not base64')
export function pkcs12Payload(file: string, password: string | undefined, uuid: string): Payload {
  return {
    PayloadType: 'com.apple.security.pkcs12',
    PayloadUUID: uuid,
    PayloadContent: { $data: Buffer.from(file, 'base64').toString('base64') },
    ...(password !== undefined && { Password: password }),
  }
}

const fileIdentity = z.strictObject({
  name: line('Name', undefined, 100),
  pkcs12: pkcs12Type.optional().meta({ title: 'File (PKCS #12) in base64' }),
  password: lineOr('Password of the file'),
})
export const identity = listFeature(
  feature({
    id: 'apple.identity',
    title: { en: 'Identities from files', de: 'Identitäten aus Dateien' },
    summary: {
      en: 'Keys with their certificates (PKCS #12), the same for every device of the policy.',
      de: 'Schlüssel mit ihren Zertifikaten (PKCS #12), für jedes Gerät der Richtlinie dieselben.',
    },
    secret: ['identities/*/pkcs12', 'identities/*/password'],
    settings: () => z.strictObject({ identities: some('Identities', fileIdentity, 20) }),
    merge: { rule: 'union', lists: ['identities'] },
    examples: [{ identities: [{ name: 'Shared identity', pkcs12: 'MIIB', password: 'topsecret' }] }],
  }),
  {
    list: 'identities',
    name: (s: z.output<typeof fileIdentity>) => [s.name],
    to: everywhere,
    build: (s, _, part) => [
      { ...pkcs12Payload(s.pkcs12 ?? '', s.password, part('identity')), PayloadDisplayName: s.name },
    ],
  },
)

/** An identity within a feature that signs in by one: the device makes the key, or the policy brings it. */
export const identityFields = {
  scep: objectOf(scepFields).optional().meta({ title: 'Identity by SCEP' }),
  challenge: lineOr('Challenge (password of the SCEP server)'),
  pkcs12: pkcs12Type.optional().meta({ title: 'Or identity from a file: PKCS #12 in base64' }),
  pkcs12Password: lineOr('Password of the file'),
}
export const identitySecrets = ['challenge', 'pkcs12', 'pkcs12Password'] as const
type Identity = z.output<z.ZodObject<typeof identityFields>>

/** The payload of the identity, when there is one. */
export function identityPayloads(s: Identity, uuid: string): Payload[] {
  if (s.scep) return [scepPayload(s.scep as JsonObject, s.challenge, uuid)]
  return s.pkcs12 ? [pkcs12Payload(s.pkcs12, s.pkcs12Password, uuid)] : []
}

export const authorities = (title: string) => many(title, readablePem('Certificate, PEM'), 10)
