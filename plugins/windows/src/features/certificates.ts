/** Certificates and identities: authorities to trust (RootCATrustedCertificates), and keys that a device makes (SCEP) or is given (PKCS #12, ClientCertificateInstall). */
import { createHash } from 'node:crypto'
import { canonical, examplePem, feature, itemVersion, type Json, type JsonObject, type Verdict } from '@muster/contract'
import { choiceOr, derOf, line, lineOr, no, readablePem, readCertificate, some, wholeOr } from '@muster/kit/words'
import { z } from 'zod'
import { csp, firstOf, type WantedNode } from './node.ts'
import type { Watch } from './proof.ts'
import { nodeFeature, type Undo } from './row.ts'
import { web } from './words.ts'

/** SHA-1 in hexadecimal: what Windows calls a certificate by. */
export const thumbprint = (text: string): string => createHash('sha1').update(derOf(text)).digest('hex').toUpperCase()

const stores = {
  root: 'Root',
  intermediate: 'CA',
  publisher: 'TrustedPublisher',
  people: 'TrustedPeople',
  untrusted: 'UntrustedCertificates',
} as const
const authority = z.strictObject({
  name: line('Name', undefined, 100),
  pem: readablePem('Certificate, PEM'),
  store: choiceOr(
    'As',
    ['by-itself', 'root', 'intermediate', 'publisher', 'people', 'untrusted'],
    'by-itself',
    'by-itself: a root where it signed itself, an intermediate authority otherwise',
  ),
})
function storeOf(a: z.output<typeof authority>): string {
  if (a.store !== 'by-itself') return stores[a.store]
  const read = readCertificate(derOf(a.pem))
  return read === undefined || read.subject === read.issuer ? stores.root : stores.intermediate
}

export const certificates = nodeFeature(
  feature({
    id: 'windows.certificates',
    title: { en: 'Trusted certificates', de: 'Vertrauenswürdige Zertifikate' },
    summary: {
      en: 'Certificates that the device trusts beside its own, or trusts no more.',
      de: 'Zertifikate, denen das Gerät neben seinen eigenen vertraut oder nicht mehr vertraut.',
    },
    settings: () => z.strictObject({ certificates: some('Certificates', authority, 50) }),
    merge: { rule: 'union', lists: ['certificates'] },
    examples: [{ certificates: [{ name: 'Example Root', pem: examplePem, store: 'by-itself' as const }] }],
  }),
  {
    to: {},
    // Its name is its hash: being there says all.
    nodes: (s) =>
      firstOf(s.certificates, (a) => storeOf(a) + thumbprint(a.pem)).map(
        (a): WantedNode => ({
          uri: `${csp}/RootCATrustedCertificates/${storeOf(a)}/${thumbprint(a.pem)}/EncodedCertificate`,
          format: 'b64',
          data: derOf(a.pem).toString('base64'),
          how: 'add',
          read: 'presence',
        }),
      ),
    undo: above,
  },
)

/** The node that it stands in. */
function above(uri: string): Undo {
  return { remove: uri.slice(0, uri.lastIndexOf('/')) }
}

const scepRoot = `${csp}/ClientCertificateInstall/SCEP`
const pfxRoot = `${csp}/ClientCertificateInstall/PFXCertInstall`
const under =
  (root: string) =>
  (uri: string): Undo => ({ remove: `${root}/${uri.slice(root.length + 1).split('/')[0]}` })

/** The same as long as the item and its secrets are: what is installed once stays until one of them changes. */
function idOf(item: Json, version: string | undefined, at: string): string {
  const secrets = version === undefined ? '' : itemVersion(version, at)
  return `Muster-${createHash('sha256').update(canonical(item)).update('\0').update(secrets).digest('hex').slice(0, 24)}`
}
const without = (item: object, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(item).filter(([k, v]) => !names.includes(k) && v !== undefined)) as Json

const purposes = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1', email: '1.3.6.1.5.5.7.3.4' } as const
const usages = { sign: 128, encrypt: 32, both: 160 } as const
const keepers = { tpm: 1, 'tpm-if-there': 2, software: 3 } as const
const scepIdentity = z.strictObject({
  label: line('Name of this identity', undefined, 100),
  url: web('Address of the SCEP server', 'Such as https://ca.example.com/scep'),
  challenge: lineOr('Challenge (password of the SCEP server)'),
  authority: readablePem('Root authority of the server, PEM'),
  subject: some(
    'Subject',
    z.strictObject({
      attribute: z
        .string()
        .regex(/^([A-Za-z]{1,20}|[0-9]+(\.[0-9]+)+)$/, 'is no attribute, such as CN or 2.5.4.3')
        .default('CN')
        .meta({ title: 'Attribute' }),
      value: line('Value', 'Such as {{device.name}}'),
    }),
    20,
  ),
  email: lineOr('E-mail address in the certificate', 'Such as {{user.email}}'),
  dnsName: lineOr('Host name in the certificate'),
  principal: lineOr('Principal name in the certificate (UPN)', 'Such as {{user.email}}'),
  purposes: z
    .array(z.enum(['client', 'server', 'email']))
    .min(1)
    .max(3)
    .default(['client'])
    .meta({ title: 'For' }),
  usage: choiceOr('Use of the key', ['sign', 'encrypt', 'both'], 'both'),
  keySize: choiceOr('Length of the key', ['2048', '4096'], '2048'),
  keptIn: choiceOr('The key is kept in', ['tpm', 'tpm-if-there', 'software'], 'tpm-if-there'),
  retries: wholeOr('Attempts while it is pending', 0, 30, 3),
  retryMinutes: wholeOr('Minutes between them', 1, 1440, 5),
})
type Scep = z.output<typeof scepIdentity>

/** A value with what has a meaning in names (CertStrToName) within quotes. */
const quoted = (value: string): string =>
  /^\s|\s$|[",=+;<>#\r\n\\]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
const subjectOf = (s: Scep): string => s.subject.map((p) => `${p.attribute}=${quoted(p.value)}`).join(',')
/** `format+name;...`: 2 rfc822Name, 3 dNSName, 11 principal name (CERT_ALT_NAME_ENTRY). */
const namesOf = (s: Scep): string =>
  [s.email && `2+${s.email}`, s.dnsName && `3+${s.dnsName}`, s.principal && `11+${s.principal}`]
    .filter(Boolean)
    .join(';')

function scepNodes(s: Scep, id: string): WantedNode[] {
  const at = `${scepRoot}/${id}/Install`
  const chr = (name: string, data: string): WantedNode => ({
    uri: `${at}/${name}`,
    format: 'chr',
    data,
    how: 'add',
    read: 'none',
  })
  const int = (name: string, data: number): WantedNode => ({ ...chr(name, `${data}`), format: 'int' })
  const names = namesOf(s)
  return [
    chr('ServerURL', s.url),
    // Base64, as the provider demands.
    ...(s.challenge === undefined ? [] : [chr('Challenge', Buffer.from(s.challenge).toString('base64'))]),
    chr('EKUMapping', s.purposes.map((p) => purposes[p]).join('+')),
    int('KeyUsage', usages[s.usage]),
    chr('SubjectName', subjectOf(s)),
    ...(names ? [chr('SubjectAlternativeNames', names)] : []),
    int('KeyProtection', keepers[s.keptIn]),
    int('RetryDelay', s.retryMinutes),
    int('RetryCount', s.retries),
    int('KeyLength', Number(s.keySize)),
    chr('HashAlgorithm', 'SHA-2'),
    chr('CAThumbprint', thumbprint(s.authority)),
    { uri: `${at}/Enroll`, how: 'run', format: 'null' },
  ]
}

function scepStatus(value: Json): Verdict | undefined {
  const said = `${value}`.trim()
  if (value === null)
    return { state: 'drifted', reason: { code: 'node-other', text: 'An identity is not on the device.' } }
  if (said === '1') return undefined
  if (said === '16')
    return { state: 'failed', reason: { code: 'scep-failed', text: 'The device could not get a certificate by SCEP.' } }
  return { state: 'unknown', reason: { code: 'pending', text: 'The device waits for a certificate.' } }
}
const scepItems = (s: { identities: readonly Scep[] }, version?: string) =>
  s.identities.map((item, i) => ({ item, id: idOf(without(item, ['challenge']), version, `identities/${i}`) }))

export const scep = nodeFeature(
  feature({
    id: 'windows.scep',
    title: { en: 'Identities by SCEP', de: 'Identitäten über SCEP' },
    summary: {
      en: 'Keys that the device makes and has certified by a SCEP server. One that is there stays until its settings change.',
      de: 'Schlüssel, die das Gerät erzeugt und von einem SCEP-Server beglaubigen lässt. Ein vorhandener bleibt, bis sich seine Einstellungen ändern.',
    },
    secret: ['identities/*/challenge'],
    settings: () => z.strictObject({ identities: some('Identities', scepIdentity, 10) }),
    merge: { rule: 'union', lists: ['identities'] },
    examples: [
      {
        identities: [
          {
            label: 'Device',
            url: 'https://ca.example.com/scep',
            challenge: 'topsecret',
            authority: examplePem,
            subject: [
              { attribute: 'O', value: 'Example, Inc.' },
              { attribute: 'CN', value: '{{device.id}}' },
            ],
            email: '{{user.email}}',
            purposes: ['client'],
            usage: 'sign',
            keySize: '2048',
            keptIn: 'tpm-if-there',
            retries: 5,
            retryMinutes: 10,
          },
        ],
      },
    ],
  }),
  {
    to: {},
    atomic: true,
    nodes: (s, { facts, version }) =>
      firstOf(scepItems(s, version), (i) => i.id).flatMap(({ item, id }) =>
        stays(scepNodes(item, id), `${scepRoot}/${id}/Status`, '1', facts),
      ),
    watch: (s, version) =>
      scepItems(s, version).map(({ id }): Watch => ({ uri: `${scepRoot}/${id}/Status`, judge: scepStatus })),
    undo: under(scepRoot),
  },
)

/** An identity that the device has told to be installed is not made again: each time would be another key. */
function stays(nodes: readonly WantedNode[], status: string, done: string, facts: Readonly<JsonObject>): WantedNode[] {
  const said = facts['windows.nodes']
  const known = typeof said === 'object' && said !== null && !Array.isArray(said) && Object.hasOwn(said, status)
  if (!known || `${(said as JsonObject)[status]}`.trim() !== done) return [...nodes]
  return nodes.filter((n) => n.how !== 'run').map((n) => ({ ...n, how: 'kept' as const }))
}

const fileIdentity = z.strictObject({
  name: line('Name', undefined, 100),
  pkcs12: z
    .string()
    .max(65_536)
    .regex(/^[A-Za-z0-9+/\s]+={0,2}\s*$/, 'is not base64')
    .optional()
    .meta({ title: 'File (PKCS #12) in base64' }),
  password: lineOr('Password of the file'),
  keptIn: choiceOr('The key is kept in', ['tpm', 'tpm-if-there', 'software'], 'tpm-if-there'),
  exportable: no('The key can be taken out', 'In software alone'),
})
type File = z.output<typeof fileIdentity>

function pfxNodes(f: File, id: string): WantedNode[] {
  const at = `${pfxRoot}/${id}`
  const node = (name: string, format: 'int' | 'chr' | 'bool', data: string): WantedNode => ({
    uri: `${at}/${name}`,
    format,
    data,
    how: 'add',
    read: 'none',
  })
  return [
    node('KeyLocation', 'int', `${keepers[f.keptIn]}`),
    ...(f.password === undefined
      ? []
      : [node('PFXCertPassword', 'chr', f.password), node('PFXCertPasswordEncryptionType', 'int', '0')]),
    node('PFXKeyExportable', 'bool', f.exportable && f.keptIn === 'software' ? 'true' : 'false'),
    // Last: it installs with what stands before it.
    node('PFXCertBlob', 'chr', Buffer.from(f.pkcs12 ?? '', 'base64').toString('base64')),
  ]
}
function pfxStatus(value: Json): Verdict | undefined {
  if (value === null)
    return { state: 'drifted', reason: { code: 'node-other', text: 'An identity is not on the device.' } }
  const said = `${value}`.trim()
  return Number(said) === 0
    ? undefined
    : {
        state: 'failed',
        reason: { code: 'import-failed', text: `The file could not be installed: error ${said.slice(0, 20)}.` },
      }
}
const fileItems = (s: { identities: readonly File[] }, version?: string) =>
  s.identities.map((item, i) => ({ item, id: idOf(without(item, ['pkcs12', 'password']), version, `identities/${i}`) }))

export const identity = nodeFeature(
  feature({
    id: 'windows.identity',
    title: { en: 'Identities from files', de: 'Identitäten aus Dateien' },
    summary: {
      en: 'Keys with their certificates (PKCS #12), the same for every device of the policy.',
      de: 'Schlüssel mit ihren Zertifikaten (PKCS #12), für jedes Gerät der Richtlinie dieselben.',
    },
    secret: ['identities/*/pkcs12', 'identities/*/password'],
    settings: () => z.strictObject({ identities: some('Identities', fileIdentity, 10) }),
    merge: { rule: 'union', lists: ['identities'] },
    examples: [
      {
        identities: [{ name: 'Shared', pkcs12: 'MIIB', password: 'topsecret', keptIn: 'software', exportable: false }],
      },
    ],
  }),
  {
    to: {},
    atomic: true,
    nodes: (s, { facts, version }) =>
      firstOf(fileItems(s, version), (i) => i.id).flatMap(({ item, id }) =>
        stays(pfxNodes(item, id), `${pfxRoot}/${id}/Status`, '0', facts),
      ),
    watch: (s, version) =>
      fileItems(s, version).map(({ id }): Watch => ({ uri: `${pfxRoot}/${id}/Status`, judge: pfxStatus })),
    undo: under(pfxRoot),
  },
)
